// Package drills says what a drill is and carries it out: check, wait for health, fire and play, drain, take the books.
package drills

import (
	"context"
	"strings"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/faults"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/topology"
)

// Drill is one rehearsal as a literal value. Rates and stocks are those of the whole event; a run multiplies them by its
// scale. Times are never scaled.
type Drill struct {
	ID    string // its name on the command line, such as pr-4
	Name  string
	Why   string // what is learned when it fails
	Group string // smoke, pressure, gray, fault, dr or night
	Seed  uint64

	Topology topology.Topology
	Activity func(seed uint64, scale float64) activity.Activity
	Rules    config.Rules // at scale 1; what the instances are built for is worked out from Built
	Built    float64      // requests/s that the system is built for, all ops together; 0: as many as it can
	Scale    float64      // the scale of a run that asks for none, 0 … 1; 0: what the rig carries

	Load       loadprofiles.Profile // the clients; the curve is that of the phases
	Probe      time.Duration        // between two claims of a sequence prober in each data centre, never scaled; 0: there is none
	Phases     []Phase              // one after the other, each a window that assertions may name
	Injections []Injection          // what hurts the system meanwhile
	Steps      []Timed              // what else is done to it, in order of time
	Recall     judge.Burns          // takes a release back at once; so does any amount that is not the share's, or a write that lost its tag
	Assertions []judge.Assertion
	Aborts     []AbortRule // what ends the drill before its time
}

// Phase is a named stretch of the load.
type Phase struct {
	Name  string
	Curve loadprofiles.Curve // requests/s
}

// Timed is a step and when it is taken, since the load began.
type Timed struct {
	At   time.Duration
	Step Step
}

// Step is something done to the running system that hurts nothing. Its String names everything it depends on, so that two steps that differ
// read differently. Do returns once the effect can be seen from outside, and must heed ctx.
type Step interface {
	String() string
	Do(ctx context.Context, on Levers) error
}

// Levers are what faults and steps may pull.
type Levers interface {
	faults.Levers
	Switchboard
	// Shift sends a region's users (empty: every region's) to data centres by weight; it returns when the name service
	// answers so. A data centre that is not named gets nobody.
	Shift(ctx context.Context, region string, weights map[string]int) error
	// Release gives a share of the users, in percent, the new version; it returns when every process has echoed that.
	Release(ctx context.Context, percent int) error
	Pair
}

// Pair is what a step may ask of two data centres.
type Pair interface {
	// TakeOver has the other data centre serve those who are at home in one; it returns when every gateway sends them there.
	TakeOver(ctx context.Context, home string) error
	// GiveBack returns them to their home; it returns when that serves them, and grants are mirrored again.
	GiveBack(ctx context.Context, home string) error
}

// Title is the id as the catalogue of drills writes it, and the name.
func (d Drill) Title() string { return strings.ToUpper(d.ID) + " " + d.Name }

// Profile is the load as it is fired, unscaled.
func (d Drill) Profile() loadprofiles.Profile {
	p := d.Load
	p.Curve = nil
	for _, phase := range d.Phases {
		p.Curve = append(p.Curve, phase.Curve...)
	}
	return p
}

// Windows are the phases with their times.
func (d Drill) Windows() []record.Window {
	var windows []record.Window
	var at time.Duration
	for _, p := range d.Phases {
		end := at + p.Curve.Length()
		windows = append(windows, record.Window{Name: p.Name, Span: record.Span{From: at, To: end}})
		at = end
	}
	return windows
}

// Stage is the system that a drill wants at a scale.
type Stage struct {
	Topology topology.Topology
	Activity activity.Activity
	Rules    config.Rules
}

// spare is what an instance is built for beyond its even share of Built: shares are not even to the call, and a queue
// that is served exactly as fast as it fills never empties.
const spare = 1.05

// Stage scales the stocks, the games' limits, the capacities that triggers are shares of, and what the instances of each pool are built for: the calls that the
// funnel sends their way at Built requests/s, shared evenly, and 5 % spare.
func (d Drill) Stage(scale float64) Stage {
	s := Stage{Topology: d.Topology, Activity: d.Activity(d.Seed, scale), Rules: d.Rules}
	s.Rules.DeliveryRate = max(1, d.Rules.DeliveryRate*scale)
	most := &s.Rules.Capacity
	most.Requests, most.StoreBytes, most.Backlog = most.Requests*scale, most.StoreBytes*scale, most.Backlog*scale
	clicks := d.Built * scale / d.Load.Funnel.PerClick()
	calls := func(ops ...api.Op) float64 {
		sum := 0.0
		for _, op := range ops {
			sum += clicks * d.Load.Funnel.Share(op) * spare
		}
		return sum
	}
	s.Rules.LightRate = calls(api.List, api.Select, api.Receipt) / float64(max(1, len(d.Topology.Old("ams-light"))))
	s.Rules.HeavyRate = calls(api.Claim) / float64(max(1, len(d.Topology.Old("ams-heavy"))))
	return s
}
