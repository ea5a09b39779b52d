package spec

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/catalog"
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

// Group describes a group of drills with a spec for each, at the scale that how finds: "when says: title". The title has
// the drill's id in capitals, so that FOCUS=FI-9 finds it. It is called where a variable is declared, for Ginkgo wants the
// specs before it runs any, and returns true.
func Group(group, when, says string, how Scale) bool {
	return ginkgo.Describe(when, ginkgo.Ordered, ginkgo.ContinueOnFailure, ginkgo.Serial, ginkgo.Offset(1), func() {
		found, err := catalog.Find(group, 0)
		if err != nil {
			ginkgo.AbortSuite(err.Error())
		}
		var stand func(drills.Drill) (Stand, error)
		ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) {
			progress := Progress(group)
			gomega.Expect(stage.Ready(ctx, progress.Say)).To(gomega.Succeed())
			var err error
			stand, err = how(ctx, progress)
			gomega.Expect(err).NotTo(gomega.HaveOccurred())
		}, ginkgo.NodeTimeout(Prepare))
		for _, d := range found {
			ginkgo.It(says+": "+d.Title(), ginkgo.Label(d.ID), func(ctx ginkgo.SpecContext) {
				on, err := stand(d)
				gomega.Expect(err).NotTo(gomega.HaveOccurred())
				gomega.Expect(Rehearse(ctx, d, on)).To(HoldUp())
			}, ginkgo.SpecTimeout(Prepare+d.Profile().Curve.Length()+Patience))
		}
	})
}
