// Package spec is what the suites share: how a spec rehearses a drill, and how it asks whether the drill held up.
package spec

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega/types"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/drills/repeat"
	"redpacket/drills/report"
	"redpacket/drills/stage"
)

// Outcome is a drill that was carried out: its verdict, and the folder that holds the record and the report.
type Outcome struct {
	Drill   drills.Drill
	Verdict judge.Verdict
	Dir     string
	Text    string     // the verdict, for people
	Run     repeat.Run // as one repetition of several
}

// Stand is the system that a drill is rehearsed on, beside what the drill says itself.
type Stand struct {
	Scale  float64  // 0: the drill's own
	Notes  []string // why that scale; of the drill's own nothing need be said
	Mutant string   // the deliberate bug that the system is to have; empty: a normal build
	Round  uint64   // which repetition this is, each under the next seed: 0, 1, …
}

// moment is how the time stands in the name of what a run leaves.
const moment = "20060102-150405"

// Rehearse carries a drill out and judges it, by the same function of stage that the command line calls; it prints to the
// spec's writer. A drill without a scale, of its own or of s, is an error.
func Rehearse(ctx context.Context, d drills.Drill, s Stand) (Outcome, error) {
	d = d.Under(seed(d.Seed) + s.Round)
	o := Outcome{Drill: d, Dir: filepath.Join(out(), time.Now().UTC().Format(moment)+"-"+d.ID)}
	if s.Scale == 0 {
		s.Scale, s.Notes = d.Scale, append(s.Notes, "the drill's own scale")
	}
	if s.Scale == 0 {
		return o, fmt.Errorf("drill %s names no scale of its own: fit one", d.ID)
	}
	w := ginkgo.GinkgoWriter
	fmt.Fprintf(w, "%s\n  scale      %g: %s\n", strings.Join(d.Script(), "\n"), s.Scale, strings.Join(s.Notes, "; "))
	p := &progress{out: w, drill: d.ID}
	var err error
	o.Verdict, err = stage.Rehearse(ctx, d, stage.Run{Scale: s.Scale, Notes: s.Notes, Out: o.Dir, Say: p.say, Tell: p.tell,
		Mutant: s.Mutant})
	if err != nil {
		return o, err
	}
	saved, err := record.Open(filepath.Join(o.Dir, report.RecordDir))
	if err != nil {
		return o, err
	}
	var text strings.Builder
	err = report.Text(&text, saved, o.Verdict)
	o.Text = text.String()
	fmt.Fprintf(w, "%s  report     %s\n", o.Text, filepath.Join(o.Dir, report.PageFile))
	if err == nil {
		o.Run, err = repeat.RunOf(o.Dir, saved, o.Verdict)
	}
	return o, err
}

// out is where runs are kept: REDPACKET_OUT, as the Makefile sets it.
func out() string { return cmp.Or(os.Getenv("REDPACKET_OUT"), os.TempDir()) }

// Keep writes a file beside the runs, in a folder that it makes; an older one of that name is replaced.
func Keep(name, text string) error {
	if err := os.MkdirAll(out(), 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out(), name), []byte(text), 0o644)
}

// seed is REDPACKET_SEED, or the drill's own.
func seed(own uint64) uint64 {
	if asked, err := strconv.ParseUint(os.Getenv("REDPACKET_SEED"), 10, 64); err == nil {
		return asked
	}
	return own
}

// progress prints a plain line every few seconds.
type progress struct {
	out   io.Writer
	drill string
	last  time.Time
}

const between = 5 * time.Second

func (p *progress) say(line string) { fmt.Fprintf(p.out, "%s  %s\n", p.drill, line) }

func (p *progress) tell(now drills.Progress) {
	if now.Doing != "" || time.Since(p.last) < between {
		return
	}
	p.last = time.Now()
	p.say(fmt.Sprintf("%5.1f of %.0f s  %8.0f/s offered  %8.0f/s done  late p99 %.1f ms", now.At.Seconds(), now.Length.Seconds(),
		now.Offered, now.Goodput, float64(now.Late)/float64(time.Millisecond)))
}

// Progress prints lines to the spec's writer for what is no drill, such as finding the scale.
func Progress(name string) stage.Run {
	p := &progress{out: ginkgo.GinkgoWriter, drill: name}
	return stage.Run{Say: p.say, Tell: p.tell}
}

// HoldUp succeeds on an Outcome whose verdict is pass; an inconclusive drill has not held up.
func HoldUp() types.GomegaMatcher { return holdUp{} }

type holdUp struct{}

// Match is true for a pass.
func (holdUp) Match(actual any) (bool, error) {
	o, ok := actual.(Outcome)
	if !ok {
		return false, fmt.Errorf("HoldUp asks an Outcome, not a %T", actual)
	}
	return o.Verdict.Status == judge.Pass, nil
}

// FailureMessage is the verdict in words.
func (holdUp) FailureMessage(actual any) string {
	o := actual.(Outcome)
	return fmt.Sprintf("drill %s did not hold up; its record is in %s\n%s", o.Drill.ID, o.Dir, o.Text)
}

// NegatedFailureMessage is for a drill that should have failed.
func (holdUp) NegatedFailureMessage(actual any) string {
	o := actual.(Outcome)
	return fmt.Sprintf("drill %s held up, though it should not have\n%s", o.Drill.ID, o.Text)
}
