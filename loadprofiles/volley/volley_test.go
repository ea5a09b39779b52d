package volley

import (
	"context"
	"strings"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

func TestEverythingOwedIsLaunchedAndCounted(t *testing.T) {
	s := &scripted{answer: ok}
	j := job(t, s.serve(t), loadprofiles.Hold(12_000, 500*time.Millisecond))
	y, all, journal := fireHere(t, j)
	if y.Clicks.Owed != 1000 || y.Clicks.Launched != 1000 || y.Owed != y.Launched || y.Stopped || y.Dropped+y.Unsent+y.Garbled > 0 {
		t.Fatalf("yield %+v", y)
	}
	want := map[api.Op]int{api.Static: 3000, api.List: 1000}
	crowd := j.Profile.Crowd(j.Seed)
	for n := uint64(1); n <= 1000; n++ {
		for op := api.Select; op <= crowd.Click(n).Last; op++ {
			want[op]++
		}
	}
	for op, n := range want {
		if got := count(all, op, api.Done); got != n {
			t.Errorf("%d of %s are done, want %d", got, op, n)
		}
	}
	if n := all.Sum(0, forever, nil, nil); n != y.Launched {
		t.Errorf("the tally has %d requests, %d were launched", n, y.Launched)
	}
	if s.asked["/claim"] != want[api.Claim] || len(journal) != want[api.Claim] || s.asked["/static/1"] != 1000 {
		t.Errorf("the front door saw %v, the journal has %d", s.asked, len(journal))
	}
	for _, a := range journal {
		if a.Outcome != api.Done || a.Code != api.OK || a.Order.Activity() != 1 || a.Fen != 2000 || a.User == 0 {
			t.Fatalf("attempt %+v", a)
		}
	}
}

func TestSameSeedSameStream(t *testing.T) {
	t.Parallel()
	front := (&scripted{answer: ok}).serve(t)
	stream := func(seed uint64, shards int) string {
		j := job(t, front, loadprofiles.Hold(6000, 100*time.Millisecond))
		j.Seed = seed
		y, err := run(context.Background(), j, shards, nil)
		if err != nil {
			t.Fatal(err)
		}
		return y.Stream
	}
	one := stream(1, 1)
	if again := stream(1, 3); again != one {
		t.Errorf("stream %s with one shard, %s with three", one, again)
	}
	if other := stream(2, 1); other == one {
		t.Errorf("seeds 1 and 2 both give the stream %s", one)
	}
}

func TestPatienceEndsInDoubt(t *testing.T) {
	s := &scripted{answer: func(head string) []byte {
		if strings.HasPrefix(head, "POST") {
			<-time.After(2 * time.Millisecond) // 72 claims on two connections in 100 ms: late, and later
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(12_000, 100*time.Millisecond))
	j.Profile.Patience = 50 * time.Millisecond
	y, all, journal := fireHere(t, j)
	doubts, tooLong := 0, 0
	for _, a := range journal {
		if a.Outcome == api.Doubt {
			doubts++
			if a.Took < j.Profile.Patience || a.Order != 0 {
				t.Fatalf("attempt %+v is in doubt too early", a)
			}
		} else if a.Took > j.Profile.Patience {
			tooLong++
		}
	}
	if doubts == 0 || tooLong > 0 || doubts != count(all, api.Claim, api.Doubt) || y.TooLate == 0 || y.Dropped > 0 {
		t.Errorf("%d in doubt, %d done too late, yield %+v", doubts, tooLong, y)
	}
}

func TestPoliteClientsWaitAsTheyAreAsked(t *testing.T) {
	t.Parallel()
	var s *scripted
	s = &scripted{answer: func(head string) []byte {
		_, token, _ := strings.Cut(head, "Bearer ")
		s.mu.Lock()
		defer s.mu.Unlock()
		if strings.HasPrefix(head, "GET /gifts") && len(s.tokens["/gifts "+token]) == 1 {
			return shed(1, 300)
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(600, 200*time.Millisecond))
	j.Profile.Retry.Most = 2
	j.Profile.Users.HotShare = 0
	y, all, _ := fireHere(t, j)
	if y.Retries != 20 || count(all, api.List, api.Shed) != 20 || count(all, api.List, api.Done) != 20 {
		t.Errorf("%d retries; yield %+v", y.Retries, y)
	}
	for key, times := range s.tokens {
		if strings.HasPrefix(key, "/gifts") && len(times) == 2 && times[1].Sub(times[0]) < time.Second {
			t.Errorf("one came back after %s, and was asked for 1 to 1.3 s", times[1].Sub(times[0]))
		}
	}
}

// How long clients wait, without a clock: a client that waits for the spread alone, or for twice as long, is seen.
func TestHowLongClientsWait(t *testing.T) {
	busy := verdict{outcome: api.Shed, wait: time.Second, spread: 300 * time.Millisecond}
	for name, c := range map[string]struct {
		verdict   verdict
		rule      loadprofiles.Retry
		from, to  time.Duration
		spreadsBy time.Duration // at least
	}{
		"polite":                   {busy, loadprofiles.Retry{Most: 1}, time.Second, 1300 * time.Millisecond, 250 * time.Millisecond},
		"polite, and none spreads": {verdict{outcome: api.Shed, wait: time.Second}, loadprofiles.Retry{Most: 1}, time.Second, time.Second + 1, 0},
		"polite, in doubt":         {verdict{}, loadprofiles.Retry{Most: 1}, doubtWait, doubtWait + doubtSpread, doubtSpread * 8 / 10},
		"naive":                    {busy, loadprofiles.Retry{Most: 1, After: 20 * time.Millisecond}, 20 * time.Millisecond, 20*time.Millisecond + 1, 0},
	} {
		draw := loadprofiles.Draw(1)
		shortest, longest := time.Hour, time.Duration(0)
		for range 1000 {
			wait := c.verdict.rest(c.rule, &draw)
			shortest, longest = min(shortest, wait), max(longest, wait)
		}
		if shortest < c.from || longest >= c.to || longest-shortest < c.spreadsBy {
			t.Errorf("%s: they wait for %s to %s; want %s to %s", name, shortest, longest, c.from, c.to)
		}
	}
}

func TestNaiveClientsComeBackAtMostSoOften(t *testing.T) {
	t.Parallel()
	s := &scripted{answer: func(head string) []byte {
		if strings.HasPrefix(head, "POST") {
			return shed(9, 9000)
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(6000, 100*time.Millisecond))
	j.Profile.Retry = loadprofiles.Retry{Most: 3, After: 20 * time.Millisecond}
	y, all, journal := fireHere(t, j)
	claims := count(all, api.Claim, api.Shed)
	if claims == 0 || claims%4 != 0 || y.Retries != uint64(claims)*3/4 || len(journal) != claims || s.asked["/receipt"] > 0 {
		t.Errorf("%d claims, %d retries, %d in the journal", claims, y.Retries, len(journal))
	}
}

func TestRefusedJourneysEnd(t *testing.T) {
	t.Parallel()
	s := &scripted{answer: func(head string) []byte {
		switch {
		case strings.HasPrefix(head, "POST"):
			return reply("429 Too Many Requests", `{"code":"too_soon"}`)
		case strings.HasPrefix(head, "GET /servers"):
			return ok(head)
		case strings.HasPrefix(head, "GET /static/2"):
			return reply("200 OK", `{"kode":"ok"}`) // a page
		case strings.HasPrefix(head, "GET /static"):
			return reply("500 Oops", `<html>`)
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(6000, 100*time.Millisecond))
	j.Profile.Retry.Most = 5
	y, all, journal := fireHere(t, j)
	refused := count(all, api.Claim, api.Refused)
	if refused == 0 || y.Retries > 0 || s.asked["/receipt"] > 0 || len(journal) != refused || journal[0].Code != api.TooSoon {
		t.Errorf("%d refused, %d retries, front door saw %v", refused, y.Retries, s.asked)
	}
	if failed := count(all, api.Static, api.Failed); failed != 200 || y.Garbled != 200 || count(all, api.Static, api.Done) != 100 {
		t.Errorf("%d static parts failed, %d answers were garbled; want 200", failed, y.Garbled)
	}
}

func TestCutConnectionsLeaveDoubtAndAreDialledAgain(t *testing.T) {
	t.Parallel()
	var s *scripted
	s = &scripted{answer: func(head string) []byte {
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := s.asked["/claim"]; strings.HasPrefix(head, "POST") && n%20 == 7 {
			return nil
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(6000, 300*time.Millisecond))
	y, all, journal := fireHere(t, j)
	doubt, done := count(all, api.Claim, api.Doubt), count(all, api.Claim, api.Done)
	if y.Dropped == 0 || doubt == 0 || done < 10 || len(journal) != doubt+done {
		t.Errorf("%d connections dropped, %d claims in doubt, %d done, %d in the journal", y.Dropped, doubt, done, len(journal))
	}
	if y.Owed != y.Launched || y.Clicks.Owed != 300 || y.Clicks.Launched != 300 {
		t.Errorf("yield %+v", y)
	}
}

func TestNoFrontDoorIsAnErrorThatSaysSo(t *testing.T) {
	j := job(t, "127.0.0.1:1", loadprofiles.Hold(600, 100*time.Millisecond))
	v := &volley{job: j, profile: j.Profile}
	ctx, cancel := context.WithCancel(context.Background())
	defer v.hired.Wait()
	defer cancel()
	v.curve = j.Profile.Clicks()
	if err := v.meet(ctx, 1, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("error is %v", err)
	}
}

func TestJobNamesItsMistakes(t *testing.T) {
	err := Job{Key: "short", Cores: "1-", Tag: "a\r\nb"}.Check()
	for _, want := range []string{"no name", "scale", "front", "directory", "32 hex", "cores", "tag"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
