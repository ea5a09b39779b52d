package stage

import (
	"context"

	"redpacket/drills"
	"redpacket/drills/rig"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
)

// Standing is a cluster that stands for as long as its caller wants, to be measured rather than judged. It has the
// levers, gauges and books of the cluster. Take it Down.
type Standing struct {
	cluster
	cores string
	say   func(string)
}

// Load is what is fired at a standing cluster, unscaled.
type Load struct {
	Profile loadprofiles.Profile
	Seed    uint64
	Style   volley.Style
	Dir     string                // where the volley leaves its files; it must exist
	Tell    func(volley.Progress) // hears twice a second how it goes; nil: nobody does
}

// Stand stands a system up, in seconds once the images are there, and returns when it is healthy. say hears a line for
// each long step. The program must call Become first in main.
func Stand(ctx context.Context, s drills.Stage, say func(string)) (*Standing, error) {
	on, _, err := up(ctx, s, Run{Say: say})
	if err != nil {
		return nil, err
	}
	return &Standing{cluster: cluster{on}, cores: rig.Mine().Generator, say: say}, nil
}

// Fire fires one load from a process of its own on the generator's core, and blocks until its last answer.
func (s *Standing) Fire(ctx context.Context, l Load) (loadprofiles.Yield, error) {
	job := aimed(s.Cluster, volley.Job{Profile: l.Profile, Scale: 1, Seed: l.Seed, Dir: l.Dir, Cores: s.cores, Style: l.Style})
	return volley.Fire(ctx, job, l.Tell)
}

// Down takes the cluster away, also when ctx has ended.
func (s *Standing) Down(ctx context.Context) error { return down(ctx, s.Cluster, s.say) }
