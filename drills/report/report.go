// Package report shows a record and its verdict to people and to machines. The same record gives the same bytes.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/system/api"
)

// document is verdict.json; tools read it, so its names are fixed.
type document struct {
	Drill    string            `json:"drill"`
	Verdict  judge.Status      `json:"verdict"`
	Seed     uint64            `json:"seed"`
	Scale    float64           `json:"scale"`
	Revision string            `json:"revision"`
	Images   map[string]string `json:"images"`
	Load     load              `json:"load"`
	Findings []judge.Finding   `json:"findings"`
	Events   []event           `json:"events"`
}

type load struct {
	Owed     uint64            `json:"owed"`
	Launched uint64            `json:"launched"`
	Missing  uint64            `json:"missing"`
	Withheld uint64            `json:"withheld,omitempty"` // users whom a promotion's valve kept away
	LateP99  float64           `json:"late_p99_ms"`
	Offered  float64           `json:"offered_per_s"`
	Goodput  float64           `json:"goodput_per_s"`
	Outcomes map[string]uint64 `json:"outcomes"`
	Response response          `json:"response_ms"`
}

type response struct {
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

type event struct {
	Track     record.Track `json:"track"`
	What      string       `json:"what"`
	From      float64      `json:"from_ms"`
	Effective float64      `json:"effective_ms"`
	To        float64      `json:"to_ms"`
	Error     string       `json:"error"`
}

// JSON writes verdict.json.
func JSON(w io.Writer, r *record.Record, v judge.Verdict) error {
	d := document{Drill: r.Drill, Verdict: v.Status, Seed: r.Seed, Scale: r.Scale, Revision: r.Revision, Images: r.Images,
		Load: loadOf(r), Findings: v.Findings, Events: []event{}}
	if d.Findings == nil {
		d.Findings = []judge.Finding{}
	}
	if d.Images == nil {
		d.Images = map[string]string{}
	}
	for _, e := range r.Events {
		d.Events = append(d.Events, event{e.Track, e.What, ms(e.From), ms(e.Effective), ms(e.To), e.Err})
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(d); err != nil {
		return fmt.Errorf("write verdict of %s: %w", r.Drill, err)
	}
	return nil
}

// heard are the outcomes whose time says how long a client waited: refusals by overload protection are quick and would
// flatter, so they are left out.
func heard() []api.Outcome { return []api.Outcome{api.Done, api.Refused, api.Doubt} }

func whole() record.Span { return record.Span{To: math.MaxInt64 / 2} }

func loadOf(r *record.Record) load {
	y, seconds := r.Yield, r.Length().Seconds()
	l := load{Owed: y.Owed, Launched: y.Launched, Missing: y.Owed - min(y.Launched, y.Owed), Withheld: y.Withheld, LateP99: ms(y.LateP99),
		Outcomes: map[string]uint64{}}
	for out := range api.Outcomes {
		l.Outcomes[out.String()] = 0
		if r.Tally != nil {
			l.Outcomes[out.String()] = r.Tally.Count(whole(), record.Which{Outcomes: []api.Outcome{out}})
		}
	}
	if seconds > 0 {
		l.Offered = tenth(float64(y.Owed) / seconds)
		l.Goodput = tenth(float64(l.Outcomes[api.Done.String()]) / seconds)
	}
	if r.Tally != nil {
		l.Response = responses(r.Tally, whole(), nil)
	}
	return l
}

func responses(t record.Tally, s record.Span, ops []api.Op) response {
	of := record.Which{Ops: ops, Outcomes: heard()}
	at := func(q float64) float64 { return ms(t.Quantile(s, of, q)) }
	return response{P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: at(1)}
}

// ms is a time in milliseconds, to the microsecond.
func ms(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }
