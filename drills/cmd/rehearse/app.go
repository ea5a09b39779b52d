package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/stage"
)

// The exit codes.
const (
	exitPass = iota
	exitFail
	exitInconclusive
	exitRig // the rig or the arguments were wrong
)

// app is the command line with what it needs of the world.
type app struct {
	out, err io.Writer
	live     bool // out is a terminal
	rig      rigger
}

// rigger is what runs drills; the tests have one without containers.
type rigger interface {
	Rehearse(ctx context.Context, d drills.Drill, r stage.Run) (judge.Verdict, error)
	Fit(ctx context.Context, r stage.Run) (drills.Limits, error)
	Clean(ctx context.Context) (stage.Cleaned, error)
}

// options are the flags; they may stand before or after the arguments.
type options struct {
	seed   uint64
	scale  float64
	out    string
	hold   time.Duration
	budget time.Duration
	runs   int
	repeat int
	round  uint64          // which repetition this is: 0, 1, …
	clicks int             // of the stream that rules are compared by
	at     string          // the platform's address
	token  string          // the run's, for changes
	sheet  string          // a traffic sheet's file
	images []string        // NAME=IMAGE: other images for nodes or roles
	faults []string        // AT+FOR TYPE {ARGS}: more injections
	set    map[string]bool // which flags were given
}

// command is one subcommand.
type command struct {
	name, args, does string
	least, most      int    // arguments; most < 0: any number
	flags            string // the flags it takes
	run              func(ctx context.Context, args []string, o options) (int, error)
}

func (a *app) commands() []command {
	return []command{
		{"list", "", "the drills and their groups", 0, 0, "", a.list},
		{"show", "DRILL…", "a drill's script, as it would run", 1, -1, "seed hold image fault", a.show},
		{"run", "DRILL|GROUP…", "run drills, each on a fresh cluster; exit 0 pass, 1 fail, 2 inconclusive, 3 rig or arguments", 1, -1, "seed scale out hold image fault repeat", a.rehearse},
		{"judge", "DIR", "judge a saved record again, and rewrite its verdict and report", 1, 1, "", a.judge},
		{"report", "DIR", "print a saved record's verdict", 1, 1, "", a.report},
		{"repeats", "DIR…", "saved runs of the same drills under other seeds side by side, by the worst of each figure; exit as of run", 1, -1, "out", a.repeats},
		{"diff", "DIR DIR", "two saved records side by side", 2, 2, "", a.diff},
		{"diff-rules", "OLD NEW", "one stream of claims through two activities (JSON files, or festival), to the fen; exit 0 same, 1 different, 2 not all asked for", 2, 2, "seed scale clicks", a.diffRules},
		{"signoff", "DIR…", "go or no-go by saved runs, with the traffic sheet that is to be signed; exit 0 go, 1 a drill failed, 2 evidence is missing", 1, -1, "sheet", a.signoff},
		{"rehearsal", "", "every group there is, with one page and go or no-go at the end", 0, 0, "seed scale out hold budget", a.rehearsal},
		{"bench", "[ROW…]", "measure B1 to B10 and a stall, ours beside stock Vegeta; exit 0 when every gate holds, else 1, 3 rig or arguments", 0, -1, "hold runs out", a.bench},
		{"playbook", "list|activate|rollback [ID]", "the playbooks, on paper or of the platform --at URL; activate or roll one back; exit 0 when every process has echoed it, else 1", 1, 2, "at token", a.playbook},
		{"estimate", "[SHEET]", "the capacity sheet, from exposures to each link, of the festival or of a sheet in a file", 0, 1, "", a.estimate},
		{"images", "", "make the container images that are not there yet", 0, 0, "", a.images},
		{"doctor", "", "can this rig rehearse?", 0, 0, "", a.doctor},
		{"clean", "", "remove what dead runs left", 0, 0, "", a.clean},
	}
}

// run carries one command line out and returns the exit code. What went wrong with the rig or the arguments is one line
// on err: what, to whom, what to do.
func (a *app) run(ctx context.Context, args []string) int {
	code, err := a.dispatch(ctx, args)
	if err == nil {
		return code
	}
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
	if ctx.Err() != nil {
		text = "interrupted: the load was stopped and the cluster taken down; nothing was judged (" + text + ")"
	}
	fmt.Fprintln(a.err, "rehearse:", text)
	return exitRig
}

func (a *app) dispatch(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		a.usage()
		if len(args) == 0 {
			return exitRig, errors.New("no command was given; say what to do, such as run pressure")
		}
		return exitPass, nil
	}
	var names []string
	for _, c := range a.commands() {
		if c.name == args[0] {
			rest, o, err := parse(c, args[1:])
			if errors.Is(err, flag.ErrHelp) {
				a.help(c)
				return exitPass, nil
			}
			if err != nil {
				return exitRig, err
			}
			return c.run(ctx, rest, o)
		}
		names = append(names, c.name)
	}
	return exitRig, fmt.Errorf("there is no command %q; the commands are %s", args[0], strings.Join(names, ", "))
}

// usage is every command, and every flag.
func (a *app) usage() {
	fmt.Fprintln(a.out, "usage: rehearse COMMAND [flags] [arguments]")
	for _, c := range a.commands() {
		fmt.Fprintf(a.out, "  %s\n      %s\n", strings.TrimSpace(c.name+" "+c.args), c.does)
	}
	fmt.Fprintln(a.out, "rehearse COMMAND --help names the flags that a command takes; all there are:")
	tell(a.out, (&options{}).flags(""), func(string) bool { return true })
}

// help is one command, and its flags.
func (a *app) help(c command) {
	fmt.Fprintf(a.out, "usage: rehearse %s\n  %s\n", strings.TrimSpace(c.name+" [flags] "+c.args), c.does)
	tell(a.out, (&options{}).flags(c.name), c.takes)
}

// tell lists flags with what they mean.
func tell(w io.Writer, flags *flag.FlagSet, which func(name string) bool) {
	flags.VisitAll(func(f *flag.Flag) {
		if which(f.Name) {
			value, means, _ := strings.Cut(f.Usage, ": ")
			fmt.Fprintf(w, "  %-28s %s\n", "--"+f.Name+" "+value, means)
		}
	})
}

// flags are all flags there are; what stands for the value comes first in what each says of itself.
func (o *options) flags(command string) *flag.FlagSet {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Uint64Var(&o.seed, "seed", 0, "N: another stream of users; left out, the drill's own")
	flags.Float64Var(&o.scale, "scale", 0, "S: of the event's rates, above 0, at most 1; left out, the drill's own, or what the rig carries")
	flags.StringVar(&o.out, "out", "", "DIR: what it leaves, of run rehearsals/<time>-<drill> when left out; of rehearsal where its dated folder is made")
	flags.Func("image", "NAME=IMAGE: another image for a node or a role, as often as wanted; see docs/roles.md", func(text string) error {
		o.images = append(o.images, text)
		return nil
	})
	flags.Func("fault", "'AT+FOR TYPE {ARGS}': one more fault, such as '2s+10s node.Frozen {\"Node\":\"recommend\"}', as often as wanted", func(text string) error {
		o.faults = append(o.faults, text)
		return nil
	})
	flags.DurationVar(&o.hold, "hold", 0, "TIME: of a drill's main phases, or of each run of a bench, 1s to 24h")
	flags.DurationVar(&o.budget, "budget", 0, "TIME: what all drills together may take, 1m or more")
	flags.IntVar(&o.runs, "runs", 0, "N: runs of each figure of a bench, 1 to 100")
	flags.IntVar(&o.repeat, "repeat", 0, "N: play each drill so often, under the seeds S, S+1, …; the worst counts, and a verdict that hangs on the seed fails")
	flags.IntVar(&o.clicks, "clicks", 0, fmt.Sprintf("N: of the stream that both activities are given, 1 to %d", mostClicks))
	flags.StringVar(&o.at, "at", "", "URL: of zhiyun's admin port")
	flags.StringVar(&o.sheet, "sheet", "", "FILE: a traffic sheet, such as loadprofiles/estimate/festival.yaml")
	flags.StringVar(&o.token, "token", "", "TOKEN: of the run, for changes")
	return flags
}

// takes says whether a flag is one of the command's.
func (c command) takes(name string) bool { return slices.Contains(strings.Fields(c.flags), name) }

// parse reads flags and arguments in any order, and checks them against the command.
func parse(c command, args []string) (rest []string, o options, err error) {
	flags := o.flags(c.name)
	for {
		if err := flags.Parse(args); err != nil {
			return nil, o, fmt.Errorf("%s: %w; see rehearse %s --help", c.name, err, c.name)
		}
		if args = flags.Args(); len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	o.set = map[string]bool{}
	flags.Visit(func(f *flag.Flag) { o.set[f.Name] = true })
	return rest, o, check(c, rest, o)
}

func check(c command, args []string, o options) error {
	for name := range o.set {
		if !c.takes(name) {
			return fmt.Errorf("%s takes no --%s; see rehearse %s --help", c.name, name, c.name)
		}
	}
	switch {
	case len(args) < c.least || c.most >= 0 && len(args) > c.most:
		return fmt.Errorf("%s was given %d arguments; usage: rehearse %s", c.name, len(args), strings.TrimSpace(c.name+" "+c.args))
	case o.set["scale"] && !(o.scale > 0 && o.scale <= 1):
		return fmt.Errorf("--scale is %g; want more than 0, at most 1, or leave it out to have it fitted to the rig", o.scale)
	case o.set["hold"] && (o.hold < time.Second || o.hold > 24*time.Hour):
		return fmt.Errorf("--hold is %s; want 1s to 24h", o.hold)
	case o.set["runs"] && (o.runs < 1 || o.runs > 100):
		return fmt.Errorf("--runs is %d; want 1 to 100", o.runs)
	case o.set["repeat"] && (o.repeat < 1 || o.repeat > 1000):
		return fmt.Errorf("--repeat is %d; want 1 to 1000", o.repeat)
	case o.set["clicks"] && (o.clicks < 1 || o.clicks > mostClicks):
		return fmt.Errorf("--clicks is %d; want 1 to %d", o.clicks, mostClicks)
	case o.set["budget"] && o.budget < time.Minute:
		return fmt.Errorf("--budget is %s; want 1m or more", o.budget)
	}
	return nil
}
