package drills

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"redpacket/loadprofiles"
)

// jitter bounds by how much a seed moves each moment at which something is hurt: longer than a heartbeat, a reading of the
// gauges, a lease's renewal or the life of a name service's answer, so that a fault comes at any place between two of them.
const jitter = time.Second

// Under is the drill under another seed. The users are others; and each moment at which something is hurt comes later, by
// up to a second, together with all that follows it: what lies between a fault and its windows is the same under every
// seed, so bounds mean the same. Under the seed that it has, it is the drill as it was written.
func (d Drill) Under(seed uint64) Drill {
	if seed == d.Seed {
		return d
	}
	name := fnv.New64a()
	_, _ = name.Write([]byte(d.ID)) // never fails
	chance := rand.New(rand.NewPCG(seed, name.Sum64()))
	d.Seed = seed
	var moved time.Duration
	for _, at := range d.moments() {
		by := time.Duration(chance.Int64N(int64(jitter))).Truncate(time.Millisecond)
		d = d.later(at+moved, by)
		moved += by
	}
	return d
}

// moments are where time is put in, in order: before the first injection of a phase at the beginning of the phase, so that
// its windows keep their lengths; before another one of the same phase at its own time.
func (d Drill) moments() (all []time.Duration) {
	for _, w := range d.Windows() {
		var within []time.Duration
		for _, i := range d.Injections {
			if i.At >= w.From && i.At < w.To {
				within = append(within, i.At)
			}
		}
		slices.Sort(within)
		for n, at := range slices.Compact(within) {
			if n == 0 {
				at = w.From
			}
			all = append(all, at)
		}
	}
	return all
}

// later puts time in: until then the load goes on as it was at that moment; what begins at that moment or after it begins
// later, and what lasts beyond it lasts longer. Nothing comes before the load begins.
func (d Drill) later(at, by time.Duration) Drill {
	if at <= 0 || by <= 0 {
		return d
	}
	d.Phases = slices.Clone(d.Phases)
	for i, w := range d.Windows() {
		if w.From < at && at <= w.To {
			d.Phases[i].Curve = held(d.Phases[i].Curve, at-w.From, by)
		}
	}
	d.Injections = slices.Clone(d.Injections)
	for n := range d.Injections {
		switch i := &d.Injections[n]; {
		case i.At >= at:
			i.At += by
		case i.At+i.For > at:
			i.For += by
		}
	}
	d.Steps = slices.Clone(d.Steps)
	for n := range d.Steps {
		if d.Steps[n].At >= at {
			d.Steps[n].At += by
		}
	}
	changes := slices.Clone(d.Load.Packages.Changes)
	for n := range changes {
		if changes[n].From >= at {
			changes[n].From += by
		}
	}
	d.Load.Packages.Changes = changes
	return d
}

// held is a curve that stays for a while where it is at a time: more than 0, its length at most.
func held(c loadprofiles.Curve, at, by time.Duration) (longer loadprofiles.Curve) {
	for _, s := range c {
		switch {
		case at <= 0 || at > s.For:
			longer = append(longer, s)
		case s.From == s.To:
			longer = append(longer, loadprofiles.Stretch{From: s.From, To: s.To, For: s.For + by})
		default:
			now := s.From + (s.To-s.From)*at.Seconds()/s.For.Seconds()
			longer = append(longer, loadprofiles.Stretch{From: s.From, To: now, For: at}, loadprofiles.Stretch{From: now, To: now, For: by})
			if rest := s.For - at; rest > 0 {
				longer = append(longer, loadprofiles.Stretch{From: now, To: s.To, For: rest})
			}
		}
		at -= s.For
	}
	return longer
}
