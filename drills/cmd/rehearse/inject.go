package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults/kinds"
)

// injected is a drill with faults of the caller's own, each given as "AT+FOR TYPE {ARGS}"; it then also asks whether they
// took effect.
func injected(d drills.Drill, texts []string) (drills.Drill, error) {
	for _, text := range texts {
		i, err := injection(text)
		if err != nil {
			return d, err
		}
		d.Injections = append(slices.Clip(d.Injections), i)
	}
	asked := slices.ContainsFunc(d.Assertions, func(a judge.Assertion) bool { return a == judge.Assertion(judge.StepsEffective{}) })
	if len(texts) > 0 && !asked {
		d.Assertions = append(slices.Clip(d.Assertions), judge.StepsEffective{})
	}
	return d, d.Check()
}

func injection(text string) (i drills.Injection, err error) {
	bad := func(why error) (drills.Injection, error) {
		return i, fmt.Errorf(`--fault %q: %w; want such as '2s+10s node.Frozen {"Node":"recommend"}', with +0s for good`, text, why)
	}
	when, what, _ := strings.Cut(text, " ")
	kind, args, _ := strings.Cut(strings.TrimSpace(what), " ")
	at, length, _ := strings.Cut(when, "+")
	if i.At, err = time.ParseDuration(at); err != nil {
		return bad(err)
	}
	if i.For, err = time.ParseDuration(length); err != nil {
		return bad(err)
	}
	if i.Fault, err = kinds.Decode(kinds.Note{Type: kind, Args: json.RawMessage(args)}); err != nil {
		return bad(err)
	}
	return i, nil
}
