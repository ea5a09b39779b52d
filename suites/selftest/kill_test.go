package selftest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/stage"
	"redpacket/suites/selftest"
	"redpacket/suites/spec"
)

const (
	kills    = 20
	goneIn   = 10 * time.Second
	firstAt  = 200 * time.Millisecond
	quietFor = time.Second // how long nothing must appear again
)

// The tries share the length of one whole run, which the first spec measures.
var _ = Describe("after kill -9 of rehearse nothing is left within 10 s,", Label("kill"), Ordered, ContinueOnFailure, Serial, func() {
	k := &killing{}
	var whole time.Duration
	var tried, clean int
	var lines []string
	moments := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), kills))

	start := func(mark string) *selftest.Harness { return k.start(mark, "--hold", "2s") }

	BeforeAll(func(ctx SpecContext) {
		k.prepare(ctx)
		began := time.Now()
		h := start("whole")
		said, err := h.Wait(ctx)
		whole = time.Since(began)
		GinkgoWriter.Printf("a whole run takes %.1f s; seed %d\n%s", whole.Seconds(), GinkgoRandomSeed(), said)
		Expect(said).To(ContainSubstring("sm-1"), "the run to be killed does not run: %v", err)
		Expect(said).NotTo(ContainSubstring("rehearse: "), "the run to be killed broke off")
		k.gone(ctx, h)
	}, NodeTimeout(spec.Prepare))

	It("and what there is of a living one is seen: its reaper, its containers, networks and volumes", func(ctx SpecContext) {
		h := start("living")
		Eventually(ctx, func(ctx context.Context) ([]string, error) { return h.Left(ctx) }).WithContext(ctx).WithTimeout(whole).
			WithPolling(100 * time.Millisecond).Should(SatisfyAll(
			WithTransform(ofKind("process"), BeNumerically(">=", 2)), WithTransform(ofKind("container"), BeNumerically(">=", 16)),
			WithTransform(ofKind("network"), Equal(2)), WithTransform(ofKind("volume"), BeNumerically(">=", 1))))
		killed, err := h.KillAfter(ctx, 0)
		Expect(err).NotTo(HaveOccurred())
		Expect(killed).To(BeTrue())
		k.gone(ctx, h)
	}, SpecTimeout(spec.Patience))

	for n := range kills {
		// A moment in each twentieth of a run, so that every stage of it is met.
		share := (float64(n) + moments.Float64()) / kills
		It(fmt.Sprintf("try %d of %d, at %.1f %% of a run", n+1, kills, 100*share), func(ctx SpecContext) {
			tried++
			at := firstAt + time.Duration(share*float64(whole-firstAt))
			var h *selftest.Harness
			for try, killed := 0, false; !killed; try++ {
				Expect(try).To(BeNumerically("<", 5), "the harness ended before it could be killed, again and again")
				at = at * time.Duration(10-try) / 10
				h = start(fmt.Sprintf("try-%d-%d", n+1, try))
				var err error
				killed, err = h.KillAfter(ctx, at)
				Expect(err).NotTo(HaveOccurred())
			}
			before, err := h.Left(ctx)
			Expect(err).NotTo(HaveOccurred())
			took := k.gone(ctx, h)
			clean++
			lines = append(lines, fmt.Sprintf("  killed at %5.2f s: %2d things, gone after %4.1f s", at.Seconds(), len(before), took.Seconds()))
			GinkgoWriter.Println(lines[len(lines)-1])
		}, SpecTimeout(spec.Patience))
	}

	AfterAll(func() {
		text := fmt.Sprintf("%s\nnothing left %d of %d\n", strings.Join(lines, "\n"), clean, tried)
		AddReportEntry("kills", text)
		Expect(spec.Keep("selftest-kill.txt", text)).To(Succeed())
	})
})

// killing is what the specs share that kill a harness.
type killing struct{ rehearse, dir string }

// prepare builds the command line, and sees that every image is there.
func (k *killing) prepare(ctx context.Context) {
	GinkgoHelper()
	var err error
	k.dir = GinkgoT().TempDir()
	k.rehearse, err = selftest.Build(ctx, k.dir)
	Expect(err).NotTo(HaveOccurred())
	Expect(stage.Ready(ctx, spec.Progress("images").Say)).To(Succeed())
}

// start runs the smoke drill in a harness of its own.
func (k *killing) start(mark string, flags ...string) *selftest.Harness {
	GinkgoHelper()
	h, err := selftest.StartHarness(mark, k.rehearse, append([]string{"run", "sm-1", "--out", filepath.Join(k.dir, mark)}, flags...)...)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		_, err := h.KillAfter(ctx, 0) // a try that broke off must not leave its harness running
		Expect(err).NotTo(HaveOccurred())
	})
	return h
}

// gone waits until nothing is left of the harness, sees that nothing comes back, and says how long it took.
func (k *killing) gone(ctx context.Context, h *selftest.Harness) time.Duration {
	GinkgoHelper()
	began := time.Now()
	left := func(ctx context.Context) ([]string, error) { return h.Left(ctx) }
	Eventually(ctx, left).WithContext(ctx).WithTimeout(goneIn).WithPolling(100 * time.Millisecond).Should(BeEmpty())
	took := time.Since(began)
	Consistently(ctx, left).WithContext(ctx).WithTimeout(quietFor).WithPolling(200 * time.Millisecond).Should(BeEmpty())
	return took
}

// ofKind counts what is left of one kind.
func ofKind(kind string) func([]string) int {
	return func(left []string) (n int) {
		for _, thing := range left {
			if strings.HasPrefix(thing, kind+" ") {
				n++
			}
		}
		return n
	}
}
