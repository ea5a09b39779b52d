package recon

import (
	"maps"
	"strings"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/recon"
)

// wants compares the differences of a result with those of the kinds named.
func wants(t *testing.T, r recon.Result, want map[recon.Kind]uint64) {
	t.Helper()
	all := recon.NewResult("").Differences
	for k, n := range want {
		all[k.String()] = n
	}
	if !maps.Equal(r.Differences, all) {
		t.Fatalf("found %v, want %v; %s", r.Differences, want, r.Why)
	}
}

func TestMissedOrdersAreDeliveredOnceAndASecondPassFindsNothing(t *testing.T) {
	t.Parallel()
	s := newShop(300)
	for _, gone := range []api.Grant{share(0, 5), share(1, 7), share(1, 200)} {
		delete(s.ledger, gone.Order)
	}
	r := s.run(t, "rate=2000000")
	wants(t, r, map[recon.Kind]uint64{recon.Missing: 3})
	if !r.Whole() || r.Reissued != 3 || r.DeadLetters != 0 || len(s.solved) != 3 || len(s.ledger) != 600 || r.Granted != 600 {
		t.Fatalf("%+v", r)
	}
	for _, e := range r.Examples {
		if e.Done != "delivered" {
			t.Errorf("%+v", e)
		}
	}
	if r = s.run(t, "rate=2000000"); r.Found() != 0 || r.Reissued != 0 || !r.Whole() || r.Read != 1800 {
		t.Fatalf("the second pass: %+v", r)
	}
}

func TestWhatContradictsItselfIsBuriedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(300)
	oneFen := share(0, 5)
	oneFen.Fen++
	s.ledger[oneFen.Order] = oneFen
	s.cmem[share(0, 9).Order] = oneFenLess(share(0, 9))
	s.ledger[share(0, 900).Order] = api.Grant{Order: share(0, 900).Order, User: 6, Fen: 100, Server: 3} // user 6 has share 5
	s.ledger[share(1, 901).Order] = share(1, 901)
	delete(s.ledger, share(1, 403).Order)
	s.log = append(s.log, share(1, 403)) // the game says conflict to user 404
	s.cmem[share(1, 403).Order] = share(1, 403)
	s.floors[1]++
	r := s.run(t, "rate=2000000")
	wants(t, r, map[recon.Kind]uint64{recon.Misdelivered: 1, recon.Misheld: 1, recon.Duplicate: 1, recon.Orphan: 1, recon.Missing: 1})
	if r.DeadLetters != 5 || r.Reissued != 0 || r.KnownDead != 0 || s.ledger[oneFen.Order] != oneFen {
		t.Fatalf("%+v", r)
	}
	kinds := map[string]int{}
	for _, l := range s.letters {
		kinds[l.Kind]++
	}
	if kinds[conflict] != 1 || kinds["misdelivered"] != 1 || kinds["duplicate"] != 1 {
		t.Fatal(kinds)
	}
	if r = s.run(t, "rate=2000000"); r.DeadLetters != 0 || r.KnownDead != 5 {
		t.Fatalf("the second pass: %+v", r)
	}
}

func oneFenLess(g api.Grant) api.Grant {
	g.Fen--
	return g
}

func TestQueuedIsNotMissing(t *testing.T) {
	t.Parallel()
	s := newShop(10)
	delete(s.ledger, share(0, 9).Order)
	delete(s.ledger, share(1, 9).Order)
	s.floors = []uint64{18, 18}
	if r := s.run(t, ""); r.Found() != 0 || r.Queued != 2 || s.asked != 0 {
		t.Fatalf("%+v", r)
	}
	s.age = recon.Promise + time.Hour
	r := s.run(t, "")
	wants(t, r, map[recon.Kind]uint64{recon.Overdue: 2})
	if r.Queued != 2 || r.Reissued != 0 || s.asked != 0 || r.DeadLetters != 0 {
		t.Fatalf("%+v", r)
	}
}

func TestAShareOnItsWayIsNotUnlogged(t *testing.T) {
	t.Parallel()
	s := newShop(10)
	late, lost, returned := share(0, 50), share(0, 51), share(0, 52)
	for _, g := range []api.Grant{late, lost, returned} {
		s.cmem[g.Order] = g
	}
	s.settled = func(s *shop) {
		if s.marks == 4 { // twice around the comparison, once before the wait
			s.log = append(s.log, late)
			delete(s.cmem, returned.Order)
		}
	}
	r := s.run(t, "")
	wants(t, r, map[recon.Kind]uint64{recon.Unlogged: 1})
	if r.DeadLetters != 0 || s.asked != 0 || len(s.log) != 21 || s.cmem[lost.Order] != lost {
		t.Fatalf("something was invented: %+v", r)
	}
}

func TestAPassStopsAndSaysWhere(t *testing.T) {
	t.Parallel()
	s := newShop(300)
	s.shard.Open = false
	if r := s.run(t, ""); r.State != recon.Stopped || !strings.Contains(r.Why, "shard a is closed at epoch 1") || r.Whole() {
		t.Fatalf("%+v", r)
	}
	s = newShop(300)
	s.settled = func(s *shop) { s.shard.Epoch++ }
	if r := s.run(t, ""); r.State != recon.Stopped || !strings.Contains(r.Why, "from epoch 2 to 3") {
		t.Fatalf("%+v", r)
	}
	s = newShop(300)
	began := time.Now()
	r := s.run(t, "rate=1000&within=300ms")
	if r.State != recon.Stopped || !strings.Contains(r.Why, "slice 0: its time is over") || r.Read == 0 || r.Read > 1000 {
		t.Fatalf("%+v", r)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Fatalf("took %v", took)
	}
	if r := s.run(t, "from=1"); !strings.Contains(r.Why, "slice 1 of 1: there is none") {
		t.Fatalf("%+v", r)
	}
}

func TestThePaceIsKept(t *testing.T) {
	t.Parallel()
	s := newShop(300) // 1800 entries: 7 strides of 256
	began := time.Now()
	if r := s.run(t, "rate=4000"); !r.Whole() {
		t.Fatalf("%+v", r)
	}
	if took := time.Since(began); took < 440*time.Millisecond {
		t.Fatalf("1800 entries at 4000/s took %v", took)
	}
}

func TestWhatIsBeyondThePassIsLeft(t *testing.T) {
	t.Parallel()
	s := newShop(300)
	for i := range uint32(100) {
		delete(s.ledger, share(0, i).Order)
	}
	r := s.run(t, "reissue=30")
	if r.Reissued != 30 || r.Left != 70 || r.Differences["missing"] != 100 || len(s.ledger) != 530 {
		t.Fatalf("%+v", r)
	}
	if r = s.run(t, "dry=true"); r.Reissued != 0 || r.Differences["missing"] != 70 || len(s.ledger) != 530 || len(s.letters) != 0 {
		t.Fatalf("%+v", r)
	}
	if r = s.run(t, ""); r.Reissued != 70 || r.Left != 0 {
		t.Fatalf("%+v", r)
	}
}

func TestACourierThatIsAwayMakesDeadLetters(t *testing.T) {
	t.Parallel()
	s := newShop(300)
	for i := range uint32(100) {
		delete(s.ledger, share(0, i).Order)
	}
	delete(s.ledger, share(1, 0).Order)
	s.refuse[0] = errAway
	r := s.run(t, "")
	// One request of game 0 was tried to the end; what is behind it is left, and game 1 is not held up.
	if r.Reissued != 1 || r.DeadLetters != atOnce || r.Left != 100-atOnce || s.asked != attempts+1 {
		t.Fatalf("%+v", r)
	}
	for name := range s.letters {
		if !strings.Contains(name, "in 5 attempts: the courier is away") {
			t.Fatal(name)
		}
	}
	delete(s.refuse, 0)
	if r = s.run(t, ""); r.Reissued != 100 || r.DeadLetters != 0 || len(s.solved) != 101 {
		t.Fatalf("%+v", r)
	}
}

func TestTheTimeOfAPassIsNobodysDeath(t *testing.T) {
	t.Parallel()
	s := newShop(300)
	delete(s.ledger, share(0, 1).Order)
	s.refuse[0] = errAway
	r := s.run(t, "rate=2000000&within=200ms") // the five attempts take 300 ms
	if r.State != recon.Stopped || r.DeadLetters != 0 || r.Left != 1 {
		t.Fatalf("%+v", r)
	}
}
