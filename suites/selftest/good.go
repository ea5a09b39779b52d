package selftest

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/system/api"
)

// Good is a drill that a sound system made of memory passes, and the changes to its record that must not pass.
type Good struct {
	Drill   drills.Drill
	System  func(drills.Stage) *drillstest.System
	Changes []Change
}

// Goods are all there are: between them they assert something of every type.
func Goods() []Good {
	return []Good{
		{Whole(), sound, slices.Concat(Gates(), Wrongs(), Slows(), Releases(), Playbooks(), Instances())},
		{Away(), paired, Users()},
	}
}

// Dir is where a good record is, below a directory.
func (g Good) Dir(below string) string { return filepath.Join(below, g.Drill.ID) }

// Play makes the record below a directory. It takes as long as the drill.
func (g Good) Play(ctx context.Context, below string) error {
	_, err := play(ctx, g.Drill, g.System(g.Drill.Stage(g.Drill.Scale)), g.Dir(below))
	return err
}

// Down plays the smoke drill on a system made of memory that sheds nine of ten users, though no more come than it is built
// for and nothing was hurt, and leaves its record below dir: it must be aborted. It takes some seconds.
func Down(ctx context.Context, dir string) (*record.Record, error) {
	d := catalog.Smoke(0)
	s := &drillstest.System{Activity: d.Stage(d.Scale).Activity, Shed: func(float64) float64 { return 0.9 }}
	return play(ctx, d, s, filepath.Join(dir, "down"))
}

// play carries a drill out on a system made of memory, and leaves its record in dir.
func play(ctx context.Context, d drills.Drill, s *drillstest.System, dir string) (*record.Record, error) {
	into, err := record.Create(dir)
	if err != nil {
		return nil, err
	}
	r, err := drills.Run(ctx, d, s, drills.Conditions{Scale: d.Scale, Volley: s, Prober: s, Into: into, Tell: func(drills.Progress) {},
		Facts: drills.Facts{Revision: "made of memory", Images: map[string]string{}}})
	if err != nil {
		return nil, fmt.Errorf("play %s in memory: %w", d.ID, err)
	}
	return r, nil
}

// Change is one thing changed in a good record, and what must become of it. Every assertion that is not named must be
// judged as before, but that a gate which does not pass leaves hypotheses and recovery inconclusive.
type Change struct {
	Name    string
	Make    func(*drillstest.Apart)
	Becomes map[string]judge.Status // by the assertion's type
}

// Judged is one assertion of a changed record.
type Judged struct {
	Type string
	judge.Finding
	Wanted judge.Status
}

// Judge takes a good record in dir apart, makes the change, and judges what it became by the drill's assertions.
func (c Change) Judge(d drills.Drill, dir string) ([]Judged, error) {
	a, err := drillstest.TakeApart(dir)
	if err != nil {
		return nil, err
	}
	c.Make(a)
	var all []Judged
	for _, as := range d.Assertions {
		all = append(all, Judged{Type: judge.TypeOf(as), Wanted: c.wanted(d, as)})
	}
	v := judge.Judge(a.Record(), d.Assertions) // in their order: the drill lists gates first, recovery last
	if len(v.Findings) != len(all) {
		return nil, fmt.Errorf("%d findings of %d assertions", len(v.Findings), len(all))
	}
	for i, f := range v.Findings {
		if all[i].Finding = f; f.Assertion != d.Assertions[i].String() {
			return nil, fmt.Errorf("finding %d is of %q; want %q", i, f.Assertion, d.Assertions[i])
		}
	}
	return all, nil
}

func (c Change) wanted(d drills.Drill, a judge.Assertion) judge.Status {
	if want, named := c.Becomes[judge.TypeOf(a)]; named {
		return want
	}
	if a.Kind() == judge.Hypothesis || a.Kind() == judge.Recovery {
		for _, gate := range d.Assertions {
			if want, named := c.Becomes[judge.TypeOf(gate)]; named && gate.Kind() == judge.Validity && want != judge.Pass {
				return judge.Inconclusive
			}
		}
	}
	return judge.Pass
}

// Score says whether every assertion was judged as wanted.
func (c Change) Score(judged []Judged) Score {
	s := Score{Kind: "record", Mutant: c.Name, Caught: true}
	for name, status := range c.Becomes {
		s.Wanted = append(s.Wanted, name+" "+status.String())
	}
	slices.Sort(s.Wanted)
	for _, j := range judged {
		if _, named := c.Becomes[j.Type]; named {
			s.Named = append(s.Named, j.Type)
		}
		s.Caught = s.Caught && j.Status == j.Wanted
	}
	return s
}

// Differences are the assertions that were not judged as wanted, a line each.
func Differences(judged []Judged) string {
	var text strings.Builder
	for _, j := range judged {
		if j.Status != j.Wanted {
			fmt.Fprintf(&text, "%s: %s, want %s: %s %q\n", j.Type, j.Status, j.Wanted, j.Because, j.Examples)
		}
	}
	return text.String()
}

// hit is a request as the tally counts it, so many times.
type hit struct {
	took  time.Duration
	out   api.Outcome
	times int
}

// hits adds lists to the tally, each ten milliseconds of a window.
func hits(a *drillstest.Apart, window string, h hit) {
	w, _ := a.Window(window)
	for at := w.From; at < w.To; at += 10 * time.Millisecond {
		for range h.times {
			a.Tally.Record(at, h.took, api.List, h.out)
		}
	}
}
