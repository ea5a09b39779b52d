package spec

import (
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"redpacket/drills/catalog"
	"redpacket/drills/stage"
)

// Prepare bounds what the first spec waits for: the images, which may take minutes when there are none. A spec's timeout
// counts it.
const Prepare = 10 * time.Minute

// Group has a spec for each drill of a group, at the scale that the drill names itself. It stands in an ordered container;
// says comes before the drill's title, with the id in capitals, so that FOCUS=FI-9 finds it.
func Group(group, says string) {
	ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) {
		gomega.Expect(stage.Ready(ctx, Progress(ginkgo.GinkgoWriter, group).Say)).To(gomega.Succeed())
	}, ginkgo.NodeTimeout(Prepare))

	drills, err := catalog.Find(group, 0)
	if err != nil {
		ginkgo.AbortSuite(err.Error())
	}
	for _, d := range drills {
		ginkgo.It(says+": "+d.Title(), ginkgo.Label(d.ID), func(ctx ginkgo.SpecContext) {
			gomega.Expect(d.Scale).To(gomega.BeNumerically(">", 0), "a drill of this group names its scale itself")
			gomega.Expect(Rehearse(ctx, d, Stand{Scale: d.Scale, Notes: []string{"the drill's own scale"}, Out: ginkgo.GinkgoWriter})).To(HoldUp())
		}, ginkgo.SpecTimeout(Prepare+d.Profile().Curve.Length()+3*time.Minute))
	}
}
