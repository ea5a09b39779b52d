package drills

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/gray"
	"redpacket/system/pause"
)

// Release gives a share of the users the new version; 0 takes it back. If the gate's assertions, put to what the drill has seen so
// far, do not let it pass, it is not taken: where one fails, the release is taken back, and where one must pass and cannot tell, it
// stays as it is. What comes after it is then not taken either, but for a step to 0.
type Release struct {
	Percent int
	If      []judge.Assertion // none may fail
	Sure    bool              // and all must pass
}

var _ Step = Release{}

// String is the stage.
func (s Release) String() string {
	if s.Percent == 0 {
		return judge.TakeBack
	}
	return judge.StageName(s.Percent)
}

// Do sets the share.
func (s Release) Do(ctx context.Context, on Levers) error { return on.Release(ctx, s.Percent) }

// gate is how the gate reads in the script.
func (s Release) gate() string {
	if len(s.If) == 0 {
		return ""
	}
	var asks []string
	for _, a := range s.If {
		asks = append(asks, a.String())
	}
	must := "if none fails: "
	if s.Sure {
		must = "if all pass: "
	}
	return must + strings.Join(asks, "; ")
}

// Windows are those that the gate asks about.
func (s Release) Windows() []string {
	var all []string
	for _, a := range s.If {
		if w, ok := a.(windowed); ok {
			all = append(all, w.Windows()...)
		}
	}
	return all
}

// releases says whether there is a release among the steps.
func (d Drill) releases() bool {
	return slices.ContainsFunc(d.Steps, func(t Timed) bool { _, ok := t.Step.(Release); return ok })
}

// release is a release under way. One change at a time: else one that was taken back could grow once more.
type release struct {
	sync.Mutex
	percent int
	over    bool // it was taken back, or held: it does not grow any more
}

// now is the share that the users have.
func (l *release) now() (percent int, over bool) {
	l.Lock()
	defer l.Unlock()
	return l.percent, l.over
}

// cellsWithin is how long a gate waits, once every client has been answered or has given up, for the generator to write that down.
const cellsWithin = 5 * time.Second

// to takes a step of a release, if its gate and what was decided before let it.
func (r *run) to(ctx context.Context, s Release) {
	if s.Percent == 0 {
		r.takeBack(ctx)
		return
	}
	if _, over := r.release.now(); over || !r.pass(ctx, s) {
		return
	}
	r.release.Lock()
	defer r.release.Unlock()
	if !r.release.over {
		r.release.percent = s.Percent
		r.take(ctx, s)
	}
}

// pass puts the gate to what was seen so far, and writes down what came of it. Where one fails the release is taken back.
func (r *run) pass(ctx context.Context, s Release) bool {
	if len(s.If) == 0 {
		return true
	}
	e := record.Event{Track: record.Gate, What: judge.GateName(s.Percent), From: r.now()}
	v := judge.Judge(r.soFar(ctx, s.Windows()), s.If)
	e.Effective, e.To, e.Level, e.Because = r.now(), r.now(), v.Status.String(), because(v)
	r.note(func() { r.m.Events = append(r.m.Events, e) })
	switch {
	case v.Status == judge.Fail:
		r.takeBack(ctx)
		return false
	case v.Status != judge.Pass && s.Sure:
		r.release.Lock()
		defer r.release.Unlock()
		r.release.over = true
		return false
	}
	return true
}

// because are the findings that are as bad as the verdict; of a pass, those that hang on the version.
func because(v judge.Verdict) string {
	var said []string
	for _, f := range v.Findings {
		if f.Status == v.Status && (v.Status != judge.Pass || f.Kind == judge.Hypothesis) {
			said = append(append(said, f.Because), f.Examples...)
		}
	}
	if len(said) == 0 {
		return "nothing was asked"
	}
	return strings.Join(said, "; ")
}

// takeBack gives everybody the old version, and writes it down; a second time it does nothing.
func (r *run) takeBack(ctx context.Context) {
	r.release.Lock()
	defer r.release.Unlock()
	if r.release.percent > 0 {
		r.take(ctx, Release{})
	}
	r.release.percent, r.release.over = 0, true
}

// soFar is the record as far as it is there, once the windows are whole in it. What the gates ask about is in it, and no books.
func (r *run) soFar(ctx context.Context, windows []string) *record.Record {
	asked := record.Span{From: r.end}
	for _, name := range windows {
		if w, ok := r.m.Window(name); ok {
			asked = record.Span{From: min(asked.From, w.From), To: max(asked.To, w.To)}
		}
	}
	so := &record.Record{Attempts: r.attemptsSoFar}
	so.Drill, so.Seed, so.Scale, so.Windows, so.Activity, so.Profile = r.m.Drill, r.m.Seed, r.m.Scale, r.m.Windows, r.m.Activity, r.m.Profile
	end := r.m.Began.Add(asked.To + r.m.Profile.Patience + cellsWithin)
	for at := r.m.Began.Add(asked.To + r.m.Profile.Patience); pause.Until(ctx, at) && at.Before(end); at = time.Now().Add(judge.SampleEvery / 2) {
		so.Versions = r.versionsSoFar(asked.From)
		if so.Versions != nil && so.Versions.Until() >= asked.To {
			break
		}
	}
	r.note(func() { so.Gauges, so.Events = slices.Clone(r.seen), slices.Clone(r.m.Events) })
	return so
}

// versionsSoFar is what was owed from a time on; nil where the generator tells nobody apart, or has told nothing yet.
func (r *run) versionsSoFar(from time.Duration) *record.Versions {
	v, err := record.GrowingVersions(filepath.Join(r.with.Into.Dir(), record.CellsFile), r.m.Profile, from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.trouble("read the cells while they grow: %v", err)
	}
	return v
}

// attemptsSoFar is the claims that the generator has written down by now.
func (r *run) attemptsSoFar() iter.Seq2[loadprofiles.Attempt, error] {
	return func(yield func(loadprofiles.Attempt, error) bool) {
		for a, err := range record.Attempts(filepath.Join(r.with.Into.Dir(), record.JournalFile)) {
			if errors.Is(err, loadprofiles.ErrTorn) || !yield(a, err) {
				return
			}
		}
	}
}

// recallEvery is how often the abort rules look.
const recallEvery = time.Second

// recall takes the release back as soon as an abort rule trips, until ctx ends.
func (r *run) recall(ctx context.Context) {
	amounts, err := judge.NewAmounts(r.m.Activity)
	if err != nil {
		r.trouble("recall the release: %v", err)
		return
	}
	for pause.For(ctx, recallEvery) {
		percent, _ := r.release.now()
		if percent == 0 {
			continue
		}
		why, trips := r.drill.Recall.Trips(r.versionsSoFar(r.now()-r.m.Profile.Patience-2*r.drill.Recall.Over), percent)
		if !trips {
			why, trips = r.wrongAmount(amounts)
		}
		if !trips {
			why, trips = r.lostTag()
		}
		if trips {
			e := record.Event{Track: record.Gate, What: judge.Recall, From: r.now(), Level: judge.Aborted, Because: why}
			e.Effective, e.To = e.From, e.From
			r.note(func() { r.m.Events = append(r.m.Events, e) })
			r.takeBack(ctx)
		}
	}
}

// wrongAmount is the first amount that a user was told and that is not the share's. One is enough.
func (r *run) wrongAmount(amounts *judge.Amounts) (why string, wrong bool) {
	for a, err := range r.attemptsSoFar() {
		if err != nil {
			return "", false // the journal's own gate says so when all is over
		}
		if why, off := amounts.Of(a); off != 0 {
			return why, true
		}
	}
	return "", false
}

// lostTag is who refused a write since its tag was lost on the way. One is enough.
func (r *run) lostTag() (why string, lost bool) {
	now := &record.Record{}
	r.note(func() { now.Gauges = []record.Sample{r.last} })
	v := judge.Judge(now, []judge.Assertion{judge.TagsArrive{}})
	return because(v), v.Status == judge.Fail
}

// checkRelease sees that a release can be made, judged and aborted.
func (d Drill) checkRelease(s Step) error {
	r, ok := s.(Release)
	switch {
	case !ok:
		return nil
	case !gray.Allowed(r.Percent):
		return fmt.Errorf("%s: want one of %v percent", r, gray.Stages())
	case len(d.Topology.New()) == 0:
		return fmt.Errorf("%s, but topology %s has no new version; take it WithGray", r, d.Topology.Name)
	case !slices.Contains(append(d.Load.Cohorts, 0), r.Percent):
		return fmt.Errorf("%s, but the load tells the users apart at %v percent", r, d.Load.Cohorts)
	case !(d.Recall.More > 0 && d.Recall.Over >= time.Second && d.Recall.Least > 0):
		return fmt.Errorf("%s, but no abort rule could trip: %+v", r, d.Recall)
	}
	for _, name := range r.Windows() {
		if !slices.Contains(d.names(), name) {
			return fmt.Errorf("%s: its gate asks about %q, which is no phase", r, name)
		}
	}
	return nil
}
