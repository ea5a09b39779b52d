// Package judge decides, from a record alone, which assertions held. It has no clock, no network and no memory: the same
// record gives the same verdict for ever.
package judge

import (
	"fmt"
	"slices"

	"redpacket/drills/record"
)

// Status is what became of an assertion, or of all of them. The zero value is Inconclusive: doubt is not a pass.
type Status int

// The statuses.
const (
	Inconclusive Status = iota
	Pass
	Fail
)

// String is pass, fail or inconclusive.
func (s Status) String() string {
	switch s {
	case Pass:
		return "pass"
	case Fail:
		return "fail"
	}
	return "inconclusive"
}

// MarshalText writes the status as its name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Kind says what sort of promise an assertion is. Kinds are judged in this order.
type Kind string

// The kinds.
const (
	Validity   Kind = "validity"   // was this drill able to tell? It passes or is inconclusive, it never fails
	Invariant  Kind = "invariant"  // must hold always, whatever the load and the faults
	Hypothesis Kind = "hypothesis" // must hold in a named window
	Recovery   Kind = "recovery"   // must be true again within a time
)

// Assertion is one promise. Its String is the promise in words; Check looks at the record and says what it found. An
// error, or a panic, means that it could not look: the finding is inconclusive.
type Assertion interface {
	String() string
	Kind() Kind
	Check(c *Case) (Finding, error)
}

// Finding is one assertion judged.
type Finding struct {
	Assertion string   `json:"assertion"`
	Kind      Kind     `json:"kind"`
	Status    Status   `json:"status"`
	Looked    uint64   `json:"looked"` // how many things were looked at; nothing can pass on 0
	Because   string   `json:"because"`
	Examples  []string `json:"examples"` // the first and the worst, never all
}

// Verdict is every assertion judged: fail beats inconclusive beats pass, and no assertions at all is inconclusive.
type Verdict struct {
	Status   Status
	Findings []Finding
}

// Case is a record while it is being judged: what several assertions need is worked out once.
type Case struct {
	*record.Record
	money  *audit
	trying error
}

// Judge puts every assertion to the record, validity first. When a validity gate does not pass, the invariants still
// count (lost money is lost money), but what hangs on the load, hypotheses and recovery, is inconclusive: a system
// that was not asked honestly has neither failed nor passed.
func Judge(r *record.Record, assertions []Assertion) Verdict {
	c := &Case{Record: r}
	order := []Kind{Validity, Invariant, Hypothesis, Recovery}
	ranked := slices.Clone(assertions)
	slices.SortStableFunc(ranked, func(a, b Assertion) int {
		return slices.Index(order, a.Kind()) - slices.Index(order, b.Kind())
	})
	var v Verdict
	doubt := ""
	for _, a := range ranked {
		f := ask(c, a)
		if f.Kind == Validity && f.Status != Pass && doubt == "" {
			doubt = f.Assertion
		}
		if doubt != "" && (f.Kind == Hypothesis || f.Kind == Recovery) && f.Status != Inconclusive {
			f.Because = fmt.Sprintf("would be %s (%s), but this drill could not tell: %s", f.Status, f.Because, doubt)
			f.Status = Inconclusive
		}
		v.Findings = append(v.Findings, f)
	}
	v.Status = worst(v.Findings)
	return v
}

func worst(findings []Finding) Status {
	if len(findings) == 0 {
		return Inconclusive
	}
	all := Pass
	for _, f := range findings {
		switch {
		case f.Status == Fail:
			return Fail
		case f.Status == Inconclusive:
			all = Inconclusive
		}
	}
	return all
}

// ask puts one assertion, and turns every way of not answering into doubt.
func ask(c *Case, a Assertion) (f Finding) {
	defer func() {
		if wrong := recover(); wrong != nil {
			f = Finding{Because: fmt.Sprintf("the check itself broke: %v", wrong)}
		}
		f.Assertion, f.Kind = a.String(), a.Kind()
		if f.Status != Inconclusive && f.Looked == 0 {
			f.Status, f.Because = Inconclusive, "there was nothing to look at: "+f.Because
		}
		if f.Examples == nil {
			f.Examples = []string{}
		}
	}()
	f, err := a.Check(c)
	if err != nil {
		return Finding{Looked: f.Looked, Because: "could not look: " + err.Error()}
	}
	return f
}

func passed(looked uint64, because string, args ...any) Finding {
	return Finding{Status: Pass, Looked: looked, Because: fmt.Sprintf(because, args...)}
}

func failed(looked uint64, because string, args ...any) Finding {
	return Finding{Status: Fail, Looked: looked, Because: fmt.Sprintf(because, args...)}
}

func unsure(looked uint64, because string, args ...any) Finding {
	return Finding{Looked: looked, Because: fmt.Sprintf(because, args...)}
}

// held is pass or fail.
func held(ok bool, looked uint64, because string, args ...any) Finding {
	if ok {
		return passed(looked, because, args...)
	}
	return failed(looked, because, args...)
}
