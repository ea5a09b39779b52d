package selftest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	"redpacket/drills/report"
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

// readyMutant has the images of the build with the bugs made.
func readyMutant(ctx SpecContext) {
	_, err := images.EnsureMutant(ctx, spec.Progress("images").Say)
	Expect(err).NotTo(HaveOccurred())
}

// describeSystems plays the same small drill on a system without a bug, then on one with each.
func describeSystems(scores *board) {
	BeforeAll(readyMutant, NodeTimeout(spec.Prepare))

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
	BeforeAll(readyMutant, NodeTimeout(spec.Prepare))

	for _, v := range mutant.Versions() {
		d := selftest.Release(v)
		It(fmt.Sprintf("%s, at %d %% at the latest: %s", v.Name, v.By, v.Does), func(ctx SpecContext) {
			s := selftest.Score{Kind: "version", Mutant: v.Name, Wanted: []string{fmt.Sprintf("taken back at %d %%", v.By)}}
			defer scores.add(&s, time.Now())
			o := rehearseDrill(ctx, d, v.Name)
			saved, err := record.Open(filepath.Join(o.Dir, report.RecordDir))
			Expect(err).NotTo(HaveOccurred())
			s.Named, err = selftest.Recalled(saved, o.Verdict, v)
			s.Caught = err == nil
			Expect(err).NotTo(HaveOccurred(), "%s was not caught; its record is in %s\n%s", v.Name, o.Dir, o.Text)
		}, SpecTimeout(each+d.Profile().Curve.Length()))
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

// describeRecords changes one thing at a time in good records.
func describeRecords(scores *board) {
	var below string
	var down *record.Record
	BeforeAll(func(ctx SpecContext) {
		below = GinkgoT().TempDir()
		var playing sync.WaitGroup
		var wrong error
		playing.Go(func() { down, wrong = selftest.Down(ctx, below) })
		errs := make([]error, len(selftest.Goods()))
		for i, g := range selftest.Goods() {
			playing.Go(func() { errs[i] = g.Play(ctx, below) })
		}
		playing.Wait()
		Expect(errors.Join(append(errs, wrong)...)).NotTo(HaveOccurred())
	}, NodeTimeout(time.Minute))

	It("too little success that nothing excuses: the drill is aborted while it runs", func() {
		s := selftest.Score{Kind: "record", Mutant: "nine of ten users shed, for no reason", Wanted: []string{"Abort fail"}}
		defer scores.add(&s, time.Now())
		Expect(down.Abort).NotTo(BeNil())
		Expect(down.Abort.Because).To(ContainSubstring("10 % of the critical path succeeded"))
		for _, f := range judge.Judge(down, []judge.Assertion{judge.Abort{}}).Findings {
			s.Named, s.Caught = []string{"Abort"}, f.Status == judge.Fail
			Expect(f.Status).To(Equal(judge.Fail), f.Because)
		}
	})

	for _, g := range selftest.Goods() {
		It("nothing, where nothing was changed in "+g.Drill.ID, func() {
			judged, err := selftest.Change{Make: func(*drillstest.Apart) {}}.Judge(g.Drill, g.Dir(below))
			Expect(err).NotTo(HaveOccurred())
			Expect(judged).To(HaveEach(HaveField("Status", judge.Pass)), selftest.Differences(judged))
		})
		for _, c := range g.Changes {
			It(c.Name, func() {
				s := selftest.Score{Kind: "record", Mutant: c.Name}
				defer scores.add(&s, time.Now())
				judged, err := c.Judge(g.Drill, g.Dir(below))
				Expect(err).NotTo(HaveOccurred())
				s = c.Score(judged)
				Expect(s.Caught).To(BeTrue(), "%s: wanted %s and nothing else\n%s", c.Name, s.Wanted, selftest.Differences(judged))
			})
		}
	}
	for _, d := range selftest.Damages() {
		It(d.Name, func() {
			s := selftest.Score{Kind: "file", Mutant: d.Name, Wanted: []string{"the record refused"}, Named: []string{"the sums"}}
			defer scores.add(&s, time.Now())
			dir := filepath.Join(GinkgoT().TempDir(), "damaged")
			Expect(os.CopyFS(dir, os.DirFS(selftest.Goods()[0].Dir(below)))).To(Succeed())
			Expect(d.Do(dir)).To(Succeed())
			_, err := record.Open(dir)
			s.Caught = errors.Is(err, record.ErrChanged)
			Expect(err).To(MatchError(record.ErrChanged))
		})
	}

	It("something of every assertion there is", func() {
		becomes, asserted := map[string][]judge.Status{}, map[string]judge.Kind{}
		for _, g := range selftest.Goods() {
			for _, c := range g.Changes {
				for name, status := range c.Becomes {
					becomes[name] = append(becomes[name], status)
				}
			}
			for _, a := range g.Drill.Assertions {
				asserted[judge.TypeOf(a)] = a.Kind()
			}
		}
		for _, name := range judge.Types() {
			worst := judge.Fail
			if asserted[name] == judge.Validity {
				worst = judge.Inconclusive
			}
			Expect(asserted).To(HaveKey(name), "no good drill asserts %s", name)
			Expect(becomes[name]).To(ContainElement(worst), "no change of a record makes %s %s", name, worst)
		}
	})
}
