package report

import (
	"fmt"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

// recovery is the way from one fault to service as it was, for a table; times are since the fault took effect.
type recovery struct {
	After string
	From  string // the effect, since the drill began
	Steps []recoveryStep
	Lost  string // what the drill found of its RPO; empty: it asked for none
}

type recoveryStep struct{ Name, At, Note string }

// recoveries are those of the RTOs that the record asserts. One that cannot be told is left out: its finding says why.
func recoveries(r *record.Record, v judge.Verdict) []recovery {
	splits, err := judge.Splits(r)
	if err != nil {
		return nil
	}
	var all []recovery
	for _, s := range splits {
		one := recovery{After: s.After, From: judge.When(s.Effect)}
		for _, p := range s.Parts() {
			one.Steps = append(one.Steps, recoveryStep{p.Name, judge.When(p.At), p.Note})
		}
		for _, f := range v.Findings {
			if strings.HasPrefix(f.Assertion, "RPO") && strings.Contains(f.Assertion, fmt.Sprintf("%q", s.After)) {
				one.Lost = f.Because
			}
		}
		all = append(all, one)
	}
	return all
}

// text is the table for a terminal.
func (c recovery) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  recovery after %q, which took effect at %s\n", c.After, c.From)
	for _, s := range c.Steps {
		fmt.Fprintf(&b, "    %-26s%9s  %s\n", s.Name, s.At, s.Note)
	}
	if c.Lost != "" {
		fmt.Fprintf(&b, "    %-26s%9s  %s\n", "RPO", "", c.Lost)
	}
	return b.String()
}
