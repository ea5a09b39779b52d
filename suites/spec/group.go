package spec

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/repeat"
	"redpacket/drills/stage"
)

// Time-outs are there to end what hangs, on the slowest machine; how fast something is `make bench` measures.
const (
	// Prepare bounds what the first spec waits for: the images, which may take minutes when there are none, and the fit of
	// the scale. The time-outs of a group's specs count it.
	Prepare = 10 * time.Minute
	// Patience bounds one stand-up of a system, one taking down, and one spec beside what its drill takes by itself.
	Patience = 5 * time.Minute
)

// Main is TestMain of every suite: the generator and the warden of a drill are the suite's own binary, run again.
func Main(m *testing.M) {
	stage.Become()
	os.Exit(m.Run())
}

// Run runs the specs of a suite.
func Run(t *testing.T, name string) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	ginkgo.RunSpecs(t, name)
}

// Scale makes ready, once, what then tells the stand of each drill of a group.
type Scale func(ctx context.Context, p stage.Run) (func(drills.Drill) (Stand, error), error)

// Own is the scale that each drill names itself.
func Own(context.Context, stage.Run) (func(drills.Drill) (Stand, error), error) {
	return func(drills.Drill) (Stand, error) { return Stand{}, nil }, nil
}

// Fitted is the largest scale that the rig carries honestly; finding what it carries takes half a minute.
func Fitted(ctx context.Context, p stage.Run) (func(drills.Drill) (Stand, error), error) {
	limits, err := stage.Fit(ctx, p)
	return func(d drills.Drill) (Stand, error) {
		peak := d.Profile().Curve.Peak()
		scale, err := drills.FitScale(limits, peak)
		return Stand{Scale: scale, Notes: limits.Notes(scale, peak)}, err
	}, err
}

// Group is a group of drills, each a spec of its own at the scale that is found: "says: title". The title has the drill's
// id in capitals, so that FOCUS=FI-9 finds it.
type Group struct {
	Name, Says string
	Scale      Scale
	Times      map[string]int // how often a drill is repeated, under the next seed each time; one that is not named is played once
}

// Specs is the body of an ordered container: a spec for each drill, and of one that is repeated one for each time and one
// in which the worst counts.
func (g Group) Specs() {
	found, err := catalog.Find(g.Name, 0)
	if err != nil {
		ginkgo.AbortSuite(err.Error())
	}
	var stand func(drills.Drill) (Stand, error)
	ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) {
		progress := Progress(g.Name)
		gomega.Expect(stage.Ready(ctx, progress.Say)).To(gomega.Succeed())
		var err error
		stand, err = g.Scale(ctx, progress)
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
	}, ginkgo.NodeTimeout(Prepare))
	for _, d := range found {
		on := func(round uint64) (Stand, error) {
			s, err := stand(d)
			s.Round = round
			return s, err
		}
		if n := g.Times[d.ID]; n > 1 {
			repeated(g.Says, d, n, on)
			continue
		}
		one(g.Says, d, func() (Stand, error) { return on(0) }, func(repeat.Run) {})
	}
}

// repeated has a spec for each repetition, and one for all of them, whose table is kept beside the runs.
func repeated(says string, d drills.Drill, times int, on func(round uint64) (Stand, error)) {
	var runs []repeat.Run
	for i := range times {
		one(fmt.Sprintf("%s, %d of %d", says, i+1, times), d, func() (Stand, error) { return on(uint64(i)) },
			func(r repeat.Run) { runs = append(runs, r) })
	}
	ginkgo.It(fmt.Sprintf("%s by the worst of %d: %s", says, times, d.Title()), ginkgo.Label(d.ID), func() {
		s := repeat.Compare(times, runs)
		var text strings.Builder
		gomega.Expect(s.Text(&text)).To(gomega.Succeed())
		ginkgo.AddReportEntry("repetitions", text.String())
		gomega.Expect(s.Save(filepath.Join(out(), time.Now().UTC().Format(moment)+"-"+d.ID+"-repeat"))).To(gomega.Succeed())
		gomega.Expect(s.Status()).To(gomega.Equal(judge.Pass), text.String())
	})
}

// one has a spec for one repetition of a drill; heard is told of it, whatever its verdict.
func one(says string, d drills.Drill, on func() (Stand, error), heard func(repeat.Run)) {
	ginkgo.It(says+": "+d.Title(), ginkgo.Label(d.ID), func(ctx ginkgo.SpecContext) {
		stand, err := on()
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		o, err := Rehearse(ctx, d, stand)
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		heard(o.Run)
		gomega.Expect(o).To(HoldUp())
	}, ginkgo.SpecTimeout(Prepare+d.Profile().Curve.Length()+Patience))
}
