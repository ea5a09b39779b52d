package recommend

import (
	"strconv"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/wire"
)

type ear struct{ heard []wire.Reply }

func (e *ear) Reply(replies []wire.Reply) { e.heard = append(e.heard, replies...) }

func TestEachUserHearsTheirTaste(t *testing.T) {
	d, e := newDesk(activity.Festival(1, 0.001)), &ear{}
	batch := []wire.Call{{ID: 1000, Op: api.Claim, User: 1}, {ID: 1001, Op: api.List}}
	for user := range uint64(500) {
		batch = append(batch, wire.Call{ID: user, Op: api.List, User: api.User(user + 1)})
	}
	for range 2 { // the second time with the first one's buffer
		e.heard = nil
		d.serve(batch, e)
		for i, r := range e.heard {
			if i < 2 {
				if r.Code != api.Malformed || r.ID != batch[i].ID {
					t.Errorf("%+v: %+v, want malformed", batch[i], r)
				}
				continue
			}
			if want := strconv.Itoa(d.activity.TasteOf(batch[i].User)); r.ID != batch[i].ID || r.Code != api.OK || string(r.Body) != want {
				t.Fatalf("%+v: %+v %q, want taste %s", batch[i], r, r.Body, want)
			}
		}
	}
	if len(e.heard) != len(batch) || d.told.Load() != 1000 || d.refused.Load() != 4 {
		t.Errorf("%d answers; counted %d told, %d refused", len(e.heard), d.told.Load(), d.refused.Load())
	}
}

type drop struct{}

func (drop) Reply([]wire.Reply) {}

func BenchmarkServe(b *testing.B) {
	d := newDesk(activity.Festival(1, 0.001))
	batch := make([]wire.Call, 256)
	for i := range batch {
		batch[i] = wire.Call{ID: uint64(i), Op: api.List, User: api.User(i + 1)}
	}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		d.serve(batch[n%256:n%256+1], drop{})
	}
}
