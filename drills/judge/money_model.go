package judge

import (
	"redpacket/drills/judge/replay"
	"redpacket/system/activity"
)

// SameMoney asks whether the drill's rules give everybody what other rules would have given: one stream of claims, that of the
// drill's load and seed, is put through both, grant by grant. It asks the rules, not the system; AmountsTrue asks the system.
type SameMoney struct {
	As     activity.Activity // the other rules, scaled as the drill's are; amounts are split by the drill's seed
	Clicks uint64            // of the load, so many from the first
}

// String is the promise.
func (a SameMoney) String() string {
	return say("over the first %d clicks the rules give each user the same share, to the fen, as those of activity %d under the drill's seed", a.Clicks, a.As.ID)
}

// Kind is Invariant.
func (SameMoney) Kind() Kind { return Invariant }

// Check replays the stream.
func (a SameMoney) Check(c *Case) (Finding, error) {
	a.As.Seed = c.Seed
	for _, rules := range []activity.Activity{a.As, c.Activity} {
		if err := rules.Check(); err != nil { // what stands in a file may ask for any amount of memory
			return Finding{}, err
		}
	}
	if err := c.Profile.Check(); err != nil {
		return Finding{}, err
	}
	r := replay.Compare(activity.Rules{Activity: a.As}, activity.Rules{Activity: c.Activity}, replay.Claims(c.Profile.Scaled(c.Scale), c.Seed, a.Clicks))
	if r.Different == 0 {
		return passed(r.Granted, "%d claims, %d of them granted, the same by both", r.Claims, r.Granted), nil
	}
	f := failed(r.Claims, "%d of %d claims differ, %+d fen in all", r.Different, r.Claims, r.More)
	for _, d := range r.First {
		f.Examples = append(f.Examples, d.String())
	}
	return f, nil
}
