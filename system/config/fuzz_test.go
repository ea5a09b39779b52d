package config

import (
	"encoding/json"
	"reflect"
	"testing"

	"redpacket/system/activity"
)

// FuzzParse: a configuration that is taken says the same when it is written down and read again, nothing stands behind
// it, and its rules are ones a process can keep.
func FuzzParse(f *testing.F) {
	small := activity.Activity{ID: 1, Games: 1, Gifts: []activity.Gift{{Name: "even", Shares: 2, Total: 5}}}
	whole, err := json.Marshal(Config{Node: "tgw", IDC: "a", Admin: ":9100", Peers: map[string]string{"log": "linkd-log:21001"},
		Links: []Forward{{Name: "x--y", Listen: ":1", To: "y:2"}}, Activity: small, Rules: Default()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"node":"x","admin":":1"}`))
	f.Add([]byte(`{"node":"x","admin":":1"}{"node":"y"}`))
	f.Add([]byte(`{"node":"x","admin":":1","rules":{"claim_every":"-5s","light_rate":-1}}`))
	f.Add([]byte(`{"node":"x","admin":":1","rules":{"delivery_rate":1e308}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON, and was taken", text)
		}
		r := c.Rules
		if min(r.ClaimEvery, r.ReadWithin, r.ClaimWithin, r.QueueTarget, r.Spread) < 0 || min(r.LightRate, r.HeavyRate, r.DeliveryRate) < 0 {
			t.Fatalf("taken with the rules %+v", r)
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse(again); err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%+v, written and read, is %+v, %v", c, back, err)
		}
	})
}
