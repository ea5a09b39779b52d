package bench

import (
	"context"
	"errors"
	"fmt"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles/volley"
	"redpacket/system/api"
)

// What B3 offers, and what a third of it is.
const (
	flood = 200_000.0
	third = flood / 3
)

// The squeeze. The store that decides is the one part whose every claim costs it the same; what the pools of ams pay for a
// request falls so far with the load that a quota which bites would be under the kernel's millisecond.
const (
	squeezedNode = "cmem-1" // the primary of a fresh cluster
	firstSqueeze = 0.15     // cores
	tighter      = 0.75     // each try over the one before
	mostTries    = 9
	bites        = 0.85 // of what is offered is done at most, when a squeeze bites
)

// squeezed is B3. The store is squeezed until half as much again as a third of the flood is more than the system can do;
// its capacity is measured at a rate just above it, and then the flood comes.
func (b *Bench) squeezed(ctx context.Context) (o outcome, err error) {
	w := fullMix(volley.Journeys)
	w.ops, w.good, w.never, w.overload = judge.Critical(), []api.Outcome{api.Done}, []api.Outcome{api.Failed}, true
	row := finding("B3", "")
	err = b.with(ctx, open(), func(on Cluster) error {
		cores, rough, err := b.squeeze(ctx, on, w)
		if err != nil {
			return err
		}
		before, err := b.capacity(ctx, on, w, rough)
		if err != nil {
			return err
		}
		dynamic := dynamicShare()
		row.Notes = append(row.Notes, fmt.Sprintf("%s squeezed to %.3f cores: capacity %s dynamic requests/s done of %s/s offered, which is %.2f of the flood's",
			squeezedNode, cores, thousands(before.Answered), thousands(before.Offered*dynamic), before.Answered/(flood*dynamic)))
		b.Say("B3: " + row.Notes[0])
		for n := range b.Runs {
			rest(ctx, on)
			seen, err := b.fire(ctx, on, w, flood, b.Hold)
			if err != nil {
				return err
			}
			b.Say(fmt.Sprintf("B3: run %d of %d: %s", n+1, b.Runs, seen))
			row.flooded(seen, before)
		}
		o = outcome{[]Finding{row}, []Cost{dearest("B3", row.Seen)}}
		return nil
	})
	return o, err
}

// capacity is what is done at a rate just above what can be done: it rises from a rough figure (dynamic requests/s) until
// not all is done any more.
func (b *Bench) capacity(ctx context.Context, on Cluster, w work, rough float64) (seen Seen, err error) {
	for range mostTries {
		rest(ctx, on)
		if seen, err = b.fire(ctx, on, w, 1.1*rough/dynamicShare(), max(min(glance, b.Hold), b.Hold/3)); err != nil {
			return seen, err
		}
		if seen.Answered < 0.97*seen.Offered*dynamicShare() {
			break
		}
		rough = seen.Answered
	}
	return seen, nil
}

// dynamicShare is how much of the full mix is not static.
func dynamicShare() float64 {
	f := clients().Funnel
	return (f.PerClick() - f.Share(api.Static)) / f.PerClick()
}

// flooded takes one run in.
func (f *Finding) flooded(seen, before Seen) {
	ratio := 0.0
	if before.Answered > 0 {
		ratio = seen.Answered / before.Answered
	}
	f.Values, f.Seen = append(f.Values, ratio), append(f.Seen, seen)
	f.Notes = append(f.Notes, fmt.Sprintf("goodput %.3f of the capacity; of the dynamic requests not done %.2f %% were told so; %s", ratio, 100*seen.Explicit, seen))
	if !seen.Held() {
		f.Broken = append(f.Broken, seen.Wrong)
	}
}

// squeeze tightens until it bites, and returns the cores that are left and what is done with them, dynamic requests/s.
func (b *Bench) squeeze(ctx context.Context, on Cluster, w work) (cores, done float64, err error) {
	cores = firstSqueeze
	for range mostTries {
		if err := on.Squeeze(ctx, squeezedNode, cores); err != nil {
			return 0, 0, err
		}
		rest(ctx, on)
		seen, err := b.fire(ctx, on, w, 1.5*third, min(glance, b.Hold))
		if err != nil {
			return 0, 0, err
		}
		b.Say(fmt.Sprintf("B3: %s squeezed to %.3f cores: %s dynamic requests/s done of %s/s", squeezedNode, cores,
			thousands(seen.Answered), thousands(seen.Offered*dynamicShare())))
		if seen.Answered < bites*seen.Offered*dynamicShare() {
			return cores, seen.Answered, nil
		}
		cores *= tighter
	}
	return 0, 0, fmt.Errorf("%w: %w", drills.ErrCluster, errors.New("no squeeze of "+squeezedNode+" bites; this rig is too fast for B3's quota"))
}
