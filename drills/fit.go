package drills

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// Limits are what a rig carries, in requests/s of the full mix.
type Limits struct {
	Generator float64 // against a server that does nothing
	System    float64 // answered cleanly by a cluster without build limits
}

// How much more than its share each part must carry, so that a drill measures the system and not the rig. The system
// needs more room: it shares its cores with the kernel's work for it, and a probe is shorter than a drill.
const (
	room       = 1.15 // the generator, and each step of a probe over the rate it is named for
	roomSystem = 1.5
)

// grid are the scales there are, in rising order.
func grid() []float64 { return []float64{0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1} }

// probed are the parts of what is built that a probe asks for, in rising order: every scale, and so much more that the
// largest scale can be shown to have its room.
func probed() []float64 { return append(grid(), 1.15, roomSystem/room) }

// FitScale is the largest scale at which the rig carries a drill honestly: the generator the night, or the drill's own
// peak (requests/s of the whole event) when that is higher, the system what it is built for, both with room to spare. A
// rig that cannot carry the smallest is an error.
func FitScale(l Limits, peak float64) (float64, error) {
	peak = max(peak, loadprofiles.Night)
	best := 0.0
	for _, scale := range grid() {
		if peak*scale*room <= l.Generator && loadprofiles.Built*scale*roomSystem <= l.System {
			best = scale
		}
	}
	if best == 0 {
		return 0, fmt.Errorf("this rig carries %.0f requests/s of the generator and %.0f of the system; scale %g needs %.0f and %.0f: use a rig with more or idle cores",
			l.Generator, l.System, grid()[0], peak*grid()[0]*room, loadprofiles.Built*grid()[0]*roomSystem)
	}
	return best, nil
}

// Notes say how a scale came about; they belong in the record.
func (l Limits) Notes(scale, peak float64) []string {
	notes := []string{fmt.Sprintf("scale %g fitted: alone, the generator reaches %.0f requests/s and the system answers %.0f cleanly; at scale 1 the load's peak is %.0f",
		scale, l.Generator, l.System, max(peak, loadprofiles.Night))}
	if held := loadprofiles.Built * scale; held*roomSystem < l.System {
		notes = append(notes, fmt.Sprintf("the rig would carry more: build limits hold the system at %.0f requests/s of the full mix", held))
	}
	return notes
}

// Probing is how the system's limit is looked for.
type Probing struct {
	Clients loadprofiles.Profile // whose curve the probe replaces
	Step    time.Duration        // how long each rate is held: 1 s or more
	Volley  Volley
	Dir     string // for the probe's tally and journal
	Tell    func(Progress)
}

// ProbeProfile climbs from the smallest scale's rate to what the largest needs with its room, each held for one step.
func (p Probing) ProbeProfile() loadprofiles.Profile {
	profile := p.Clients
	profile.Name, profile.Curve = "probe", nil
	for _, scale := range probed() {
		profile.Curve = append(profile.Curve, loadprofiles.Hold(loadprofiles.Built*room*scale, p.Step)...)
	}
	return profile
}

// Probe fires ever higher rates of the full mix at a cluster without build limits, and returns the highest that was
// answered cleanly. The first fifth of each step is not looked at.
func Probe(ctx context.Context, p Probing) (float64, error) {
	shot := Shot{Profile: p.ProbeProfile(), Scale: 1, Seed: 1, Dir: p.Dir}
	if _, err := p.Volley.Fire(ctx, shot, p.Tell); err != nil {
		return 0, fmt.Errorf("probe the system: %w: %w", ErrCluster, err)
	}
	tally, err := record.OpenTally(filepath.Join(p.Dir, record.TallyFile))
	if err != nil {
		return 0, fmt.Errorf("probe the system: %w", err)
	}
	return Cleanest(tally, p.Step), nil
}

// Cleanest reads a probe's tally: requests/s of the highest step of which nearly everything came, was answered as meant,
// and within 100 ms of when it was owed. A lower step that was not clean is a hiccup of the rig: a system that had met
// its limit there would not have been clean later, at more.
func Cleanest(t record.Tally, step time.Duration) float64 {
	best := 0.0
	for i, scale := range probed() {
		from := time.Duration(i) * step
		s := record.Span{From: from + step/5, To: from + step}
		owed := loadprofiles.Built * room * scale * s.Length().Seconds()
		if clean(t, s, owed) {
			best = loadprofiles.Built * room * scale
		}
	}
	return best
}

func clean(t record.Tally, s record.Span, owed float64) bool {
	critical := judge.Critical()
	all := t.Count(s, record.Which{Ops: critical})
	good := t.Count(s, record.Which{Ops: critical, Outcomes: []api.Outcome{api.Done, api.Refused}})
	came := t.Count(s, record.Which{})
	return all > 0 && float64(came) >= 0.9*owed && float64(good) >= 0.999*float64(all) &&
		t.Quantile(s, record.Which{}, 0.99) <= 100*time.Millisecond
}
