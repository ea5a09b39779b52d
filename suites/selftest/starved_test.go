package selftest_test

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/rig"
	"redpacket/loadprofiles/volley"
	"redpacket/suites/spec"
)

const (
	starvedDrill   = "sm-1"
	starvedHold    = 4 * time.Second
	starvedTimes   = 5
	soundTimes     = 10
	busyNeighbours = 8 // processes that never rest, on the generator's core
)

// The verdict of a drill must not depend on who else uses the generator's core: such a drill tells nothing, every time,
// and one that was left alone passes, every time.
var _ = Describe("a generator's core", Label("starved"), Serial, func() {
	found, err := catalog.Find(starvedDrill, starvedHold)
	if err != nil || len(found) != 1 {
		AbortSuite(fmt.Sprintf("%d drills are called %s: %v", len(found), starvedDrill, err))
	}
	d := found[0]
	within := SpecTimeout(d.Profile().Curve.Length() + spec.Patience)
	rehearse := func(ctx SpecContext) spec.Outcome {
		GinkgoHelper()
		o, err := spec.Rehearse(ctx, d, spec.Stand{})
		Expect(err).NotTo(HaveOccurred())
		return o
	}

	for n := 1; n <= starvedTimes; n++ {
		It(fmt.Sprintf("that other processes keep busy leaves the drill inconclusive, %d of %d", n, starvedTimes), func(ctx SpecContext) {
			burner, err := volley.StartBurner(rig.Mine().Generator, busyNeighbours)
			Expect(err).NotTo(HaveOccurred())
			DeferCleanup(burner.Stop)
			o := rehearse(ctx)
			Expect(o.Verdict.Status).To(Equal(judge.Inconclusive), o.Text)
			Expect(doubts(o.Verdict)).To(ContainElement(ContainSubstring("the generator was starved")), o.Text)
		}, within)
	}

	for n := 1; n <= soundTimes; n++ {
		It(fmt.Sprintf("that is left alone lets the drill pass, %d of %d", n, soundTimes), func(ctx SpecContext) {
			Expect(rehearse(ctx)).To(spec.HoldUp())
		}, within)
	}
})

// doubts are why the validity gates could not tell.
func doubts(v judge.Verdict) (said []string) {
	for _, f := range v.Findings {
		if f.Kind == judge.Validity && f.Status == judge.Inconclusive {
			said = append(said, strings.TrimSpace(f.Because))
		}
	}
	return said
}
