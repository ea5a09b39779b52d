package overload

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/system/api"
)

// As long as the gate has forgotten nobody it is a map: a user passes when the last pass is over or was released.
func TestGateIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, now := NewGate(every, rapid.IntRange(1, 40).Draw(t, "made for")), time.Unix(1_700_000_000, 0)
		passed := map[api.User]time.Time{}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "after")))
			user := api.User(rapid.Uint64Range(1, 12).Draw(t, "user"))
			if rapid.IntRange(0, 5).Draw(t, "release") == 0 {
				g.Release(user)
				delete(passed, user)
				continue
			}
			last, inside := passed[user]
			want := !inside || now.Sub(last) >= every
			got := g.Pass(user, now)
			if g.Forgotten() > 0 {
				return // a full bucket fails open; TestGateIsBoundedAndFailsOpen asks about that
			}
			if got != want {
				t.Fatalf("user %d after %s: %t, want %t", user, now.Sub(last), got, want)
			}
			if got {
				passed[user] = now
			}
		}
	})
}

// In no window does a pacer hand out more than its rate and one burst, whatever is asked and however the clock jumps.
func TestPacerNeverExceedsItsRate(t *testing.T) {
	type taken struct {
		at time.Duration
		n  int
	}
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(0.5, 50_000).Draw(t, "rate")
		burst := time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "burst"))
		p, zero, at := NewPacer(rate, burst), time.Unix(1_700_000_000, 0), time.Duration(0)
		var all []taken
		var latest time.Duration
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at = max(0, at+time.Duration(rapid.Int64Range(-int64(10*time.Millisecond), int64(400*time.Millisecond)).Draw(t, "pass")))
			wait := p.Next(zero.Add(at))
			n := p.Take(zero.Add(at), rapid.IntRange(0, 1<<20).Draw(t, "want"))
			if n < 0 || wait > 0 && n > 0 {
				t.Fatalf("%d calls, after it said to wait %s", n, wait)
			}
			latest = max(latest, at) // a clock that jumps back takes nothing away that was earned
			all = append(all, taken{latest, n})
		}
		for i := range all {
			sum := 0
			for _, x := range all[i:] {
				sum += x.n
				most := max(1, rate*burst.Seconds()) + rate*(x.at-all[i].at).Seconds()
				if rounding := rate*2e-9 + 1e-6*most; float64(sum) > most+rounding { // times are whole ns
					t.Fatalf("%d calls from %s to %s at %g/s and a burst of %s; at most %g", sum, all[i].at, x.at, rate, burst, most)
				}
			}
		}
	})
}

// Whatever is seen, the share stays within the floor and one, and users are let in by one order: who passes at a share
// passes at every higher one of the same hour.
func TestAdmissionIsAShareAndAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pools := rapid.IntRange(1, 3).Draw(t, "pools")
		a := NewAdmission(time.Duration(rapid.IntRange(1, 100).Draw(t, "target ms"))*time.Millisecond, pools)
		users := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) api.User { return api.User(rapid.Uint64().Draw(t, "user")) }), 1, 50).Draw(t, "users")
		lowest, highest := map[api.User]float64{}, map[api.User]float64{} // the least share that let a user in, the most that did not
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			var seen []Sample
			for range pools {
				sent := rapid.IntRange(0, 100_000).Draw(t, "sent")
				replied := rapid.IntRange(0, 2*sent).Draw(t, "replied")
				seen = append(seen, Sample{Sent: sent, Replied: replied, Served: rapid.IntRange(0, replied).Draw(t, "served"),
					Wait: time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "wait"))})
			}
			a.Step(time.Duration(rapid.IntRange(1, 1000).Draw(t, "length ms"))*time.Millisecond, seen)
			share := a.Share(api.List)
			if !(share >= Floor-1.0/(1<<16) && share <= 1) {
				t.Fatalf("share %g after %+v", share, seen)
			}
			for _, u := range users {
				if a.Admits(u, 7, api.List) {
					if least, ok := lowest[u]; !ok || share < least {
						lowest[u] = share
					}
				} else {
					highest[u] = max(highest[u], share)
				}
				if least, ok := lowest[u]; ok && highest[u] > least {
					t.Fatalf("user %d passed at %g, and not at %g", u, least, highest[u])
				}
			}
		}
	})
}
