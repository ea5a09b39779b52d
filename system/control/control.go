// Package control holds the system's switches: what they are, how a process runs with them, and the store that keeps
// them beside leases and witnesses.
package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"redpacket/system/gray"
)

// Key is where the store keeps the Switches in force, as JSON.
const Key = "switches"

// Settings are the switches. The zero value is the system as it is meant to be; every other value gives something up, or
// tries something new.
type Settings struct {
	// SampleOneIn carries out one of so many list and select calls (and views and reports); the others are answered by a
	// default from the gateway's memory, code ok, marked degraded. By user, so that a user sees the same each time. 0 or 1: all.
	SampleOneIn uint32 `json:"sample_one_in,omitempty"`
	// DropReports stops sending real-time reports; what is dropped is counted.
	DropReports bool `json:"drop_reports,omitempty"`
	// TrimValues leaves the optional fields out of the pages' data.
	TrimValues bool `json:"trim_values,omitempty"`
	// CourierShare is the part of each game's limit that the courier takes, above 0 to 1; 0: all of it.
	CourierShare float64 `json:"courier_share,omitempty"`
	// StopIssuing refuses every claim as closed; nothing is granted.
	StopIssuing bool `json:"stop_issuing,omitempty"`
	// CheapOnly refuses every gift for new users, whatever anybody knows of the user: the cheap side.
	CheapOnly bool `json:"cheap_only,omitempty"`
	// SpreadMS is the least window, in ms, over which refused users are asked to come back; 0: that of the run's rules.
	SpreadMS uint32 `json:"spread_ms,omitempty"`
	// StopPromotion closes the promotion's valve: nobody is shown the event any more. Who was, still comes.
	StopPromotion bool `json:"stop_promotion,omitempty"`
	// GrayPercent is the share of the users who get the new version, where one stands beside the old: one of gray.Stages.
	GrayPercent uint8 `json:"gray_percent,omitempty"`
	// Drained is how much of each data centre's share of the users is sent elsewhere.
	Drained Drained `json:"drained,omitzero"`
}

// Drained is the percent of its weight that each data centre has lost: 0 none, 100 nobody is sent there.
type Drained struct {
	A uint8 `json:"a,omitempty"`
	B uint8 `json:"b,omitempty"`
}

// Weight is the percent of its weight that a data centre keeps, 0 … 100.
func (d Drained) Weight(idc string) int {
	switch idc {
	case "a":
		return 100 - int(d.A)
	case "b":
		return 100 - int(d.B)
	}
	return 100
}

// The limits of the switches.
const (
	maxSample   = 10_000
	maxSpreadMS = 10 * 60 * 1000
	maxActive   = 32
	maxWord     = 64
)

// Check returns every mistake in the settings, joined, or nil.
func (s Settings) Check() error {
	var errs []error
	if s.SampleOneIn > maxSample {
		errs = append(errs, fmt.Errorf("sample_one_in is %d; want 0 to %d", s.SampleOneIn, maxSample))
	}
	if !(s.CourierShare >= 0 && s.CourierShare <= 1) {
		errs = append(errs, fmt.Errorf("courier_share is %g; want above 0 to 1, or 0 for all; to stop deliveries, stop the courier", s.CourierShare))
	}
	if s.SpreadMS > maxSpreadMS {
		errs = append(errs, fmt.Errorf("spread_ms is %d; want 0 to %d", s.SpreadMS, maxSpreadMS))
	}
	if !gray.Allowed(int(s.GrayPercent)) {
		errs = append(errs, fmt.Errorf("gray_percent is %d; want one of %v", s.GrayPercent, gray.Stages()))
	}
	if d := s.Drained; d.A > 100 || d.B > 100 || d.A == 100 && d.B == 100 {
		errs = append(errs, fmt.Errorf("drained is %d of a and %d of b; want 0 to 100 percent, and not 100 of both: users must go somewhere", d.A, d.B))
	}
	return errors.Join(errs...)
}

// With gives up what either of the two gives up: of each switch, the value that gives up more. The order of several does
// not matter, so playbooks may come and go in any.
func (s Settings) With(o Settings) Settings {
	s.SampleOneIn = max(s.SampleOneIn, o.SampleOneIn)
	s.DropReports = s.DropReports || o.DropReports
	s.TrimValues = s.TrimValues || o.TrimValues
	s.StopIssuing = s.StopIssuing || o.StopIssuing
	s.CheapOnly = s.CheapOnly || o.CheapOnly
	s.StopPromotion = s.StopPromotion || o.StopPromotion
	s.SpreadMS = max(s.SpreadMS, o.SpreadMS)
	s.GrayPercent = max(s.GrayPercent, o.GrayPercent)
	s.Drained = Drained{max(s.Drained.A, o.Drained.A), max(s.Drained.B, o.Drained.B)}
	if o.CourierShare > 0 && (s.CourierShare == 0 || o.CourierShare < s.CourierShare) {
		s.CourierShare = o.CourierShare
	}
	return s
}

// Who activated a playbook.
const (
	ByHand    = "hand"
	ByTrigger = "trigger"
)

// Activation is a playbook in force.
type Activation struct {
	Playbook string `json:"playbook"`
	By       string `json:"by"` // ByHand or ByTrigger
}

// Switches are one version of the settings, as they are stored, pushed, run with and echoed. Version 0 is the zero value:
// nothing was ever switched. Settings are Base and what the playbooks in Active give up.
type Switches struct {
	Version uint64 `json:"version"`
	Settings
	Base   Settings     `json:"base,omitzero"`
	Active []Activation `json:"active,omitempty"` // in the order of their activation
}

// Check returns every mistake in the switches, joined, or nil.
func (s Switches) Check() error {
	errs := []error{s.Settings.Check(), s.Base.Check()}
	if s.Version == 0 && !s.Equal(Switches{}) {
		errs = append(errs, errors.New("version 0 is nothing switched, but something is"))
	}
	if len(s.Active) > maxActive {
		errs = append(errs, fmt.Errorf("%d playbooks are active; at most %d", len(s.Active), maxActive))
	}
	for i, a := range s.Active {
		again := slices.ContainsFunc(s.Active[:i], func(b Activation) bool { return b.Playbook == a.Playbook })
		if a.Playbook == "" || len(a.Playbook) > maxWord || again || a.By != ByHand && a.By != ByTrigger {
			errs = append(errs, fmt.Errorf("active playbook %d is %.70q by %.70q; want each once, by %s or %s", i+1, a.Playbook, a.By, ByHand, ByTrigger))
		}
	}
	return errors.Join(errs...)
}

// Equal says that two switches are the same, version and all.
func (s Switches) Equal(o Switches) bool {
	return s.Version == o.Version && s.Settings == o.Settings && s.Base == o.Base && slices.Equal(s.Active, o.Active)
}

// Parse reads Switches from JSON strictly, and checks them: an unknown field is an error, because a switch that one side
// does not know would be thought thrown.
func Parse(text []byte) (Switches, error) {
	var s Switches
	if err := Strictly(text, &s); err != nil {
		return Switches{}, fmt.Errorf("switches: %w", err)
	}
	if err := s.Check(); err != nil {
		return Switches{}, fmt.Errorf("switches of version %d: %w", s.Version, err)
	}
	return s, nil
}

// Strictly reads exactly one JSON value of exactly the known fields.
func Strictly(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("not the JSON that is wanted: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the JSON")
	}
	return nil
}

// Text is what Parse reads.
func (s Switches) Text() []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return nil // numbers and words always marshal; Check has refused NaN
	}
	return text
}
