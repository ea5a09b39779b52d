package volley

import (
	"context"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

func TestStockVegetaFiresTheSameHits(t *testing.T) {
	t.Parallel()
	var s *scripted
	s = &scripted{answer: func(head string) []byte {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch n := s.asked["/claim"]; {
		case head[:4] != "POST":
			return ok(head)
		case n == 2:
			return shed(0, 0)
		case n == 3:
			return reply("429 Too Many Requests", `{"code":"too_soon"}`)
		case n == 4:
			return nil
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(1500, 600*time.Millisecond))
	j.Style = Requests
	ours, _, _ := fireHere(t, job(t, (&scripted{answer: ok}).serve(t), j.Profile.Curve).as(Requests))
	j.Style, j.Tag = Stock, "stock-1"
	y, all, journal := fireHere(t, j)
	if y.Clicks.Owed != 900 || y.Clicks.Launched != 900 || y.Owed != 900 || y.Launched != 900 || y.Vegeta.Hits != 900 || y.Stream != ours.Stream {
		t.Errorf("yield %+v; the other style's stream is %s", y, ours.Stream)
	}
	if y.Conns < 1 || y.Vegeta.P99 <= 0 || y.Vegeta.Rate <= 0 || y.Shards != 1 {
		t.Errorf("yield %+v", y)
	}
	claims := count(all, api.Claim, api.Done)
	if count(all, api.Claim, api.Shed) != 1 || count(all, api.Claim, api.Refused) != 1 || len(journal) < claims+2 || claims == 0 {
		t.Errorf("%d claims done, %d in the journal", claims, len(journal))
	}
	for _, a := range journal {
		if a.Outcome == api.Done && (a.Order == 0 || a.Fen == 0 || a.User == 0) {
			t.Errorf("attempt %+v", a)
		}
	}
	for op := range api.Ops {
		if count(all, op, api.Failed) > 0 {
			t.Errorf("%s failed %d times", op, count(all, op, api.Failed))
		}
	}
}

// as is the job in another style.
func (j Job) as(style Style) Job {
	j.Style = style
	return j
}

// A front door that cannot follow makes stock Vegeta fall behind; what never left is owed, and it ends.
func TestStockVegetaEndsAndOwesWhatNeverLeft(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	defer close(hold)
	s := &scripted{answer: func(head string) []byte {
		<-hold
		return nil
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(30_000, 100*time.Millisecond))
	j.Style = Stock
	j.Profile.Patience = 100 * time.Millisecond
	front := s.serve(t)
	j.Front = front
	ended := make(chan loadprofiles.Yield, 1)
	go func() {
		y, err := run(context.Background(), j, 1, nil)
		if err != nil {
			t.Error(err)
		}
		ended <- y
	}()
	select {
	case y := <-ended:
		if y.Clicks.Owed != 3000 || y.Owed != 3000 || y.Launched > 3000 || y.Conns > stockWorkers || y.Launched != y.Vegeta.Hits {
			t.Errorf("yield %+v", y)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
}
