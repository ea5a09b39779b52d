package l5

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestRoster(t *testing.T) {
	r := roster{lease: 3 * time.Second}
	at := zero
	take := func(after time.Duration, want string, nodes ...string) {
		t.Helper()
		at = at.Add(after)
		held := map[string]Lease{}
		for _, n := range nodes {
			if n[0] == '-' {
				held[n[1:]] = Lease{Leaving: true}
			} else {
				held[n] = Lease{}
			}
		}
		names, _ := r.take(at, held)
		got := ""
		for _, n := range names {
			got += n
		}
		if got != want {
			t.Fatalf("the list is %q, want %q", got, want)
		}
	}
	take(0, "")
	take(0, "ab", "a", "b")
	take(time.Second, "ab", "a")   // b is missing
	take(2*time.Second, "ab", "a") // for 2 s
	take(time.Second, "a", "a")    // for 3 s
	take(0, "abc", "a", "b", "c")
	take(0, "ac", "a", "-b", "c") // says so itself
	take(time.Second, "ac", "a")
	take(time.Hour, "ac")          // the store has nothing at all: that is no list,
	take(2*time.Second, "ac", "a") // and the time does not count
	take(2*time.Second, "ac", "a") // for 2 s
	take(2*time.Second, "a", "a")  // for 4 s
	take(2*time.Second, "a", "-a") // the last one stays
	take(2*time.Second, "b", "-a", "b")
	r.away()
	take(0, "b", "b")
}

// Nobody is taken off the list who has a lease and stays, and whoever has one and stays is on it.
func TestRosterKeepsWhoIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, at := roster{lease: 3 * time.Second}, zero
		all := []string{"a", "b", "c"}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "ms")) * time.Millisecond)
			if rapid.IntRange(0, 4).Draw(t, "away") == 0 {
				r.away()
				continue
			}
			held, before := map[string]Lease{}, r.names()
			for _, n := range all {
				if rapid.Bool().Draw(t, n) {
					held[n] = Lease{Leaving: rapid.IntRange(0, 3).Draw(t, "leaves") == 0}
				}
			}
			names, changed := r.take(at, held)
			if changed == slices.Equal(names, before) {
				t.Fatalf("changed %t: %v after %v", changed, names, before)
			}
			if len(names) == 0 && len(before) > 0 {
				t.Fatalf("the list was %v and is empty", before)
			}
			for n, l := range held {
				if !l.Leaving && !slices.Contains(names, n) {
					t.Fatalf("%s is there and not listed: %v", n, names)
				}
			}
		}
	})
}
