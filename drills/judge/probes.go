package judge

import (
	"maps"
	"slices"
	"time"

	"redpacket/loadprofiles"
)

// ProbesOnTime asks whether the prober kept its pace, so that what it says of an outage is the system's doing.
type ProbesOnTime struct {
	LateBy time.Duration // bound on how late a probe left while there was somebody to send it to, at the 99th percentile
}

// String is the promise.
func (a ProbesOnTime) String() string {
	return say("the prober kept its pace to the end of the load, and 99 %% of the probes that were acknowledged had left within %s", a.LateBy)
}

// Kind is Validity.
func (ProbesOnTime) Kind() Kind { return Validity }

// Check looks at when probes were owed, and when those left that were acknowledged: others may have found no door.
func (a ProbesOnTime) Check(c *Case) (Finding, error) {
	if c.Probes == nil || c.ProbeEvery <= 0 {
		return unsure(0, "nobody probed"), nil
	}
	var all []loadprofiles.Probe
	var late []time.Duration
	for p, err := range c.Probes() {
		if err != nil {
			return Finding{}, err
		}
		all = append(all, p)
		if p.Acked() {
			late = append(late, p.Sent-p.Owed)
		}
	}
	homes, looked := byHome(all), uint64(len(all))
	for _, home := range slices.Sorted(maps.Keys(homes)) {
		of := homes[home]
		slices.SortFunc(of, func(x, y loadprofiles.Probe) int { return int(x.Owed - y.Owed) })
		for i, p := range of[1:] {
			if p.Owed-of[i].Owed > c.ProbeEvery {
				return unsure(looked, "no probe of the users of %s was owed from %s to %s", home, round(of[i].Owed), round(p.Owed)), nil
			}
		}
		if missing := c.Length() - of[len(of)-1].Owed; missing > 2*c.ProbeEvery {
			return unsure(looked, "the last probe of the users of %s was owed %s before the end of the load", home, round(missing)), nil
		}
	}
	if len(late) == 0 {
		return unsure(looked, "no probe was acknowledged"), nil
	}
	slices.Sort(late)
	p99 := late[len(late)*99/100]
	f := passed(looked, "%d probes of the users of %d data centres, %d acknowledged, p99 of those left %s late", looked, len(homes), len(late), round(p99))
	if p99 > a.LateBy {
		f.Status = Inconclusive
	}
	return f, nil
}
