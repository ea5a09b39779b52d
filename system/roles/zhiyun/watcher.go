package zhiyun

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/ops"
	"redpacket/system/control/playbook"
)

// versionShown is where a process' metrics show which version of the switches it runs with.
const versionShown = "redpacket_switches_version"

// watcher sees every second to it that everyone runs with what is wanted, and that playbooks come when they are due. It
// measures by itself, from the processes: it must not be blind when monitoring is.
type watcher struct {
	*platform
	capacity config.Capacity
	last     playbook.Scrape
	rounds   int // of repair

	mu     sync.Mutex // guards what follows
	watch  *playbook.Watch
	values playbook.Values
}

// run watches until ctx ends.
func (w *watcher) run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		due := w.look(ctx, time.Now())
		w.repair(ctx)
		for _, d := range due {
			w.act(ctx, d)
		}
	}
}

// repair pushes to those who run with something older than what is wanted, such as a process that has started anew, and
// brings the store up to it. A process that runs with something newer has it from another platform.
func (w *watcher) repair(ctx context.Context) {
	of := w.doubtful()
	echoes, errs := w.each(ctx, of, w.echo)
	want, missing := w.wanted.Load(), 0
	for i, e := range echoes {
		switch {
		case errs[i] != nil:
			missing++
		case e.Version > want.Version:
			w.newer(e.Switches)
		case !e.Switches.Equal(*want):
			if _, err := w.push(ctx, of[i], *want); err != nil {
				missing++
			}
		}
	}
	w.missing.Store(int64(missing))
	if w.store != nil {
		w.inStore(ctx)
	}
}

// wholeEvery is how many rounds of repair come to one that asks everyone for all that it runs with. In the others a
// process that shows the wanted version is believed: only two platforms can have made two of them.
const wholeEvery = 5

// doubtful are the processes that must be asked what they run with, since their metrics did not show the wanted version.
func (w *watcher) doubtful() []config.Instance {
	w.rounds++
	if w.rounds%wholeEvery == 0 {
		return w.all
	}
	shown, want := map[string]bool{}, float64(w.wanted.Load().Version)
	for _, i := range w.last.Instances {
		v, there := i.Values[versionShown]
		shown[i.Node] = there && v == want
	}
	return slices.DeleteFunc(slices.Clone(w.all), func(i config.Instance) bool { return shown[i.Node] })
}

// look measures, and returns what is to be done of itself.
func (w *watcher) look(ctx context.Context, now time.Time) []playbook.Decision {
	scrape := w.scrape(ctx, now)
	v := playbook.Measure(w.last, scrape, w.capacity)
	w.last = scrape
	w.mu.Lock()
	defer w.mu.Unlock()
	w.values = v
	return w.watch.Step(now, v, w.wanted.Load().Active)
}

// scrape reads the metrics that playbooks ask for, of everyone at once. Who does not answer is left out.
func (w *watcher) scrape(ctx context.Context, now time.Time) playbook.Scrape {
	names := append(playbook.Series(), versionShown)
	path := "/-/metrics?" + url.Values{"name[]": names}.Encode()
	read := make([]playbook.Instance, len(w.all))
	var group sync.WaitGroup
	for i, instance := range w.all {
		group.Go(func() {
			page, err := w.request(ctx, instance, http.MethodGet, path, nil)
			if err == nil {
				read[i] = playbook.Instance{Node: instance.Node, Role: instance.Role, IDC: instance.IDC, Values: readMetrics(page, names)}
			}
		})
	}
	group.Wait()
	s := playbook.Scrape{At: now}
	for _, i := range read {
		if i.Node != "" {
			s.Instances = append(s.Instances, i)
		}
	}
	return s
}

func (w *watcher) act(ctx context.Context, d playbook.Decision) {
	what, do := "closed", func() (ops.Outcome, error) { return w.rollBack(ctx, d.Playbook) }
	if d.Activate {
		what, do = "activated", func() (ops.Outcome, error) { return w.activate(ctx, d.Playbook, control.ByTrigger) }
	}
	o, err := do()
	if d.Activate && o.Changed {
		w.mu.Lock()
		w.watch.Activated(d.Playbook)
		w.mu.Unlock()
	}
	line := fmt.Sprintf("playbook %s is %s of itself: version %d, %d of %d processes after %d ms", d.Playbook, what, o.Version,
		o.Instances-len(o.Missing), o.Instances, o.TookMS)
	if err != nil {
		line = fmt.Sprintf("playbook %s is due, and was not %s: %v", d.Playbook, what, err)
	}
	fmt.Printf("zhiyun %s: %s\n", w.node, strings.ReplaceAll(line, "\n", "; "))
}

// standings is every playbook and how it stands.
func (w *watcher) standings() []ops.Standing {
	w.mu.Lock()
	defer w.mu.Unlock()
	active := w.wanted.Load().Active
	var all []ops.Standing
	for _, p := range w.books {
		s := ops.Describe(p)
		for _, a := range active {
			if a.Playbook == p.ID {
				s.State, s.By = ops.Active, a.By
			}
		}
		open, closing := w.watch.Due(p.ID)
		switch {
		case s.By == "" && open:
			s.Due = "activate"
		case s.By != "" && closing:
			s.Due = "close"
		}
		if v, known := w.values[p.Trigger.Metric]; known {
			s.Now = &v
		}
		all = append(all, s)
	}
	return all
}
