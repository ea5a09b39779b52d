package selftest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/suites/selftest"
	"redpacket/suites/spec"
	"redpacket/system/images"
	"redpacket/system/mutant"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestSelftest(t *testing.T) { spec.Run(t, "Selftest") }

// each bounds one drill of five seconds, with its cluster, and once more when the stage fails.
const each = 2 * spec.Patience

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
	Context("in a new version beside the old one,", Label("versions"), func() { describeVersions(scores) })
})

// describeSystems plays the same small drill on a system without a bug, then on one with each.
func describeSystems(scores *board) {
	BeforeAll(func(ctx SpecContext) {
		_, err := images.EnsureMutant(ctx, spec.Progress("images").Say)
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(spec.Prepare))

	It("no bug in a normal build, which has none, and every bug of the list in one with the tag", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		Expect(selftest.BugsIn(ctx, dir, "")).To(BeEmpty())
		Expect(selftest.BugsIn(ctx, dir, "mutant")).To(Equal(selftest.BugNames()))
	}, SpecTimeout(spec.Prepare))

	It("nothing, where there is no bug", func(ctx SpecContext) {
		Expect(rehearse(ctx, mutant.None)).To(spec.HoldUp())
	}, SpecTimeout(each))

	It("a violation that is seen live: the drill is aborted, and its faults are healed", func(ctx SpecContext) {
		d := selftest.Aborted()
		o, err := spec.Rehearse(ctx, d, spec.Stand{Mutant: mutant.NoDedupe})
		Expect(err).NotTo(HaveOccurred())
		Expect(o.Verdict.Status).To(Equal(judge.Fail))
		Expect(selftest.Failed(o.Verdict)).To(ContainElement("M3"), o.Text)
		for _, f := range o.Verdict.Findings {
			if strings.HasPrefix(f.Assertion, "the drill is aborted") {
				Expect(f.Status).To(Equal(judge.Pass), f.Because)
			}
		}
		Expect(o.Text).To(ContainSubstring("+ invariant  the drill is aborted"))
		Expect(o.Text).To(ContainSubstring("2 steps were seen to take effect"))
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

// describeVersions releases a version with each bug, and looks at which stage it is seen and taken back.
func describeVersions(scores *board) {
	for _, b := range mutant.Versions() {
		It(b.Name+": "+b.Does, func(ctx SpecContext) {
			s := selftest.Score{Kind: "version", Mutant: b.Name, Wanted: []string{"a gate or a recall"}}
			defer scores.add(&s, time.Now())
			o := rehearseDrill(ctx, selftest.Release(), b.Name)
			s.Named, s.Caught = selftest.Recalled(o.Verdict, b)
			Expect(s.Caught).To(BeTrue(), "%s was not caught: wanted the release to be taken back for %q; its record is in %s\n%s", b.Name, b.Seen, o.Dir, o.Text)
		}, SpecTimeout(each+selftest.Release().Profile().Curve.Length()))
	}
}

// rehearse plays the drill on a system with a bug. A stage that fails is no mutant missed: it is tried once more, and then
// ends the suite, for nothing can be learned on it.
func rehearse(ctx context.Context, bug string) spec.Outcome {
	GinkgoHelper()
	return rehearseDrill(ctx, selftest.DrillFor(bug), bug)
}

func rehearseDrill(ctx context.Context, d drills.Drill, bug string) spec.Outcome {
	GinkgoHelper()
	for again := false; ; again = true {
		o, err := spec.Rehearse(ctx, d, spec.Stand{Mutant: bug})
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

	for _, c := range slices.Concat(selftest.Gates(), selftest.Wrongs(), selftest.Slows(), selftest.Releases()) {
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
		for _, c := range slices.Concat(selftest.Gates(), selftest.Wrongs(), selftest.Slows(), selftest.Releases()) {
			for name, status := range c.Becomes {
				named[name] = named[name] || status != judge.Pass
			}
		}
		for _, name := range judge.Types() {
			if slices.Contains(selftest.Elsewhere(), name) {
				Expect(named).NotTo(HaveKey(name), "%s is broken here, too: take it off the list of those that are not", name)
				continue
			}
			Expect(named).To(HaveKeyWithValue(name, true), "no change of a record makes %s fail or doubt", name)
		}
	})
}
