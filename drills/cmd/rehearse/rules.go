package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"redpacket/drills/judge/replay"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/control"
)

// The stream that rules are compared by, unless asked otherwise.
const (
	diffSeed   = 1
	diffClicks = 200_000
	mostClicks = 20_000_000 // 100 bytes of memory a grant
)

// diffRules puts one stream of claims through two sets of rules; it fails when they differ by a fen.
func (a *app) diffRules(_ context.Context, args []string, o options) (int, error) {
	var rules [2]activity.Rules
	for i, name := range args {
		read, err := readRules(name, cmp.Or(o.scale, 1))
		if err != nil {
			return exitRig, err
		}
		rules[i].Activity = read
	}
	seed, clicks := cmp.Or(o.seed, diffSeed), uint64(cmp.Or(o.clicks, diffClicks))
	r := replay.Compare(rules[0], rules[1], replay.Claims(asking(rules), seed, clicks))
	fmt.Fprintf(a.out, "%d claims of seed %d, %d granted by the old rules: %d differ, %+d fen in all\n", r.Claims, seed, r.Granted, r.Different, r.More)
	for _, d := range r.First {
		fmt.Fprintf(a.out, "  %s\n", d)
	}
	if len(r.Unasked) > 0 {
		fmt.Fprintf(a.out, "  nobody asked for gifts %v, so nothing is known of them; ask more with --clicks\n", r.Unasked)
	}
	switch {
	case r.Different > 0:
		return exitFail, nil
	case len(r.Unasked) > 0:
		return exitInconclusive, nil
	}
	return exitPass, nil
}

// asking is a load that asks for every gift of either.
func asking(rules [2]activity.Rules) loadprofiles.Profile {
	p := loadprofiles.Estimate96k(time.Second)
	p.Users.Gifts = nil
	for id := range max(len(rules[0].Activity.Gifts), len(rules[1].Activity.Gifts)) {
		p.Users.Gifts = append(p.Users.Gifts, api.Gift(id))
	}
	return p
}

// readRules reads an activity from a file of JSON, strictly; festival is the event's own, at a scale.
func readRules(name string, scale float64) (read activity.Activity, err error) {
	if name == "festival" {
		return activity.Festival(diffSeed, scale), nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return read, fmt.Errorf("diff-rules: %w; give a file with an activity as JSON, or the word festival", err)
	}
	if err = control.Strictly(text, &read); err == nil {
		err = read.Check()
	}
	if err != nil {
		return read, fmt.Errorf("diff-rules: %s: %w", name, err)
	}
	return read, nil
}
