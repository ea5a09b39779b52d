// Package sameness says whether a new version is the same as the old one, as far as what was measured of both can tell:
// the same within a margin, worse than the margin, or not yet known.
//
// Absence of a difference is no sameness, and with millions of requests every difference is significant. So a metric
// passes only when its whole interval is inside the margin (non-inferiority; ICH E10, and Blackwelder 1982), fails only when the
// whole interval is outside, and is inconclusive between the two.
package sameness

import (
	"fmt"
	"math"
)

// Status is what is known of a metric. The zero value is Unknown: doubt is no sameness.
type Status int

// The statuses.
const (
	Unknown Status = iota // the interval is neither inside the margin nor outside, or there is no interval
	Same                  // the whole interval is inside the margin
	Worse                 // the whole interval is outside
)

// String is inconclusive, pass or fail.
func (s Status) String() string {
	return [...]string{"inconclusive", "pass", "fail"}[min(max(s, 0), 2)]
}

// Rules are how sure one must be.
type Rules struct {
	Alpha float64 // the chance of a wrong pass of a metric, and of any wrong failure over all metrics: 0.05
	Power float64 // with which the minimum detectable effect would be found: 0.9
}

// Usual is a one-sided level of 5 % and a power of 90 %.
func Usual() Rules { return Rules{Alpha: 0.05, Power: 0.9} }

// Effect is how a metric of the new version differs from the old one's, on a scale where 0 is no difference, more is worse, and
// a mean's spread falls with the root of the time watched.
type Effect interface {
	// Estimate is the effect.
	Estimate() float64
	// Error is its standard error; 0: it has none, or none is known.
	Error() float64
	// Interval is the one-sided bounds of the effect, each wrong with chance alpha.
	Interval(alpha float64) (low, high float64)
	// Beyond is how surprising what was seen would be if the effect were at most margin: a one-sided p-value.
	Beyond(margin float64) float64
}

// Metric is one thing that must not get worse by more than a margin.
type Metric struct {
	Name    string
	Margin  float64              // the least effect that matters, on the effect's scale; above 0
	Plain   float64              // the effect from which it is worse; 0: from Margin on. Between the two nothing is known
	Effect  Effect               // nil: it could not be measured
	Missing string               // why not
	Seconds float64              // how long was watched
	Words   func(float64) string // an effect in the reader's unit; nil: as a number
}

// Finding is one metric judged.
type Finding struct {
	Metric     string
	Status     Status
	Measured   bool
	Estimate   float64
	Low, High  float64 // the one-sided bounds at Rules.Alpha
	P          float64 // of being within the margin, adjusted for the number of metrics (Holm)
	Detectable float64 // the smallest effect that would have failed, beside all the others, with the power asked for
	More       float64 // seconds still needed to tell, if the effect is as estimated; +Inf: it lies on the margin
	Because    string
}

// Judge judges metrics together. A pass of all needs no correction: the chance that all pass wrongly is at most alpha when each
// is (an intersection-union test, Berger 1982). That any fails wrongly is held at alpha by Holm's correction (Holm 1979).
func Judge(metrics []Metric, r Rules) []Finding {
	found := make([]Finding, len(metrics))
	raw := make([]float64, len(metrics))
	for i, m := range metrics {
		raw[i] = 1
		if m.Effect != nil {
			raw[i] = m.Effect.Beyond(m.worse())
		}
	}
	adjusted := Holm(raw)
	for i, m := range metrics {
		found[i] = m.judge(adjusted[i], r, r.Alpha/float64(len(metrics)))
	}
	return found
}

// worse is the effect from which the metric fails.
func (m Metric) worse() float64 { return max(m.Margin, m.Plain) }

// judge is one metric, with its adjusted p-value, and the level at which it fails whatever the others do: Holm's first step.
func (m Metric) judge(p float64, r Rules, first float64) Finding {
	f := Finding{Metric: m.Name, P: p}
	if m.Effect == nil {
		f.Because = "not measured: " + m.Missing
		return f
	}
	f.Measured, f.Estimate = true, m.Effect.Estimate()
	f.Low, f.High = m.Effect.Interval(r.Alpha)
	f.Detectable = m.worse() + (quantile(1-first)+quantile(r.Power))*m.Effect.Error()
	seen := fmt.Sprintf("%s (%s to %s), margin %s", m.say(f.Estimate), m.say(f.Low), m.say(f.High), m.say(m.Margin))
	switch {
	case f.High < m.Margin:
		f.Status, f.Because = Same, seen
	case p < r.Alpha && f.Low > m.worse():
		f.Status, f.Because = Worse, fmt.Sprintf("%s, p %.2g", seen, p)
	default:
		f.More = m.more(r, first)
		f.Because = fmt.Sprintf("%s; %s could have been told from the margin, %s", seen, m.say(f.Detectable), wait(f.More))
	}
	return f
}

// more is how many seconds longer would tell, if the estimate stays: the distance to the margin must be so many standard errors,
// and those fall with the root of the time.
func (m Metric) more(r Rules, first float64) float64 {
	distance, level := m.Margin-m.Effect.Estimate(), r.Alpha
	if distance < 0 {
		distance, level = -distance, first
	}
	if distance == 0 {
		return math.Inf(1)
	}
	times := quantile(1-level) * m.Effect.Error() / distance
	return max(1, math.Ceil(m.Seconds*(times*times-1)))
}

// longest is a wait beyond which more of the same is no advice.
const longest = 3600

func wait(seconds float64) string {
	if seconds > longest {
		return "and more than an hour would be needed to tell"
	}
	return fmt.Sprintf("and about %.0f s more are needed to tell", seconds)
}

func (m Metric) say(effect float64) string {
	if m.Words == nil {
		return fmt.Sprintf("%.4g", effect)
	}
	return m.Words(effect)
}

// Worst is fail if any failed, else inconclusive if any is or there is none, else pass.
func Worst(found []Finding) Status {
	all := Same
	if len(found) == 0 {
		all = Unknown
	}
	for _, f := range found {
		switch f.Status {
		case Worse:
			return Worse
		case Unknown:
			all = Unknown
		}
	}
	return all
}
