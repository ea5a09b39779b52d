package night_test

import (
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/stage"
	"redpacket/suites/spec"
)

// The generator and the reaper are this binary, run again.
func TestMain(m *testing.M) {
	stage.Become()
	os.Exit(m.Run())
}

func TestNight(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Night")
}

// prepare bounds what the first spec waits for: the images, which may take minutes when there are none, and the fit. A
// spec's timeout counts it.
const prepare = 10 * time.Minute

var _ = Describe("the night", Ordered, ContinueOnFailure, Serial, func() {
	var limits drills.Limits

	BeforeAll(func(ctx SpecContext) {
		progress := spec.Progress(GinkgoWriter, "fit")
		Expect(stage.Ready(ctx, progress.Say)).To(Succeed())
		var err error
		limits, err = stage.Fit(ctx, progress)
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(prepare))

	group, err := catalog.Find("night", 0)
	if err != nil {
		AbortSuite(err.Error())
	}
	for _, d := range group {
		// The id in capitals, as the catalogue of drills writes it, so that FOCUS=IR-2 finds it.
		It("holds up: "+d.Title(), Label(d.ID), func(ctx SpecContext) {
			Expect(spec.Fitted(ctx, d, limits, GinkgoWriter)).To(spec.HoldUp())
		}, SpecTimeout(prepare+d.Profile().Curve.Length()+3*time.Minute))
	}
})
