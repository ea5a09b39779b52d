package registry

import (
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/wire"
)

type ear struct{ heard []wire.Reply }

func (e *ear) Reply(replies []wire.Reply) { e.heard = append(e.heard, replies...) }

// The role tells the truth of the activity, about the gift's own game.
func TestLookupsAreTheTruth(t *testing.T) {
	d, e := &desk{activity: activity.Festival(1, 0.001)}, &ear{}
	var batch []wire.Call
	for user := range uint64(2000) {
		batch = append(batch, wire.Call{ID: user, Op: api.Claim, User: api.User(user + 1), Gift: api.Gift(10 + user%10)})
	}
	for range 2 { // the second time with the first one's buffer
		e.heard = nil
		d.serve(batch, e)
		for i, r := range e.heard {
			want := api.OK
			if d.activity.Registered(batch[i].User, uint8(i%10)) {
				want = api.NotEligible
			}
			if r.ID != batch[i].ID || r.Code != want || len(r.Body) != 0 {
				t.Fatalf("lookup %d of %+v: %+v, want %s", i, batch[i], r, want)
			}
		}
	}
	if n, y := d.answers[api.NotEligible].Load(), d.answers[api.OK].Load(); len(e.heard) != len(batch) || n+y != 4000 || n < 2600 || n > 3000 {
		t.Errorf("%d answers, %d registered, %d not, of 4000", len(e.heard), n, y)
	}
}

func TestWhatIsNoLookup(t *testing.T) {
	d := &desk{activity: activity.Festival(1, 0.001)}
	for want, c := range map[api.Code]wire.Call{
		api.Malformed: {Op: api.List, User: 1}, api.NotFound: {Op: api.Claim, User: 1, Gift: 99},
	} {
		if got := d.look(&c); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
	if got := d.look(&wire.Call{Op: api.Claim, Gift: 10}); got != api.Malformed {
		t.Errorf("nobody's lookup: %s", got)
	}
}

func BenchmarkServe(b *testing.B) {
	d := &desk{activity: activity.Festival(1, 0.001)}
	batch := make([]wire.Call, 256)
	for i := range batch {
		batch[i] = wire.Call{ID: uint64(i), Op: api.Claim, User: api.User(i + 1), Gift: 12}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		d.serve(batch[n%256:n%256+1], drop{})
	}
}

type drop struct{}

func (drop) Reply([]wire.Reply) {}
