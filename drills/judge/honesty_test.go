package judge

import (
	"strings"
	"testing"
	"time"

	"redpacket/loadprofiles"
)

// Every way in which a generator can be dishonest leaves the drill inconclusive, and says which it was.
func TestADishonestLoadIsInconclusiveAndSaysWhy(t *testing.T) {
	gates := []Assertion{LoadOffered{AtLeast: 0.99, LateBy: 100 * time.Millisecond, LateTo: 0.01}, GeneratorKeptUp{},
		Succeeds{AtLeast: 0.99, In: "before"}}
	if v := Judge(sound().record(), gates); v.Status != Pass {
		t.Fatalf("a sound record is judged %s: %+v", v.Status, v.Findings)
	}
	for want, spoil := range map[string]func(*loadprofiles.Yield){
		"load is missing":                        func(y *loadprofiles.Yield) { y.Owed, y.Clicks.Owed = 500, 500 },
		"the load was late: p99 150ms":           func(y *loadprofiles.Yield) { y.LateP99 = 150 * time.Millisecond },
		"the load was late: 2 % of the clicks":   func(y *loadprofiles.Yield) { y.LateOver = 0.02 },
		"the load was bunched: in 60 %":          func(y *loadprofiles.Yield) { y.Bunched = 0.6 },
		"the generator was starved: 60 %":        func(y *loadprofiles.Yield) { y.Starved, y.Cores = 0.6, "1" },
		"the reader of Vegeta's results":         func(y *loadprofiles.Yield) { y.ReadLate = 0.5 },
		"the journal's disk held the load up":    func(y *loadprofiles.Yield) { y.Held = time.Second },
		"the harness was too slow: it did not":   func(y *loadprofiles.Yield) { y.Untold = 40 },
		"3 connections were lost":                func(y *loadprofiles.Yield) { y.Dropped = 3 },
		"the volley was stopped":                 func(y *loadprofiles.Yield) { y.Stopped = true },
		"the volley lasted 20s of 40s":           func(y *loadprofiles.Yield) { y.Length = 20 * time.Second },
		"1000 requests were launched and 411 ar": func(y *loadprofiles.Yield) { y.Owed, y.Launched = 1000, 1000 },
	} {
		m := sound()
		spoil(&m.Yield)
		v := Judge(m.record(), gates)
		said := ""
		for _, f := range v.Findings {
			if f.Kind == Validity && f.Status == Inconclusive {
				said += f.Because
			}
			if f.Kind == Hypothesis && f.Status != Inconclusive {
				t.Errorf("%s: a hypothesis was judged all the same: %+v", want, f)
			}
		}
		if v.Status != Inconclusive || !strings.Contains(said, want) {
			t.Errorf("judged %s because %q; want inconclusive because %q", v.Status, said, want)
		}
	}
}

// What a kernel does not tell is no reason for doubt, and neither is what an honest generator shows on a busy machine.
func TestAnHonestLoadIsBelieved(t *testing.T) {
	m := sound()
	m.Yield.Starved, m.Yield.Bunched, m.Yield.ReadLate, m.Yield.Untold, m.Yield.Held = -1, 0.05, 0.001, 3, 50*time.Millisecond
	if v := Judge(m.record(), []Assertion{LoadOffered{AtLeast: 0.99, LateBy: 100 * time.Millisecond, LateTo: 0.01}, GeneratorKeptUp{}}); v.Status != Pass {
		t.Errorf("judged %s: %+v", v.Status, v.Findings)
	}
}
