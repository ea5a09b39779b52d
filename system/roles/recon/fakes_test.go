package recon

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/grantlog"
	"redpacket/system/ledger"
	"redpacket/system/recon"
	"redpacket/system/roles/idip/delivery"
)

// offer is an activity of two games with a gift each.
func offer() activity.Activity {
	return activity.Activity{ID: 1, Games: 2, Gifts: []activity.Gift{
		{ID: 0, Game: 0, Shares: 1000, Total: 100_000}, {ID: 1, Game: 1, Shares: 1000, Total: 100_000}}}
}

// share is the grant of one share to the user of the same number.
func share(gift api.Gift, index uint32) api.Grant {
	return api.Grant{Order: api.OrderOf(1, gift, index), User: api.User(index + 1), Fen: 100, Server: 3}
}

// shop is the whole system in memory: the shelves, the courier and the dead letters.
type shop struct {
	mu      sync.Mutex
	log     []api.Grant // one a position, from 1
	cmem    map[api.Order]api.Grant
	ledger  map[api.Order]api.Grant
	floors  []uint64
	shard   grantlog.Shard
	age     time.Duration // how long ago everything was logged
	refuse  map[uint8]error
	settled func(*shop) // runs when the log is marked for the n-th time
	marks   int
	asked   int
	letters map[string]ledger.Letter
	solved  []api.Order
}

// newShop has n grants a gift, all delivered.
func newShop(n uint32) *shop {
	s := &shop{cmem: map[api.Order]api.Grant{}, ledger: map[api.Order]api.Grant{}, letters: map[string]ledger.Letter{},
		shard: grantlog.Shard{IDC: "a", Epoch: 1, Primary: "cmem-1", Open: true, Fence: 1}, refuse: map[uint8]error{}}
	for i := range n {
		for gift := range api.Gift(2) {
			g := share(gift, i)
			s.log, s.cmem[g.Order], s.ledger[g.Order] = append(s.log, g), g, g
		}
	}
	s.floors = []uint64{uint64(len(s.log)), uint64(len(s.log))}
	return s
}

func (s *shop) Mark(context.Context) (mark, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks++; s.settled != nil {
		s.settled(s)
	}
	return mark{log: recon.Log{Floors: s.floors, Known: uint64(len(s.log))}, shard: s.shard}, nil
}

func (s *shop) Held(_ context.Context, _ grantlog.Shard, some recon.Slice, keep func(api.Grant) error) error {
	for _, g := range s.cmem {
		if slices.ContainsFunc(some.Gifts(), func(of activity.Gift) bool { return of.ID == g.Order.Gift() && some.Activity == g.Order.Activity() }) {
			if err := keep(g); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shop) Delivered(_ context.Context, o ledger.Orders, keep func(books.Entry) error) error {
	for _, g := range s.ledger {
		if g.Order >= o.From && g.Order <= o.To {
			if err := keep(books.Entry{Grant: g}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shop) Logged(_ context.Context, from, to uint64) iter.Seq2[grantlog.Logged, error] {
	return func(yield func(grantlog.Logged, error) bool) {
		for pos := from; pos <= to; pos++ {
			b := grantlog.Logged{Batch: grantlog.Batch{Grants: s.log[pos-1 : pos]}, Pos: pos, At: time.Now().Add(-s.age)}
			if !yield(b, nil) {
				return
			}
		}
	}
}

// Mirrored is nothing: there is one data centre.
func (s *shop) Mirrored(context.Context, grantlog.Seqs) iter.Seq2[grantlog.Logged, error] {
	return func(func(grantlog.Logged, error) bool) {}
}

func (s *shop) StillHeld(_ context.Context, _ grantlog.Shard, grants []api.Grant) ([]bool, error) {
	var held []bool
	for _, g := range grants {
		held = append(held, s.cmem[g.Order].User == g.User)
	}
	return held, nil
}

// Deliver is the courier and the game behind it.
func (s *shop) Deliver(_ context.Context, game uint8, grants []api.Grant) (answers []delivery.Answer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if err := s.refuse[game]; err != nil {
		return nil, err
	}
	for _, g := range grants {
		a := delivery.Answer{Order: g.Order, Result: delivery.Delivered}
		switch there, ok := s.ledger[g.Order]; {
		case ok && there == g:
			a.Result = delivery.Repeat
		case ok || g.User == 404:
			a.Result = delivery.Conflict
		default:
			s.ledger[g.Order] = g
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func (s *shop) Bury(_ context.Context, letters []ledger.Letter) (fresh int, err error) {
	for _, l := range letters {
		name := l.Kind + " " + l.Why
		if _, known := s.letters[name]; !known {
			fresh++
		}
		s.letters[name] = l
	}
	return fresh, nil
}

func (s *shop) Solve(_ context.Context, _ string, orders []api.Order) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.solved = append(s.solved, orders...)
	return nil
}

// run makes one pass with a query's order.
func (s *shop) run(t *testing.T, query string) recon.Result {
	t.Helper()
	d := newDesk()
	o, err := orderOf(values(t, query))
	if err != nil {
		t.Fatal(err)
	}
	d.pass(t.Context(), worker{activity: offer(), shelves: s, letters: s, courier: s, now: time.Now, settle: 50 * time.Millisecond,
		again: 20 * time.Millisecond}, o)
	return d.result
}

var errAway = errors.New("the courier is away")
