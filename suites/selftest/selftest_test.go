package selftest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles/volley"
	"redpacket/suites/selftest"
	"redpacket/suites/spec"
	"redpacket/system/images"
	"redpacket/system/mutant"
	"redpacket/system/provision"
)

// The generator and the reaper are this binary, run again.
func TestMain(m *testing.M) {
	volley.BecomeWorker()
	provision.BecomeReaper()
	os.Exit(m.Run())
}

func TestSelftest(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Selftest")
}

// prepare bounds what the first spec waits for: the images, which may take minutes when there are none.
const prepare = 8 * time.Minute

// each bounds one drill of five seconds, with its cluster, and once more when the stage fails.
const each = 2 * time.Minute

// board collects the scores of this run.
type board struct {
	mu     sync.Mutex
	scores []selftest.Score
}

// add is deferred, so that a mutant whose spec breaks off counts as missed.
func (b *board) add(s *selftest.Score, began time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Took = time.Since(began)
	b.scores = append(b.scores, *s)
}

var _ = Describe("the judge catches", Ordered, ContinueOnFailure, Serial, func() {
	scores := &board{}
	AfterAll(func() {
		text := selftest.Table(scores.scores)
		AddReportEntry("score", text)
		Expect(spec.Keep("selftest.txt", text)).To(Succeed())
	})

	Context("in a real system,", Label("system"), func() { describeSystems(scores) })
	Context("in a record,", Label("record"), func() { describeRecords(scores) })
})

// describeSystems plays the same small drill on a system without a bug, then on one with each.
func describeSystems(scores *board) {
	BeforeAll(func(ctx SpecContext) {
		_, err := images.EnsureMutant(ctx, spec.Progress(GinkgoWriter, "images").Say)
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(prepare))

	It("no bug in a normal build, which has none, and every bug of the list in one with the tag", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		Expect(selftest.BugsIn(ctx, dir, "")).To(BeEmpty())
		Expect(selftest.BugsIn(ctx, dir, "mutant")).To(Equal(selftest.BugNames()))
	}, SpecTimeout(prepare))

	It("nothing, where there is no bug", func(ctx SpecContext) {
		Expect(rehearse(ctx, mutant.None)).To(spec.HoldUp())
	}, SpecTimeout(each))

	for _, b := range mutant.All() {
		It(b.Breaks+" "+b.Name+": "+b.Does, func(ctx SpecContext) {
			s := selftest.Score{Kind: "system", Mutant: b.Name, Wanted: []string{b.Breaks + " fail"}}
			defer scores.add(&s, time.Now())
			o := rehearse(ctx, b.Name)
			s.Named, s.Caught = selftest.Failed(o.Verdict), selftest.Names(o.Verdict, b)
			Expect(s.Caught).To(BeTrue(), "%s was not caught: wanted %s to fail and to say %q, and %q failed; its record is in %s\n%s",
				b.Name, b.Breaks, b.Seen, s.Named, o.Dir, o.Text)
		}, SpecTimeout(each))
	}
}

// rehearse plays the drill on a system with a bug. A stage that fails is no mutant missed: it is tried once more, and then
// ends the suite, for nothing can be learned on it.
func rehearse(ctx context.Context, bug string) spec.Outcome {
	GinkgoHelper()
	d := selftest.DrillFor(bug)
	for again := false; ; again = true {
		o, err := spec.Rehearse(ctx, d, spec.Stand{Scale: d.Scale, Notes: []string{"the drill's own scale"}, Out: GinkgoWriter, Mutant: bug})
		if err == nil {
			return o
		}
		if again || ctx.Err() != nil {
			AbortSuite("the stage failed, so nothing was learned about " + bug + ": " + err.Error())
		}
		GinkgoWriter.Printf("the stage failed, and is tried once more: %v\n", err)
	}
}

// describeRecords changes one thing at a time in one good record.
func describeRecords(scores *board) {
	var good string
	BeforeAll(func(ctx SpecContext) {
		var err error
		good, err = selftest.Good(ctx, GinkgoT().TempDir())
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(time.Minute))

	It("nothing, where nothing was changed", func() {
		judged, err := selftest.Change{Make: func(*drillstest.Apart) {}}.Judge(good)
		Expect(err).NotTo(HaveOccurred())
		Expect(judged).To(HaveEach(HaveField("Status", judge.Pass)))
	})

	for _, c := range slices.Concat(selftest.Gates(), selftest.Wrongs(), selftest.Slows()) {
		It(c.Name, func() {
			s := selftest.Score{Kind: "record", Mutant: c.Name}
			defer scores.add(&s, time.Now())
			judged, err := c.Judge(good)
			Expect(err).NotTo(HaveOccurred())
			s = c.Score(judged)
			Expect(s.Caught).To(BeTrue(), "%s: wanted %s and nothing else\n%s", c.Name, s.Wanted, selftest.Differences(judged))
		})
	}
	for _, d := range selftest.Damages() {
		It(d.Name, func() {
			s := selftest.Score{Kind: "file", Mutant: d.Name, Wanted: []string{"the record refused"}, Named: []string{"the sums"}}
			defer scores.add(&s, time.Now())
			dir := filepath.Join(GinkgoT().TempDir(), "damaged")
			Expect(os.CopyFS(dir, os.DirFS(good))).To(Succeed())
			Expect(d.Do(dir)).To(Succeed())
			_, err := record.Open(dir)
			s.Caught = errors.Is(err, record.ErrChanged)
			Expect(err).To(MatchError(record.ErrChanged))
		})
	}

	It("something of every assertion there is", func() {
		named := map[string]bool{}
		for _, c := range slices.Concat(selftest.Gates(), selftest.Wrongs(), selftest.Slows()) {
			for name, status := range c.Becomes {
				named[name] = named[name] || status != judge.Pass
			}
		}
		for _, name := range judge.Types() {
			Expect(named).To(HaveKeyWithValue(name, true), "no change of a record makes %s fail or doubt", name)
		}
	})
}
