package bench

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"redpacket/drills/rig"
	"redpacket/system/topology"
)

// Write prints the report: the rows, what a request costs, and what lies behind each figure.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nbench %s at %.7s, %s, %d runs of %s after %s of warming up, the worst shown\n", r.Began.UTC().Format("2006-01-02 15:04"),
		r.Revision, r.Rig.Processor, r.Runs, r.Hold, r.Warm)
	fmt.Fprintf(&b, "%s; the hypervisor kept %.1f %% of the processor time\n\n", rig.Cores{System: r.Rig.System, Beside: r.Rig.Beside, Generator: r.Rig.Generator}, 100*r.Stolen)
	r.rows(&b)
	r.costs(&b)
	r.behind(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Report) rows(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "id\twhat\tfigure\trange\tgate\tgoal\tholds?\tstock Vegeta")
	for _, row := range Rows() {
		for _, f := range r.Findings {
			if f.ID == row.ID && f.Part == row.Part {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.What, f.figure(), f.spread(), f.bound(f.Gate), f.bound(f.Goal), f.verdict(), f.Beside)
			}
		}
	}
	_ = t.Flush() // to a builder, which never fails
}

func (f Finding) figure() string {
	if len(f.Values) == 0 {
		return f.Missing
	}
	return f.value(f.Worst()) + " " + f.Unit
}

// spread is the runs, worst first.
func (f Finding) spread() string {
	if len(f.Values) < 2 {
		return "-"
	}
	return f.value(f.Worst()) + " … " + f.value(f.Best())
}

func (f Finding) bound(v float64) string {
	switch {
	case v == 0:
		return "-"
	case f.Less:
		return "≤ " + f.value(v)
	}
	return "≥ " + f.value(v)
}

// value has as many digits as the figure deserves.
func (f Finding) value(v float64) string {
	if v >= 1000 {
		return thousands(v)
	}
	return strconv.FormatFloat(v, 'f', min(2, max(0, 3-len(strconv.Itoa(int(v))))), 64)
}

// verdict says whether the gate holds, and how far off the figure is.
func (f Finding) verdict() string {
	switch {
	case f.Missing != "" && f.Holds():
		return "-"
	case f.Missing != "":
		return "NO"
	case f.Reached():
		return "yes, the goal too"
	case len(f.Broken) > 0:
		return "NO: " + f.Broken[0]
	case f.Gate == 0 && f.Goal == 0:
		return "-"
	case f.Gate == 0:
		return fmt.Sprintf("printed only; %.2f of the goal", f.Worst()/f.Goal)
	case !f.Holds():
		return fmt.Sprintf("NO: %.2f of the gate", f.Worst()/f.Gate)
	}
	return "yes"
}

// costs is the second table: µs of processor time a request, in the dearest run of each row.
func (r Report) costs(b *strings.Builder) {
	if len(r.Costs) == 0 {
		return
	}
	var roles []string
	for _, n := range topology.OneIDC().Nodes {
		if !slices.Contains(roles, n.Role) {
			roles = append(roles, n.Role)
		}
	}
	fmt.Fprintln(b, "\nµs of processor time a request")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "row\tat\t"+strings.Join(roles, "\t")+"\tsystem\tgenerator\tstolen\tconnections\t")
	for _, c := range r.Costs {
		fmt.Fprintf(t, "%s\t%s/s\t", c.ID, thousands(c.Rate))
		for _, role := range roles {
			fmt.Fprintf(t, "%.2f\t", c.Roles[role])
		}
		fmt.Fprintf(t, "%.2f\t%.2f\t%.1f %%\t%d\t\n", c.System(), c.Generator, 100*c.Stolen, c.Conns)
	}
	_ = t.Flush()
}

// behind is what stands behind the figures.
func (r Report) behind(b *strings.Builder) {
	for _, f := range r.Findings {
		if len(f.Notes)+len(f.Broken) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%s %s\n", f.ID, f.What)
		for _, broken := range f.Broken {
			fmt.Fprintf(b, "  NOT HELD: %s\n", broken)
		}
		for _, note := range f.Notes {
			fmt.Fprintf(b, "  %s\n", note)
		}
	}
	fmt.Fprintf(b, "\n%d rows, every gate holds: %t, in %s\n", len(r.Findings), r.Holds(), r.Took.Round(time.Second))
}

// roleOf is the role of a node of the one-IDC topology.
func roleOf(node string) string {
	n, _ := topology.OneIDC().Node(node)
	return n.Role
}

// thousands writes a whole number with commas.
func thousands(v float64) string {
	text := strconv.FormatFloat(v, 'f', 0, 64)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
