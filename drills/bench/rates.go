package bench

import (
	"context"
	"fmt"
	"time"

	"redpacket/drills"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/money"
	"redpacket/system/topology"
)

// open is the system without build limits, with so much in stock that no rate of ours sells out what most come for.
func open() drills.Stage {
	s := drills.Stage{Topology: topology.OneIDC(), Activity: activity.Festival(1, 1), Rules: config.Default()}
	stock(&s.Activity.Gifts[0], 4_000_000)
	return s
}

// stock sets how many shares of a gift there are; what a share is worth stays.
func stock(g *activity.Gift, shares uint32) {
	each := g.Total / money.Fen(g.Shares)
	g.Shares, g.Total = shares, each*money.Fen(shares)
}

// clients are the event's, who do not try again: what is offered must not depend on what is refused.
func clients() loadprofiles.Profile {
	p := loadprofiles.Estimate96k(time.Second)
	p.Retry = loadprofiles.Retry{}
	return p
}

// fullMix is all of a click, all admitted.
func fullMix(style volley.Style) work {
	return work{load: stage.Load{Profile: clients(), Style: style}, good: []api.Outcome{api.Done, api.Refused},
		never: []api.Outcome{api.Shed, api.Failed, api.Doubt}}
}

// highest looks for the highest rate that a row's work holds, on a cluster that stands.
func (b *Bench) highest(ctx context.Context, on Cluster, id string, w work) (found, error) {
	row := finding(id, "").Row
	gate := row.Gate
	if gate == 0 {
		gate = row.Goal
	}
	failed := false
	return search{from: 0.75 * gate, to: 1.25 * row.Goal, hold: b.Hold, runs: b.Runs,
		say: func(line string) { b.Say(id + ": " + line) },
		try: func(ctx context.Context, rate float64, hold time.Duration) (Seen, error) {
			if failed {
				rest(ctx, on)
			}
			seen, err := b.fire(ctx, on, w, rate, hold)
			failed = !seen.Held()
			return seen, err
		},
	}.find(ctx)
}

// rated is the finding and the costs of a search.
func rated(id string, f found) (Finding, []Cost) {
	out := finding(id, "")
	out.Seen, out.Notes = f.runs, f.notes
	for _, s := range f.runs {
		if f.held {
			out.Values = append(out.Values, s.Answered)
		}
		out.Notes = append(out.Notes, s.String())
	}
	if !f.held {
		out.Missing = "no rate was held"
	}
	return out, []Cost{dearest(id, f.runs)}
}

// dearest is the costs of the run that cost most.
func dearest(id string, runs []Seen) Cost {
	most := Cost{}
	for _, s := range runs {
		if s.Cost.System()+s.Cost.Generator >= most.System()+most.Generator {
			most = s.Cost
		}
	}
	most.ID = id
	return most
}

// mixed measures a row of the full mix.
func (b *Bench) mixed(ctx context.Context, id string, w work, then func(Cluster, found) error) (o outcome, err error) {
	err = b.with(ctx, open(), func(on Cluster) error {
		f, err := b.highest(ctx, on, id, w)
		if err != nil {
			return err
		}
		row, costs := rated(id, f)
		o = outcome{[]Finding{row}, costs}
		if then == nil {
			return nil
		}
		return then(on, f)
	})
	return o, err
}

// requests is B1, and B10: stock Vegeta is offered what B1 held, on the same cluster, as often and as long.
func (b *Bench) requests(ctx context.Context) (outcome, error) {
	var stock []Seen
	o, err := b.mixed(ctx, "B1", fullMix(volley.Requests), func(on Cluster, f found) error {
		if !f.held {
			return nil
		}
		for n := range b.Runs {
			rest(ctx, on)
			seen, err := b.fire(ctx, on, fullMix(volley.Stock), f.runs[0].Offered, b.Hold)
			if err != nil {
				return err
			}
			b.Say(fmt.Sprintf("B10: stock Vegeta, run %d of %d: %s", n+1, b.Runs, seen))
			stock = append(stock, seen)
		}
		return nil
	})
	if err != nil {
		return o, err
	}
	row := against(o.findings[0], stock)
	if len(row.Values) > 0 {
		o.findings[0].Beside = row.Beside
	}
	o.findings = append(o.findings, row)
	return o, nil
}

// against is B10: each of our runs against each of stock Vegeta's, so that the worst pair is shown.
func against(ours Finding, stock []Seen) Finding {
	out := finding("B10", "")
	out.Seen = stock
	most, least := 0.0, 0.0
	for i, s := range stock {
		if s.Answered > most {
			most = s.Answered
		}
		if i == 0 || s.Answered < least {
			least = s.Answered
		}
		for _, v := range ours.Values {
			if s.Answered > 0 {
				out.Values = append(out.Values, v/s.Answered)
			}
		}
		out.Notes = append(out.Notes, fmt.Sprintf("stock Vegeta: %s; Vegeta's own words: %s/s sent, %s/s succeeded, which counts, p99 %.0f ms from when they were sent",
			s, thousands(s.Vegeta.Rate), thousands(s.Vegeta.Throughput), float64(s.Vegeta.P99)/float64(time.Millisecond)))
	}
	if len(out.Values) == 0 {
		out.Missing = "B1 held no rate, or stock Vegeta had no answer"
		return out
	}
	out.Beside = fmt.Sprintf("stock Vegeta answered %s … %s/s", thousands(least), thousands(most))
	return out
}

// journeys is B2, and B6: what its runs cost the generator.
func (b *Bench) journeys(ctx context.Context) (outcome, error) {
	o, err := b.mixed(ctx, "B2", fullMix(volley.Journeys), nil)
	if err != nil {
		return o, err
	}
	row := finding("B6", "")
	for _, s := range o.findings[0].Seen {
		row.Values = append(row.Values, s.Cost.Generator)
	}
	limit, err := b.On.SelfTest(ctx, clients())
	if err != nil {
		return o, fmt.Errorf("%w: %w", drills.ErrCluster, err)
	}
	row.Notes = []string{fmt.Sprintf("by itself, against a server that does nothing: %.2f µs/request, up to %s requests/s",
		micros(limit.CPUPerRequest), thousands(limit.RequestsPerSecond))}
	o.findings = append(o.findings, row)
	return o, nil
}

// thousand is B7: the full mix over a thousand client connections.
func (b *Bench) thousand(ctx context.Context) (outcome, error) {
	w := fullMix(volley.Journeys)
	w.load.Profile.Conns = loadprofiles.Conns{Static: 334, Read: 333, Claim: 333}
	return b.mixed(ctx, "B7", w, nil)
}

// presses is how often a refused user of B4 presses at once: as many requests as a click of the event has.
const presses = 6

// refusals is B4: the same few users press claim again and again; and more come, and press, than the system is built for.
func (b *Bench) refusals(ctx context.Context) (outcome, error) {
	limit := work{load: stage.Load{Profile: clients(), Style: volley.Journeys}, good: []api.Outcome{api.Refused},
		never: []api.Outcome{api.Shed, api.Failed, api.Doubt}}
	limit.load.Profile.Funnel = loadprofiles.Funnel{First: api.Claim, Presses: presses}
	limit.load.Profile.Users = loadprofiles.Population{Size: 1000, Gifts: []api.Gift{0, 1, 2, 3}}

	admission := work{load: stage.Load{Profile: clients(), Style: volley.Journeys}, good: []api.Outcome{api.Shed},
		never: []api.Outcome{api.Refused, api.Failed, api.Doubt}}
	admission.load.Profile.Funnel = loadprofiles.Funnel{Presses: presses}
	limit.within, admission.within = serviceLevel, serviceLevel
	small := open()
	// Admission lets two in a hundred pass whatever happens, to see when things are better; they must find room.
	small.Rules.LightRate = 0.02 * finding("B4", "").Goal / float64(len(small.Topology.Role("ams-light")))

	var o outcome
	var parts [2]Finding
	for i, part := range []struct {
		name  string
		stage drills.Stage
		work  work
	}{{"per-user limit", open(), limit}, {"admission", small, admission}} {
		err := b.with(ctx, part.stage, func(on Cluster) error {
			f, err := b.highest(ctx, on, "B4", part.work)
			var costs []Cost
			parts[i], costs = rated("B4", f)
			costs[0].ID = "B4 " + part.name
			o.costs = append(o.costs, costs...)
			return err
		})
		if err != nil {
			return o, err
		}
		for n := range parts[i].Notes {
			parts[i].Notes[n] = part.name + ": " + parts[i].Notes[n]
		}
	}
	o.findings = []Finding{smaller(parts[0], parts[1])}
	return o, nil
}

// smaller is the finding with the worse figure, with the notes of both.
func smaller(a, b Finding) Finding {
	notes := append(a.Notes, b.Notes...)
	if b.Missing != "" || a.Missing == "" && b.Worst() < a.Worst() {
		a = b
	}
	a.Notes = notes
	return a
}
