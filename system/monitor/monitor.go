// Package monitor says what is watched and what makes an alarm: the rules, each with its level, its dimension and its
// playbook, and the files that Prometheus reads them from. It is data and pure functions.
package monitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Level says who is to do what about an alarm.
type Level string

// The levels.
const (
	Page   Level = "page"   // somebody acts now, also at night
	Ticket Level = "ticket" // somebody acts today
	Note   Level = "note"   // nobody has to act; it explains other alarms
)

// Dimension says from where an alarm looks at the system.
type Dimension string

// The three dimensions.
const (
	User     Dimension = "user"     // what a user would see: the journeys of att
	Business Dimension = "business" // calls between parts, queues, grants, deliveries, switches
	Machine  Dimension = "machine"  // processes and volumes: alive, processor, memory, descriptors, disk
)

// NoPlaybook is the playbook of an alarm that none is prepared for.
const NoPlaybook = "none"

// Rule is one alarm.
type Rule struct {
	Name      string // in CamelCase, unique
	Dimension Dimension
	Level     Level
	Playbook  string        // P1 … P10, or NoPlaybook
	Expr      string        // PromQL; a result that is not empty is bad
	For       time.Duration // it must be bad for so long: whole seconds
	Within    time.Duration // it must fire so soon after the cause, the scrape and For included; whole seconds
	Says      string        // one sentence for whoever is woken

	Bad []Change // what makes it fire, on top of Steady; its test is made from this
	Or  []Change // what makes it fire by the other side of an or; none where there is none
}

// Change is how one series of Steady goes bad: it jumps by Jump, and from then on changes by Step a second.
type Change struct {
	Series     string // as in Steady
	Jump, Step float64
}

// Series is one series of a system at rest under a steady load: At at first, and then Step more each second.
type Series struct {
	Name     string // name{label="v"}
	At, Step float64
}

var (
	ruleName = regexp.MustCompile(`^[A-Z][A-Za-z]+$`)
	metric   = regexp.MustCompile(`\b(?:redpacket|process)_[a-z0-9_]+|\bup\b`)
)

// CheckAll returns every mistake in rules, joined, or nil: a rule must be whole, its expression must read steady series
// only, and something must make it fire. playbooks are those there are.
func CheckAll(rules []Rule, steady []Series, playbooks []string) error {
	var errs []error
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.Name] {
			errs = append(errs, fmt.Errorf("rule %s is there twice", r.Name))
		}
		seen[r.Name] = true
		if err := r.check(steady, playbooks); err != nil {
			errs = append(errs, fmt.Errorf("rule %q: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (r Rule) check(steady []Series, playbooks []string) error {
	switch {
	case !ruleName.MatchString(r.Name) || r.Expr == "" || r.Says == "":
		return errors.New("it needs a name in CamelCase, an expression and a sentence")
	case !slices.Contains([]Level{Page, Ticket, Note}, r.Level):
		return fmt.Errorf("level %q; want page, ticket or note", r.Level)
	case !slices.Contains([]Dimension{User, Business, Machine}, r.Dimension):
		return fmt.Errorf("dimension %q; want user, business or machine", r.Dimension)
	case r.Playbook != NoPlaybook && !slices.Contains(playbooks, r.Playbook):
		return fmt.Errorf("playbook %q; want one of %v, or %s", r.Playbook, playbooks, NoPlaybook)
	case r.For < 0 || r.For%time.Second != 0 || r.Within%time.Second != 0 || r.Within <= r.For:
		return fmt.Errorf("for %s, within %s; want whole seconds, the second longer", r.For, r.Within)
	case len(r.Bad) == 0:
		return errors.New("nothing is said to make it fire")
	case strings.Contains(r.Expr, " or ") != (len(r.Or) > 0):
		return errors.New("each side of an or needs something that makes it fire")
	}
	return r.checkSeries(steady)
}

// checkSeries sees that whatever the rule reads is among the steady series: on data that is not there, every rule is silent.
func (r Rule) checkSeries(steady []Series) error {
	for _, c := range slices.Concat(r.Bad, r.Or) {
		if !slices.ContainsFunc(steady, func(s Series) bool { return s.Name == c.Series }) {
			return fmt.Errorf("it is made to fire by %s, which is no steady series", c.Series)
		}
	}
	for _, name := range metric.FindAllString(r.Expr, -1) {
		if !slices.ContainsFunc(steady, func(s Series) bool { return metric.FindString(s.Name) == name }) {
			return fmt.Errorf("it reads %s, which is no steady series", name)
		}
	}
	return nil
}

// RulesFile is the rules as Prometheus reads them: JSON, which is YAML.
func RulesFile(rules []Rule) ([]byte, error) {
	type rule struct {
		Alert       string            `json:"alert"`
		Expr        string            `json:"expr"`
		For         string            `json:"for"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	}
	var all []rule
	for _, r := range rules {
		all = append(all, rule{r.Name, r.Expr, seconds(r.For),
			map[string]string{"level": string(r.Level), "dimension": string(r.Dimension), "playbook": r.Playbook},
			map[string]string{"says": r.Says}})
	}
	return json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "redpacket", "interval": seconds(Every), "rules": all}}})
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
