package drills

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/rig"
	"redpacket/faults/warden"
	"redpacket/loadprofiles"
	"redpacket/system/books"
	"redpacket/system/pause"
)

// ErrCluster says that the stage failed: nothing was learned about the system, good or bad.
var ErrCluster = errors.New("the stage failed, so nothing was learned about the system")

// Cluster is the running system: its levers, its gauges, its books.
type Cluster interface {
	Levers
	Gauges
	Keepers
}

// Gauges are read while the drill runs.
type Gauges interface {
	// Scrape reads every node's metrics; what could be read comes with the error about the rest.
	Scrape(ctx context.Context) (Samples, error)
	// CPU is used per node since it started; a dead node is missing, and named by an error beside the others' times.
	CPU(ctx context.Context) (map[string]time.Duration, error)
	// Alarms is what the system's own monitor noticed in a span; nothing when it has no monitor.
	Alarms(ctx context.Context, from, to time.Time) (Noticed, error)
	Money
}

// Keepers are asked when the drill is over.
type Keepers interface {
	Books(ctx context.Context, keep books.Keep) (books.Summary, error)
	Autopsy(ctx context.Context) ([]record.Death, error)
}

// Samples is Samples[node][`name{label="v"}`] = value.
type Samples map[string]map[string]float64

// Volley fires a load at a cluster's front door and leaves tally.bin and journal.bin in a directory.
type Volley interface {
	Fire(ctx context.Context, shot Shot, tell func(Progress)) (loadprofiles.Yield, error)
}

// Prober claims at an even pace, beside the load and apart from it, as users of its own.
type Prober interface {
	// Probe blocks until the last probe has ended; times are since began.
	Probe(ctx context.Context, began time.Time, p Pace) ([]loadprofiles.Probe, error)
}

// Pace is what a prober is to do for the users of each data centre.
type Pace struct {
	Every  time.Duration
	Length time.Duration // no probe leaves later
}

// Shot is one load to fire.
type Shot struct {
	Profile loadprofiles.Profile // unscaled
	Scale   float64
	Seed    uint64
	Dir     string
}

// Progress is how a load goes, a few times a second.
type Progress struct {
	At      time.Duration // since the volley began; 0 or less: it has not begun
	Length  time.Duration
	Offered float64 // requests/s, lately
	Goodput float64 // of them, done
	Late    time.Duration

	Answered  float64 // requests/s of the critical path that ended lately, in whatever way
	Succeeded float64 // of them, done or refused by the business
	Wrong     string  // the first contradiction that users were told; empty: none
	Doing     string  // what else is going on: waiting, draining, reading the books
}

// Conditions are what a run adds to its drill.
type Conditions struct {
	Scale  float64 // 0 … 1
	Volley Volley
	Prober Prober // nil: a drill that probes cannot be run
	Into   *record.Writer
	Tell   func(Progress) // must not block
	Facts  Facts

	// Ward ends what the drill hurts. nil: the run has one of its own, with a journal beside the record and nobody who
	// would heal if this process died.
	Ward *warden.Ward
}

// Facts are what the record says of the run beside what was seen.
type Facts struct {
	Revision string
	Images   map[string]string
	Rig      record.Rig
	Notes    []string
}

// Run carries a drill out on a cluster that stands as d.Stage asks, and returns the record, saved and sealed. An error
// means that there is no record to judge; it wraps ErrCluster when the stage is to blame.
func Run(ctx context.Context, d Drill, on Cluster, with Conditions) (*record.Record, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	if d.Probe > 0 && with.Prober == nil {
		return nil, fmt.Errorf("drill %s: %w: nobody is there to probe", d.ID, ErrCluster)
	}
	if with.Ward == nil {
		own, err := warden.Hold(warden.Beside(with.Into.Dir()), nil)
		if err != nil {
			return nil, fmt.Errorf("drill %s: %w", d.ID, err)
		}
		defer own.Close()
		with.Ward = own
	}
	if err := with.Ward.Fit(); err != nil {
		return nil, fmt.Errorf("drill %s: %w: %w", d.ID, ErrCluster, err)
	}
	r := &run{drill: d, on: on, with: with, m: manifest(d, with), end: d.Profile().Curve.Length(), fired: newTriggers(d.Steps)}
	if err := r.awaitHealth(ctx); err != nil {
		return nil, fmt.Errorf("drill %s: wait for health: %w: %w", d.ID, ErrCluster, err)
	}
	if err := r.perform(ctx); err != nil {
		return nil, fmt.Errorf("drill %s: %w", d.ID, err)
	}
	if err := r.closeBooks(ctx); err != nil {
		return nil, fmt.Errorf("drill %s: %w", d.ID, err)
	}
	if err := with.Into.Finish(r.m); err != nil {
		return nil, fmt.Errorf("drill %s: %w", d.ID, err)
	}
	return record.Open(with.Into.Dir())
}

// run is a drill under way.
type run struct {
	drill Drill
	on    Cluster
	with  Conditions
	m     record.Manifest
	end   time.Duration // of the load, since the drill began

	release release // of a new version
	guards  guards

	mu    sync.Mutex
	last  record.Sample // the latest reading of the gauges
	fired *triggers
	bad   []string        // troubles
	seen  []record.Sample // all readings, while a release is judged by them
}

func manifest(d Drill, with Conditions) record.Manifest {
	script, stage := d.Script(), d.Stage(with.Scale)
	claims, _ := judge.Encode(d.Assertions) // Check has encoded them already
	return record.Manifest{
		Drill: d.ID, Name: d.Name, Why: d.Why, Group: d.Group, Seed: d.Seed, Scale: with.Scale,
		Script: script, ScriptHash: ScriptHash(script), Windows: d.Windows(), Claims: claims,
		Activity: stage.Activity, Rules: stage.Rules, Profile: d.Profile(), ProbeEvery: d.Probe, Nodes: len(stage.Topology.Nodes),
		Revision: with.Facts.Revision, Images: with.Facts.Images, Rig: with.Facts.Rig, Notes: with.Facts.Notes,
	}
}

// perform fires the load, and from the moment it begins plays the timeline and reads the gauges; then it drains.
func (r *run) perform(ctx context.Context) error {
	used, err := r.on.CPU(ctx)
	if len(used) == 0 && err != nil {
		return fmt.Errorf("read CPU: %w: %w", ErrCluster, err)
	}
	watching, stop := context.WithCancel(ctx)
	firing, abort := context.WithCancelCause(ctx)
	guarding, relax := context.WithCancel(firing)
	var group, hurts, guards sync.WaitGroup
	defer group.Wait()
	defer hurts.Wait()
	defer abort(nil)
	defer relax()
	defer stop()
	var once sync.Once
	begin := func(p Progress) {
		if p.At > 0 {
			once.Do(func() {
				r.m.Began = time.Now().Add(-p.At)
				group.Go(func() { r.watch(watching) })
				group.Go(func() { r.play(firing) })
				group.Go(func() { r.probe(firing) })
				hurts.Go(func() { r.sufferAll(firing) })
				guards.Go(func() { r.guard(guarding, abort) })
				if r.drill.releases() {
					group.Go(func() { r.recall(firing) })
				}
			})
		}
		r.guards.hear(p)
		r.with.Tell(p)
	}
	shot := Shot{Profile: r.m.Profile, Scale: r.with.Scale, Seed: r.drill.Seed, Dir: r.with.Into.Dir()}
	ticks := rig.Count()
	r.m.Yield, err = r.with.Volley.Fire(firing, shot, begin)
	gone := r.now()
	relax()
	guards.Wait()
	r.m.Notes = append(r.m.Notes, fmt.Sprintf("the hypervisor kept %.1f %% of this machine's processor time from it during the load", 100*rig.Count().StolenSince(ticks)))
	if err != nil {
		return fmt.Errorf("fire %s: %w: %w", r.m.Profile.Name, ErrCluster, err)
	}
	if r.m.Began.IsZero() {
		return fmt.Errorf("fire %s: %w: it never began", r.m.Profile.Name, ErrCluster)
	}
	if hurts.Wait(); r.aborted() {
		r.quieten(ctx, gone)
	}
	r.phaseEvents()
	r.note(func() { r.m.Events = append(r.m.Events, r.fired.all(r.end)...) })
	r.drain(ctx)
	r.alarmEvents(ctx)
	r.cpuSince(ctx, used)
	return ctx.Err()
}

// play takes each step at its time.
func (r *run) play(ctx context.Context) {
	for _, t := range r.drill.Steps {
		if !pause.Until(ctx, r.m.Began.Add(t.At)) {
			return
		}
		if s, ok := t.Step.(Release); ok {
			r.to(ctx, s)
		} else {
			r.take(ctx, t.Step)
		}
	}
}

// take takes a step and writes down when it was seen to bite.
func (r *run) take(ctx context.Context, s Step) {
	e := record.Event{Track: record.Playbook, What: s.String(), From: r.now()}
	err := s.Do(ctx, r.on)
	e.To = r.now()
	if e.Effective = e.To; err != nil {
		e.Effective, e.Err = 0, err.Error()
	}
	r.note(func() { r.m.Events = append(r.m.Events, e) })
}

// probe has the prober claim for as long as the load lasts. What it could not do is a trouble.
func (r *run) probe(ctx context.Context) {
	if r.drill.Probe == 0 {
		return
	}
	all, err := r.with.Prober.Probe(ctx, r.m.Began, Pace{Every: r.drill.Probe, Length: r.end})
	if err == nil {
		err = r.with.Into.Probes(all)
	}
	if err != nil {
		r.trouble("%v", err)
	}
}

func (r *run) phaseEvents() {
	for _, w := range r.m.Windows {
		e := record.Event{Track: record.Phase, What: w.Name, From: w.From, Effective: w.From, To: w.To}
		r.note(func() { r.m.Events = append(r.m.Events, e) })
	}
}

// closeBooks takes what is left to see. What cannot be read is a trouble in the record: the load was real, and what was
// seen of it may still tell.
func (r *run) closeBooks(ctx context.Context) error {
	r.with.Tell(Progress{Doing: "looking at every container"})
	var looks sync.WaitGroup
	looks.Go(func() { r.audit(ctx) })
	deaths, err := r.on.Autopsy(ctx)
	looks.Wait()
	if r.m.Deaths, r.m.Autopsy = deaths, err == nil; err != nil {
		r.trouble("autopsy: %v", err)
	}
	r.with.Tell(Progress{Doing: "reading the books"})
	r.m.Shelves, err = r.with.Into.Shelves(func(keep books.Keep) (err error) {
		r.m.Summary, err = r.on.Books(ctx, keep)
		return err
	})
	if err != nil {
		r.trouble("books: %v", err)
	}
	lasting(r.m.Events, r.end)
	r.m.Troubles = r.bad
	return ctx.Err()
}

// cpuSince books the processor time of each node during the drill.
func (r *run) cpuSince(ctx context.Context, before map[string]time.Duration) {
	after, err := r.on.CPU(ctx)
	if len(after) == 0 && err != nil {
		r.trouble("read CPU: %v", err)
	}
	r.m.CPU = map[string]time.Duration{}
	for node, used := range after {
		r.m.CPU[node] = max(0, used-before[node])
	}
}

func (r *run) trouble(format string, args ...any) {
	r.note(func() { r.bad = append(r.bad, fmt.Sprintf(format, args...)) })
}

func (r *run) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// now is the time since the drill began, read monotonically.
func (r *run) now() time.Duration { return time.Since(r.m.Began) }
