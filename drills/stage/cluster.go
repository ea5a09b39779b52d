package stage

import (
	"context"
	"time"

	"redpacket/drills"
	"redpacket/drills/record"
	"redpacket/faults"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
	"redpacket/system/api"
	"redpacket/system/provision"
)

// cluster is a provisioned cluster in the words of drills and records, which know nothing of containers.
type cluster struct{ *provision.Cluster }

var _ drills.Cluster = cluster{}

// Scrape reads every node's metrics.
func (c cluster) Scrape(ctx context.Context) (drills.Samples, error) {
	samples, err := c.Cluster.Scrape(ctx)
	return drills.Samples(samples), err
}

// Look tells what a node does.
func (c cluster) Look(ctx context.Context, node string) (faults.State, error) {
	running, frozen, err := c.Cluster.Look(ctx, node)
	switch {
	case frozen:
		return faults.Frozen, err
	case running:
		return faults.Running, err
	}
	return faults.Dead, err
}

// Links are a link, or all that lead to a node.
func (c cluster) Links(victim string) ([]faults.Link, error) {
	found, err := c.Cluster.Links(victim)
	var all []faults.Link
	for _, l := range found {
		all = append(all, faults.Link(l))
	}
	return all, err
}

// Alarms is what the cluster's monitor noticed.
func (c cluster) Alarms(ctx context.Context, from, to time.Time) (all drills.Noticed, err error) {
	found, err := c.Cluster.Alarms(ctx, from, to)
	for _, l := range found.Looked {
		all.Looked = append(all.Looked, drills.Stretch(l))
	}
	for _, a := range found.Alarms {
		what := a.Name
		if a.About != "" {
			what += ": " + a.About
		}
		all.Alarms = append(all.Alarms, drills.Alarm{What: what, Level: a.Level, Playbook: a.Playbook, From: a.From, To: a.To})
	}
	return all, err
}

// Autopsy looks at every container. Where a log tells of an end, it is the process' own last words.
func (c cluster) Autopsy(ctx context.Context) ([]record.Death, error) {
	found, err := c.Cluster.Autopsy(ctx)
	var deaths []record.Death
	for _, d := range found {
		why := d.Why
		if d.Said != "" {
			why += ": " + d.Said
		}
		deaths = append(deaths, record.Death{Node: d.Node, Why: why, Panic: d.Said != ""})
	}
	return deaths, err
}

// fires fires loads at one cluster's front door.
type fires struct {
	on    *provision.Cluster
	cores string
	tag   string
}

var _ drills.Volley = fires{}

// Fire fires one load in a process of its own.
func (f fires) Fire(ctx context.Context, s drills.Shot, tell func(drills.Progress)) (loadprofiles.Yield, error) {
	job := aimed(f.on, volley.Job{Profile: s.Profile, Scale: s.Scale, Seed: s.Seed, Dir: s.Dir, Cores: f.cores, Tag: f.tag})
	var before volley.Progress
	return volley.Fire(ctx, job, func(p volley.Progress) {
		tell(progress(before, p, s))
		before = p
	})
}

// aimed is a job at a cluster: at its one front door, or at those that its name service tells of.
func aimed(on *provision.Cluster, job volley.Job) volley.Job {
	job.Key = on.Key()
	job.Promo, _ = on.Promotion() // a load by a promotion that there is not is refused
	if doors, ok := on.Doors(); ok {
		job.Doors = volley.Doors(doors)
		return job
	}
	job.Front = on.Front()
	return job
}

// progress turns running totals into what happened lately.
func progress(before, now volley.Progress, s drills.Shot) drills.Progress {
	p := drills.Progress{At: now.At, Length: s.Profile.Curve.Length(), Late: now.LateP99, Wrong: now.Wrong}
	if span := (now.At - before.At).Seconds(); span > 0 {
		p.Offered = float64(now.Launched-before.Launched) / span
		p.Goodput = float64(now.Outcomes[api.Done]-before.Outcomes[api.Done]) / span
		for out := range now.Critical {
			ended := float64(now.Critical[out]-before.Critical[out]) / span
			if p.Answered += ended; api.Outcome(out) == api.Done || api.Outcome(out) == api.Refused {
				p.Succeeded += ended
			}
		}
	}
	p.At = max(p.At, time.Nanosecond)
	return p
}
