package judge

import (
	"testing"
	"time"

	"redpacket/drills/funnel/funneltest"
	"redpacket/drills/record"
	"redpacket/loadprofiles/estimate"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

func TestModel(t *testing.T) {
	for _, r := range modelRows() {
		t.Run(r.name, r.run)
	}
}

// users puts what users do in the night in the place of the sound record's load.
func users(exposures int, change func(*funneltest.Users)) func(*made) {
	s, err := estimate.Festival()
	u := funneltest.ByTheSheet(s, exposures)
	if change != nil && err == nil {
		change(&u)
	}
	return func(m *made) {
		m.tally, m.Profile.Funnel.Click = tally.New(time.Second), 0.5
		u.Fill(m.tally, m.gauges, record.Span{From: 10 * time.Second, To: 20 * time.Second})
	}
}

func modelRows() []row {
	s, _ := estimate.Festival() // one that cannot be read fails every row below
	holds := ModelHolds{Sheet: s, Within: 0.2, In: "night"}
	refused := ModelRefused{Sheet: s, Within: 0.2, In: "night", AtLeast: 2.08}
	statics := AsModelled{Sheet: s, Offline: 0.9, Ops: []api.Op{api.Static}, Within: 0.2, In: "night"}
	clicks := func(share float64) func(*funneltest.Users) { return func(u *funneltest.Users) { u.Click = share } }
	offline := func(share float64) func(*funneltest.Users) {
		return func(u *funneltest.Users) { u.Statics *= 1 - share }
	}
	dead := func(m *made) {
		users(1000, nil)(m)
		for _, sample := range m.gauges {
			sample.Values[record.RequestsOf(api.Static)] = 7
		}
	}
	return []row{
		{"the model is true", holds, users(1000, nil), Pass, "14 ratios hold, 0 are off"},
		{"more click", holds, users(1000, clicks(0.42)), Fail, "clicks per exposure: the sheet says 0.2, measured 0.42"},
		{"a link is called twice", holds, users(1000, func(u *funneltest.Users) { u.Heavy = 2 }), Fail, "calls of ams-heavy by tgw"},
		{"few users", holds, users(20, nil), Inconclusive, "would settle it"},
		{"no users", holds, users(0, nil), Inconclusive, "there were no exposures"},
		{"a dead metric", holds, dead, Inconclusive, "requests.static stood still"},
		{"nobody counts exposures", holds, nil, Inconclusive, "no exposure stage"},
		{"the model, in no window", ModelHolds{Sheet: s, Within: 0.2, In: "dawn"}, nil, Inconclusive, "dawn"},

		{"refused", refused, users(1000, clicks(0.42)), Pass, "to be signed at 2.1"},
		{"let pass", refused, users(1000, nil), Fail, "14 ratios hold, 0 are off"},
		{"refused, with too low a peak", refused, users(1000, clicks(0.35)), Fail, "clicks per exposure"},
		{"nothing to refuse by", refused, users(0, nil), Inconclusive, "nothing was measured"},
		{"few users to refuse by", refused, users(10, clicks(0.24)), Inconclusive, ""},

		{"static parts as modelled", statics, users(1000, offline(0.9)), Pass, "the sheet says 0.3, measured 0.3"},
		{"static parts for want of a package", statics, users(1000, offline(0.6)), Fail, "measured 1.2"},
		{"static parts that nobody counts", statics, dead, Inconclusive, "the metric is dead"},
	}
}
