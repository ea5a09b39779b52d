package drills

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/config"
)

// Script is the drill in words, as it is printed before it runs. It is pure: one drill and seed, one script. Rates are
// those of the whole event; a run prints its scale beside it.
func (d Drill) Script() []string {
	p, funded := d.Profile(), d.Activity(d.Seed, 1)
	lines := []string{
		fmt.Sprintf("drill %s: %s", d.ID, d.Name),
		"  why        " + d.Why,
		fmt.Sprintf("  seed       %d", d.Seed),
		fmt.Sprintf("  system     %s: %d containers, %d links; built for %s", d.Topology.Name, len(d.Topology.Nodes), len(d.Topology.Links), built(d.Built)),
		fmt.Sprintf("  activity   %d gifts of %d games, %s funded", len(funded.Gifts), funded.Games, funded.Funded()),
		fmt.Sprintf("  rules      a claim per user every %s, each game accepts %g deliveries/s, faulty instances go by l5's set %q",
			d.Rules.ClaimEvery.D(), d.Rules.DeliveryRate, d.Rules.L5),
		fmt.Sprintf("  clients    %s: %d users, %s, patience %s, %d connections", p.Name, p.Users.Size, retries(p.Retry), p.Patience, p.Conns.All()),
	}
	if d.Probe > 0 {
		lines = slices.Insert(lines, len(lines)-1, fmt.Sprintf("  probes     a claim of another user every %s in each data centre", d.Probe))
	}
	if p.Funnel.Click > 0 {
		lines = slices.Insert(lines, len(lines)-1, fmt.Sprintf("  users      %.0f exposures/s at the peak, %g clicks an exposure, then %d static parts, a list, %g selects a list, %g claims a select, %g receipts a claim that is done",
			p.Exposures().Peak(), p.Funnel.Click, p.Funnel.Statics, p.Funnel.Select, p.Funnel.Claim, p.Funnel.Receipt))
	}
	if promo := p.Promotion; promo.Share > 0 {
		lines = slices.Insert(lines, len(lines)-1, fmt.Sprintf("  promotion  brings %g of the users, each within %s of being shown it", promo.Share, promo.Lag))
	}
	if own := d.Topology.Own(); len(own) > 0 {
		lines = slices.Insert(lines, 4, "  images     of one's own: "+strings.Join(own, ", "))
	}
	if d.Rules.Capacity != (config.Capacity{}) {
		lines = append(lines, fmt.Sprintf("  triggers   are shares of %+v", d.Rules.Capacity))
	}
	lines = append(lines, "  timeline   (rates of the whole event, all ops together; a run multiplies them by its scale)")
	lines = append(lines, d.timeline()...)
	if len(d.Injections) > 0 {
		lines = append(lines, "  faults     (as --fault takes them)")
	}
	for _, i := range d.Injections {
		lines = append(lines, "    "+i.Order())
	}
	for _, rule := range d.Aborts {
		lines = append(lines, "  aborts     when "+rule.String())
	}
	if d.releases() {
		lines = append(lines, "  recalls    when "+d.Recall.String()+"; or any amount is not the share's; or a write lost its tag")
	}
	lines = append(lines, "  asserts")
	for _, a := range d.Assertions {
		lines = append(lines, fmt.Sprintf("    %-10s %s", a.Kind(), a))
	}
	return lines
}

// ScriptHash is the SHA-256 of a script, in hex.
func ScriptHash(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// timeline lists the stretches of the load and the steps, by time.
func (d Drill) timeline() []string {
	type line struct {
		at   time.Duration
		text string
	}
	var all []line
	var at time.Duration
	for _, p := range d.Phases {
		name := p.Name
		for _, s := range p.Curve {
			all = append(all, line{at, fmt.Sprintf("%-10s %s", name, stretch(s))})
			at += s.For
			name = ""
		}
	}
	for _, i := range d.Injections {
		if i.For == 0 {
			all = append(all, line{i.At, i.String() + ", for good"})
			continue
		}
		all = append(all, line{i.At, i.String()}, line{i.At + i.For, i.Heals()})
	}
	for _, c := range d.Load.Packages.Changes {
		all = append(all, line{c.From, fmt.Sprintf("the offline package is there for %.0f %% of the users, as they take notice within %s", 100*c.Share, d.Load.Packages.TTL)})
	}
	for _, t := range d.Steps {
		all = append(all, line{t.At, t.Step.String()})
		if s, ok := t.Step.(Release); ok && len(s.If) > 0 {
			all = append(all, line{t.At, "  " + s.gate()})
		}
	}
	all = append(all, line{at, "the load ends; drain until no claim is unsettled, then take the books"})
	slices.SortStableFunc(all, func(a, b line) int { return int(a.at - b.at) })
	var lines []string
	for _, l := range all {
		lines = append(lines, fmt.Sprintf("    %8s  %s", l.at, l.text))
	}
	return lines
}

func stretch(s loadprofiles.Stretch) string {
	if s.From == s.To {
		return fmt.Sprintf("%.0f/s for %s", s.From, s.For)
	}
	return fmt.Sprintf("%.0f/s to %.0f/s within %s", s.From, s.To, s.For)
}

func built(rate float64) string {
	if rate == 0 {
		return "as much as it can"
	}
	return fmt.Sprintf("%.0f requests/s", rate)
}

func retries(r loadprofiles.Retry) string {
	switch {
	case r.Most == 0:
		return "no retries"
	case r.After == 0:
		return fmt.Sprintf("up to %d polite retries", r.Most)
	}
	return fmt.Sprintf("up to %d retries after %s", r.Most, r.After)
}
