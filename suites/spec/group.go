package spec

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/repeat"
	"redpacket/drills/stage"
)

// Prepare bounds what the first spec waits for: the images, which may take minutes when there are none. A spec's timeout
// counts it.
const Prepare = 10 * time.Minute

// Group has a spec for each drill of a group, at the scale that the drill names itself. It stands in an ordered container;
// says comes before the drill's title, with the id in capitals, so that FOCUS=FI-9 finds it. times says which drills are
// repeated, and how often: under the next seed each time, with a spec for each and one more in which the worst counts.
func Group(group, says string, times map[string]int) {
	ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) {
		gomega.Expect(stage.Ready(ctx, Progress(ginkgo.GinkgoWriter, group).Say)).To(gomega.Succeed())
	}, ginkgo.NodeTimeout(Prepare))

	all, err := catalog.Find(group, 0)
	if err != nil {
		ginkgo.AbortSuite(err.Error())
	}
	for _, d := range all {
		if n := times[d.ID]; n > 1 {
			repeated(says, d, n)
			continue
		}
		one(says, d, 0, func(repeat.Run) {})
	}
}

// repeated has a spec for each repetition, and one for all of them, whose table is kept beside the runs.
func repeated(says string, d drills.Drill, times int) {
	var runs []repeat.Run
	for i := range times {
		one(fmt.Sprintf("%s, %d of %d", says, i+1, times), d, uint64(i), func(r repeat.Run) { runs = append(runs, r) })
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
func one(says string, d drills.Drill, round uint64, heard func(repeat.Run)) {
	ginkgo.It(says+": "+d.Title(), ginkgo.Label(d.ID), func(ctx ginkgo.SpecContext) {
		gomega.Expect(d.Scale).To(gomega.BeNumerically(">", 0), "a drill of this group names its scale itself")
		o, err := Rehearse(ctx, d, Stand{Scale: d.Scale, Notes: []string{"the drill's own scale"}, Round: round, Out: ginkgo.GinkgoWriter})
		gomega.Expect(err).NotTo(gomega.HaveOccurred())
		heard(o.Run)
		gomega.Expect(o).To(HoldUp())
	}, ginkgo.SpecTimeout(Prepare+d.Profile().Curve.Length()+3*time.Minute))
}
