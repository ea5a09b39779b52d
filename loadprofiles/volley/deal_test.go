package volley

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// The line holds every click's requests, each once, a click's steps in order and at least the trail apart.
func TestADealHoldsEveryClicksRequestsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := loadprofiles.Night200k(time.Second)
		p.Curve = loadprofiles.Hold(rapid.Float64Range(1, 3000).Draw(t, "rate"), time.Second)
		p.Funnel.Statics = rapid.IntRange(0, 4).Draw(t, "statics")
		p.Funnel.Select = rapid.Float64Range(0, 1).Draw(t, "select")
		crowd := p.Crowd(rapid.Uint64().Draw(t, "seed"))
		d := newDeal(p, crowd)
		const hits = 2000
		asked, when := map[uint64]int{}, map[uint64]uint64{}
		for hit := uint64(1); hit <= hits; hit++ {
			r := d.to(hit)
			if want := crowd.Click(r.n); r.click != want || r.op > want.Last {
				t.Fatalf("hit %d is %+v, click %d is %+v", hit, r, r.n, want)
			}
			place := p.Funnel.Statics + int(r.op) - int(api.List)
			if r.op == api.Static {
				place = r.part
			}
			if asked[r.n] != place {
				t.Fatalf("hit %d is %s, part %d, of click %d, which has asked %d times", hit, r.op, r.part, r.n, asked[r.n])
			}
			if r.op > api.List && hit-when[r.n] < d.trail {
				t.Fatalf("hit %d follows the step before it, hit %d, by fewer than %d clicks", hit, when[r.n], d.trail)
			}
			asked[r.n]++
			when[r.n] = hit
		}
		for n := uint64(1); n+3*d.trail < d.click; n++ {
			if want := p.Funnel.Statics + int(crowd.Click(n).Last); asked[n] != want {
				t.Fatalf("click %d of %d asked %d times, want %d", n, d.click, asked[n], want)
			}
		}
	})
}

func TestADealIsTheSameForEveryShard(t *testing.T) {
	p := loadprofiles.Night200k(time.Second)
	p.Curve = loadprofiles.Hold(600, time.Second)
	one := newDeal(p, p.Crowd(5))
	shards := []*deal{newDeal(p, p.Crowd(5)), newDeal(p, p.Crowd(5)), newDeal(p, p.Crowd(5))}
	for hit := uint64(1); hit < 3000; hit++ {
		if want, got := one.to(hit), shards[hit%3].to(hit); got != want {
			t.Fatalf("hit %d is %+v in one shard, %+v in three", hit, want, got)
		}
	}
}

func TestARequestAHit(t *testing.T) {
	t.Parallel()
	var s *scripted
	s = &scripted{answer: func(head string) []byte {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.asked["/claim"] == 3 && head[:4] == "POST" {
			return shed(0, 0)
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(6000, 600*time.Millisecond))
	j.Style = Requests
	y, all, journal := fireHere(t, j)
	if y.Clicks.Owed != 3600 || y.Clicks.Launched != 3600 || y.Owed != 3600 || y.Launched != 3600 || y.Retries > 0 {
		t.Fatalf("yield %+v", y)
	}
	p := j.Profile
	d := newDeal(p, p.Crowd(1))
	want, stream := map[api.Op]int{}, uint64(0)
	owing := map[[2]uint64]bool{}
	for hit := uint64(1); hit <= 3600; hit++ {
		r := d.to(hit)
		want[r.op]++
		stream += r.hash(hit)
		if r.op == api.Claim {
			owing[[2]uint64{uint64(r.click.User), uint64(r.click.Gift)}] = true
		}
	}
	got := map[api.Op]int{}
	for op := range api.Ops {
		for outcome := range api.Outcomes {
			got[op] += count(all, op, outcome)
		}
		if got[op] != want[op] || got[op] == 0 {
			t.Errorf("%d × %s were fired, want %d", got[op], op, want[op])
		}
	}
	if count(all, api.Claim, api.Shed) != 1 || count(all, api.Claim, api.Done) != want[api.Claim]-1 || len(journal) != want[api.Claim] {
		t.Errorf("%d claims in the journal, %d shed", len(journal), count(all, api.Claim, api.Shed))
	}
	for _, a := range journal {
		if !owing[[2]uint64{uint64(a.User), uint64(a.Gift)}] {
			t.Fatalf("nobody was to claim %+v", a)
		}
	}
	if again, err := run(context.Background(), j, 1, nil); err != nil || again.Stream != y.Stream {
		t.Errorf("stream %s with two shards, %s with one, %v", y.Stream, again.Stream, err)
	}
}

// What was owed and never left is owed all the same, and in the stream.
func TestRequestsThatNeverLeftAreOwed(t *testing.T) {
	j := job(t, (&scripted{answer: ok}).serve(t), loadprofiles.Hold(2000, 200*time.Millisecond))
	j.Style = Requests
	whole, _, _ := fireHere(t, j)
	p := plan{curve: j.hits(), of: 1}
	crowd := j.Profile.Crowd(j.Seed)
	s := newShard(p, &engine{profile: j.Profile, crowd: crowd, deal: newDeal(j.Profile, crowd)})
	s.engine.deal.to(150)
	for hit, d := uint64(1), newDeal(j.Profile, crowd); hit <= 150; hit++ {
		s.engine.counts.stream += d.to(hit).hash(hit)
	}
	s.engine.counts.hits, s.engine.counts.clicks, s.engine.counts.owed = 150, 150, 150
	v := &volley{job: j, curve: p.curve, shards: []*shard{s}}
	s.engine.tally = newTally(j.Profile)
	y, _ := v.yield(0)
	if y.Owed != 400 || y.Clicks.Owed != 400 || y.Clicks.Launched != 150 || y.Stream != whole.Stream {
		t.Errorf("yield %+v, want the stream %s", y, whole.Stream)
	}
}

func TestOnlyJourneysTryAgain(t *testing.T) {
	for _, j := range []Job{{Style: Requests}, {Style: Stock}, {Style: "bursts"}} {
		j.Profile, j.Scale, j.Front, j.Key, j.Dir = loadprofiles.Night200k(time.Second), 1, "x", testKey, "x"
		if err := j.Check(); err == nil {
			t.Errorf("style %q with retries is no mistake", j.Style)
		}
		j.Style = Journeys
		if err := j.Check(); err != nil {
			t.Error(err)
		}
	}
}
