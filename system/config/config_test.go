package config

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"redpacket/system/activity"
)

func TestAConfigSurvivesItsText(t *testing.T) {
	want := Config{Node: "tgw", Admin: ":9100", Peers: map[string]string{"log": "10.0.0.1:21001"},
		Activity: activity.Festival(1, 0.01), Rules: Default()}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rules != want.Rules || got.Rules.ClaimEvery.D() != 5*time.Second || got.Node != "tgw" {
		t.Errorf("got %+v", got.Rules)
	}
	if addr, err := got.Peer("log"); err != nil || addr != "10.0.0.1:21001" {
		t.Errorf("peer log: %q, %v", addr, err)
	}
	if _, err := got.Peer("cmem-9"); err == nil || !strings.Contains(err.Error(), `"cmem-9"`) {
		t.Errorf("an unknown peer: %v", err)
	}
}

func TestBadConfigsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                 "unexpected EOF",
		`{"node":"x","admin":":1","nod":1}`: `unknown field "nod"`,
		`{"admin":":1"}`:                    "node has no name",
		`{"node":"x"}`:                      "no admin address",
		`{"node":"x","admin":":1","rules":{"claim_every":"5"}}`: "missing unit",
		`{"node":"x","admin":":1","rules":{"l5":"fast"}}`:       `no set of l5's rules is called "fast"`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestFromEnv(t *testing.T) {
	t.Setenv(Variable, "")
	if _, err := FromEnv(); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("no variable: %v", err)
	}
	t.Setenv(Variable, `{"node":"x","admin":":1"}`)
	if c, err := FromEnv(); err != nil || c.Node != "x" {
		t.Errorf("got %+v, %v", c, err)
	}
}
