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
	. "github.com/onsi/gomega/gstruct"

	"redpacket/faults"
	"redpacket/faults/kinds"
	"redpacket/faults/node"
	"redpacket/faults/warden"
	"redpacket/suites/selftest"
	"redpacket/suites/spec"
	"redpacket/system/pause"
)

// The moments of a try: the faults come when the load has begun, and the harness dies while both are there, or come.
const (
	hurtAt   = time.Second
	alsoAt   = 1500 * time.Millisecond
	hurtFor  = 15 * time.Second
	dieLater = 3 * time.Second // at most, after the second was written down
)

var _ = Describe("a harness that dies in mid-fault leaves nothing hurt, and nothing at all within 10 s,", Label("kill", "midfault"), Ordered, ContinueOnFailure, Serial, func() {
	k := &killing{}
	var clean int
	var lines []string
	moments := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), kills+1))

	BeforeAll(func(ctx SpecContext) { k.prepare(ctx) }, NodeTimeout(spec.Prepare))

	It("of whatever kind: there is a sample of each", func() {
		sampled := map[string]bool{}
		for _, f := range selftest.Samples() {
			sampled[kinds.Name(f)] = true
		}
		for _, f := range kinds.All() {
			Expect(sampled).To(HaveKey(kinds.Name(f)), "give it a sample in suites/selftest")
		}
	})

	// try hurts a system with two faults, ends its harness, and sees both healed, nothing left of any kind, and the run gone.
	try := func(ctx context.Context, mark string, pair [2]faults.Fault, end func(*selftest.Harness) error) {
		GinkgoHelper()
		flags := []string{"--hold", "20s"}
		for i, at := range []time.Duration{hurtAt, alsoAt} {
			flag, err := selftest.Flag(pair[i], at, hurtFor)
			Expect(err).NotTo(HaveOccurred())
			flags = append(flags, flag)
		}
		h := k.start(mark, flags...)
		journal := filepath.Join(k.dir, mark, "faults.journal")
		Eventually(ctx, func() ([]warden.End, error) {
			ends, _, err := warden.ReadJournal(journal)
			return ends, err
		}).WithContext(ctx).WithTimeout(time.Minute).WithPolling(20 * time.Millisecond).Should(HaveLen(2))
		wait := time.Duration(moments.Int64N(int64(dieLater)))
		pause.For(ctx, wait)
		Expect(h.Ended()).To(BeFalse(), "the harness ended by itself")
		Expect(end(h)).To(Succeed())
		took := k.gone(ctx, h)
		ends, audit, err := warden.ReadJournal(journal)
		Expect(err).NotTo(HaveOccurred())
		for _, e := range ends {
			Expect(e.Healed).NotTo(BeNil(), "%s was never healed", e.Fault)
			Expect(e.Healed.Err).To(BeEmpty(), "%s, healed by the %s", e.Fault, e.Healed.By)
		}
		Expect(audit).NotTo(BeNil(), "nobody looked for what is left")
		Expect(audit.Err).To(BeEmpty())
		Expect(audit.Residue).To(BeEmpty())
		clean++
		lines = append(lines, fmt.Sprintf("  %-10s %s later: gone after %4.1f s; %s", mark, wait.Round(time.Millisecond), took.Seconds(), told(ends)))
		GinkgoWriter.Println(lines[len(lines)-1])
	}

	for n, pair := range selftest.Pairs(uint64(GinkgoRandomSeed()), kills) {
		It(fmt.Sprintf("killed, try %d of %d: %s, and %s", n+1, kills, pair[0], pair[1]), func(ctx SpecContext) {
			try(ctx, fmt.Sprintf("kill-%d", n+1), pair, func(h *selftest.Harness) error {
				_, err := h.KillAfter(ctx, 0)
				return err
			})
		}, SpecTimeout(spec.Patience))
	}

	for n, pair := range selftest.Pairs(uint64(GinkgoRandomSeed())+1, interrupts) {
		It(fmt.Sprintf("by Ctrl-C twice, try %d of %d: %s, and %s", n+1, interrupts, pair[0], pair[1]), func(ctx SpecContext) {
			try(ctx, fmt.Sprintf("ctrl-c-%d", n+1), pair, func(h *selftest.Harness) error { return h.Interrupt(ctx, 2) })
		}, SpecTimeout(spec.Patience))
	}

	It("or stands still for longer than its lease: the warden heals, and the drill tells nothing", func(ctx SpecContext) {
		flag, err := selftest.Flag(node.Frozen{Node: "recommend"}, hurtAt, hurtFor)
		Expect(err).NotTo(HaveOccurred())
		h := k.start("still", "--hold", "17s", flag)
		journal := filepath.Join(k.dir, "still", "faults.journal")
		ends := func() ([]warden.End, error) {
			all, _, err := warden.ReadJournal(journal)
			return all, err
		}
		Eventually(ctx, ends).WithContext(ctx).WithTimeout(time.Minute).WithPolling(20 * time.Millisecond).Should(HaveLen(1))
		Expect(h.Stop()).To(Succeed())
		DeferCleanup(func() { _ = h.Go() })
		healed := HaveField("Healed", PointTo(MatchFields(IgnoreExtras, Fields{"By": Equal("warden"), "Err": BeEmpty(), "Why": ContainSubstring("silent")})))
		Eventually(ctx, ends).WithContext(ctx).WithTimeout(warden.Lease + goneIn/2).WithPolling(100 * time.Millisecond).Should(ConsistOf(healed))
		Expect(h.Go()).To(Succeed())
		said, _ := h.Wait(ctx)
		Expect(said).To(ContainSubstring("INCONCLUSIVE"))
		Expect(said).To(ContainSubstring("the warden healed it, because the harness was silent"))
		k.gone(ctx, h)
	}, SpecTimeout(spec.Patience))

	AfterAll(func() {
		text := fmt.Sprintf("%s\nhealed, audited and gone %d of %d\n", strings.Join(lines, "\n"), clean, kills+interrupts)
		AddReportEntry("mid-fault", text)
		Expect(spec.Keep("selftest-midfault.txt", text)).To(Succeed())
	})
})

// interrupts is how many of the tries end by Ctrl-C.
const interrupts = 4

// told says who healed what.
func told(ends []warden.End) string {
	var words []string
	for _, e := range ends {
		words = append(words, fmt.Sprintf("%s by the %s", e.Fault, e.Healed.By))
	}
	return strings.Join(words, ", ")
}
