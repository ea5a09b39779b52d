package stage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"redpacket/drills"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/prober"
	"redpacket/system/activity"
	"redpacket/system/provision"
)

// patience is how long a probe waits for its answer: as long as the users of a load profile do.
const patience = time.Second

// probes claims at the front doors of a cluster.
type probes struct {
	on    *provision.Cluster
	offer activity.Activity
}

var _ drills.Prober = probes{}

// Probe runs one prober for the users of each data centre, in goroutines and by connections of their own.
func (p probes) Probe(ctx context.Context, began time.Time, how drills.Pace) ([]loadprofiles.Probe, error) {
	gift, there := p.offer.WatchedGift()
	if !there {
		return nil, fmt.Errorf("probe: the activity has no gift for anyone")
	}
	job := prober.Job{Every: how.Every, Patience: patience, Length: how.Length, Gift: gift, Key: p.on.Key(), Front: p.on.Front()}
	homes := []string{""}
	doors, named := p.on.Doors()
	if named {
		homes, job.Front, job.DNS, job.Port = doors.Names, "", doors.DNS, doors.Port
	}
	seen := make([][]loadprofiles.Probe, len(homes))
	all, ctx := errgroup.WithContext(ctx)
	for i, name := range homes {
		job := job
		job.Home, job.Name = activity.IDC(i), name
		all.Go(func() (err error) {
			seen[i], err = prober.Run(ctx, job, began)
			return err
		})
	}
	err := all.Wait()
	return slices.Concat(seen...), err
}
