package repeat

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/report"
)

// The names of what is left beside the repetitions.
const (
	TextFile = "repeat.txt"
	JSONFile = "repeat.json"
)

// Save writes the tables into a directory, for people and for tools; it makes it when it is not there.
func (s Series) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save the repetitions: %w", err)
	}
	if err := report.WriteFile(filepath.Join(dir, TextFile), s.Text); err != nil {
		return err
	}
	return report.WriteFile(filepath.Join(dir, JSONFile), s.JSON)
}

// document is repeat.json; tools read it, so its names are fixed.
type document struct {
	Verdict judge.Status `json:"verdict"`
	Flaky   []string     `json:"flaky"`
	Reasons []string     `json:"reasons"`
	Drills  Series       `json:"drills"`
}

// JSON writes the tables for tools. What never came is null, and so is a bound that there is not.
func (s Series) JSON(w io.Writer) error {
	d := document{s.Status(), s.Flaky(), append([]string{}, s.Reasons()...), append(Series{}, s...)}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	if err := out.Encode(d); err != nil {
		return fmt.Errorf("write the repetitions: %w", err)
	}
	return nil
}

// Text writes the tables for people: one line each for a drill, a figure and a repetition, and at the end what was found.
func (s Series) Text(w io.Writer) error {
	var b strings.Builder
	for _, t := range s {
		t.text(&b)
	}
	fmt.Fprintf(&b, "%s  repeated under other seeds\n", strings.ToUpper(s.Status().String()))
	for _, reason := range s.Reasons() {
		fmt.Fprintln(&b, "  "+reason)
	}
	if len(s.Flaky()) == 0 {
		b.WriteString("  flaky: none; no verdict hangs on the seed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) text(b *strings.Builder) {
	fmt.Fprintf(b, "%s: %s\n  verdicts: %s\n", t.Drill, t.Name, t.verdicts())
	after := "\n"
	for _, r := range t.Rows {
		if r.After != after {
			after = r.After
			fmt.Fprintf(b, "  %-34s %5s %9s %9s %9s  bound\n", since(after), "of", "min", "median", "worst")
		}
		bound, seed := "none", ""
		if r.Most != never {
			bound = r.Most.in(r.Unit)
		}
		if r.Worst > r.Min {
			seed = fmt.Sprintf("  worst under seed %d", r.Seed)
		}
		what := r.What
		if r.Unit != seconds {
			what += ", " + r.Unit
		}
		fmt.Fprintf(b, "    %-32s %5d %9s %9s %9s  %-9s%s\n", what, r.Of, r.Min.in(r.Unit), r.Median.in(r.Unit), r.Worst.in(r.Unit), bound, seed)
	}
	for _, r := range t.Runs {
		fmt.Fprintf(b, "  seed %-4d %-13s script %.12s  record %.12s  %s\n", r.Seed, r.Verdict, r.Script, r.Record, r.Dir)
	}
	b.WriteString("\n")
}

func since(after string) string {
	if after == "" {
		return "after the load"
	}
	return fmt.Sprintf("after %q", after)
}

// verdicts are how many repetitions came to each, and which.
func (t Table) verdicts() string {
	var all []string
	for _, status := range []judge.Status{judge.Pass, judge.Inconclusive, judge.Fail} {
		var seeds []string
		for _, r := range t.Runs {
			if r.Verdict == status {
				seeds = append(seeds, fmt.Sprint(r.Seed))
			}
		}
		if len(seeds) > 0 {
			all = append(all, fmt.Sprintf("%s %d of %d (seed %s)", status, len(seeds), max(t.Asked, len(t.Runs)), strings.Join(seeds, ", ")))
		}
	}
	return strings.Join(all, "; ")
}
