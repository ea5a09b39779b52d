package smoke_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/playbooks"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/suites/spec"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/ops"
	"redpacket/system/control/playbook"
	"redpacket/system/ledger/ledgertest"
	"redpacket/system/pause"
	"redpacket/system/topology"
)

// describeEffects measures what each playbook says that it does under a steady load, before its activation and after, as the
// platform itself measures it, and again when it was taken back; what was measured then is what was before the next one. P7
// spreads the return of those who were refused, so P10 refuses some first. The load has ended when it is done.
func describeEffects(on func() *stage.Standing) {
	var platform ops.Client
	var now playbook.Values
	var stop context.CancelFunc
	var fired chan error
	BeforeAll(func(ctx SpecContext) {
		var err error
		platform, err = on().Ops()
		Expect(err).NotTo(HaveOccurred())
		load := loadprofiles.Estimate96k(time.Second)
		load.Curve = loadprofiles.Hold(3000, 10*time.Minute) // until it is stopped
		load.Promotion = loadprofiles.Pushed
		load.Users.Size, load.Users.Hot = 5_000_000, 100
		load.Users.Gifts = []api.Gift{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 20} // some for new users
		var firing context.Context
		firing, stop = context.WithCancel(context.WithoutCancel(ctx))
		fired = make(chan error, 1)
		dir := GinkgoT().TempDir()
		go func() {
			_, err := on().Fire(firing, stage.Load{Profile: load, Seed: 1, Dir: dir})
			fired <- err
		}()
		quiet := arrived(scraped(ctx, on()), "tgw-a")
		Eventually(func(ctx SpecContext) float64 { return arrived(scraped(ctx, on()), "tgw-a") - quiet }).
			WithContext(ctx).WithTimeout(soonEnough).Should(BeNumerically(">", 1000))
		now = measure(ctx, on()) // of seconds that are all under load
	}, NodeTimeout(spec.Patience))
	// halt ends the load; what it came to is nobody's question here.
	halt := func() {
		if fired != nil {
			stop()
			<-fired
			fired = nil
		}
	}
	AfterAll(halt)

	for _, p := range playbooks.All() {
		if p.ID == "P7" || p.Calls != playbook.NoCall {
			continue
		}
		It(fmt.Sprintf("%s: %s", p.ID, p.Expect), func(ctx SpecContext) {
			before := now[p.Expect.Metric]
			Expect(before).To(BeNumerically(">", 1))
			DeferCleanup(platform.RollBack, p.ID) // of a spec that broke off: twice is once
			_, err := platform.Activate(ctx, p.ID)
			Expect(err).NotTo(HaveOccurred())
			if p.Action.StopPromotion { // who was shown it still comes
				Expect(measure(ctx, on())[p.Expect.Metric]).To(BeNumerically(">", 0.75*before))
			}
			var after float64
			// A measurement that begins when the time is over still counts: one that began before holds what was before, too.
			Eventually(func(ctx SpecContext) (bool, error) {
				v, known := measure(ctx, on())[p.Expect.Metric]
				after = v
				Expect(known).To(BeTrue(), "%s is not known", p.Expect.Metric)
				return p.Expect.Seen(before, after)
			}).WithContext(ctx).WithTimeout(p.Expect.Within+over/2).Should(BeTrue(), func() string {
				return fmt.Sprintf("%s: %.1f before, %.1f after", p.Expect, before, after)
			})
			_, err = platform.RollBack(ctx, p.ID)
			Expect(err).NotTo(HaveOccurred())
			back := func(ctx SpecContext) float64 { now = measure(ctx, on()); return now[p.Expect.Metric] }
			Eventually(back).WithContext(ctx).WithTimeout(soonEnough).Should(BeNumerically(">=", 0.7*before))
			AddReportEntry(p.ID, fmt.Sprintf("%s: %.1f before, %.1f after, %.1f when taken back", p.Expect, before, after, now[p.Expect.Metric]))
		}, SpecTimeout(spec.Patience))
	}

	It("P7: who is refused comes back later, and so fewer come meanwhile", func(ctx SpecContext) {
		p, _ := playbook.Find(playbooks.All(), "P7")
		_, err := platform.Activate(ctx, "P10") // which refuses every claim, and asks its user to come back
		Expect(err).NotTo(HaveOccurred())
		defer func() {
			_, err := platform.RollBack(ctx, "P10")
			Expect(err).NotTo(HaveOccurred())
		}()
		// Its own trigger sees that. What a hand takes back stays away, so what would be without it can be measured, once those
		// have come who were asked back over the long window, and once more over the short one.
		Eventually(func(ctx SpecContext) (string, error) {
			all, err := platform.Playbooks(ctx)
			if i := slices.IndexFunc(all, func(s ops.Standing) bool { return s.ID == p.ID }); i >= 0 {
				return all[i].By, err
			}
			return "", err
		}).WithContext(ctx).WithTimeout(soonEnough).Should(Equal(control.ByTrigger))
		_, err = platform.RollBack(ctx, p.ID)
		Expect(err).NotTo(HaveOccurred())
		Expect(pause.For(ctx, time.Duration(p.Action.SpreadMS)*time.Millisecond+config.Default().Spread.D()+3*time.Second)).To(BeTrue())
		before := measure(ctx, on())
		Expect(before[p.Expect.Metric]).To(BeNumerically(">", 0.4)) // each claim comes three times
		_, err = platform.Activate(ctx, p.ID)
		Expect(err).NotTo(HaveOccurred())
		var after playbook.Values
		Eventually(func(ctx SpecContext) (bool, error) {
			after = measure(ctx, on())
			fmt.Fprintf(GinkgoWriter, "%.3f of the dynamic requests are refused, %.0f/s arrive\n", after[p.Expect.Metric], after[playbook.Arrivals])
			return p.Expect.Seen(before[p.Expect.Metric], after[p.Expect.Metric])
		}).WithContext(ctx).WithTimeout(p.Expect.Within + over/2).Should(BeTrue())
		Expect(after[playbook.Arrivals]).To(BeNumerically("<", 0.97*before[playbook.Arrivals]))
		_, err = platform.RollBack(ctx, p.ID)
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(ctx SpecContext) float64 { return measure(ctx, on())[p.Expect.Metric] }).
			WithContext(ctx).WithTimeout(soonEnough).Should(BeNumerically(">=", 0.95*before[p.Expect.Metric]))
		AddReportEntry("P7", fmt.Sprintf("%s: %.3f before, %.3f after; arrivals %.0f/s before, %.0f/s after", p.Expect, before[p.Expect.Metric],
			after[p.Expect.Metric], before[playbook.Arrivals], after[playbook.Arrivals]))
	}, SpecTimeout(spec.Patience))

	It("P5: what the ledger lost is delivered again, and a second pass finds nothing", func(ctx SpecContext) {
		p, _ := playbook.Find(playbooks.All(), "P5")
		halt()
		ledger, err := on().Address("ledger")
		Expect(err).NotTo(HaveOccurred())
		// A few are enough: they have their turn among the queued ones, at the games' limit.
		gone, err := ledgertest.Forget(ctx, fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", ledger), 300)
		Expect(err).NotTo(HaveOccurred())
		Expect(gone).NotTo(BeEmpty())
		for _, idc := range topology.TwoIDC().IDCs() {
			_, err := on().ReconcileIn(ctx, idc, "rate=200000&dry=true") // which only counts
			Expect(err).NotTo(HaveOccurred())
		}
		before := measure(ctx, on())[p.Expect.Metric]
		Expect(before).To(BeNumerically(">", 0))
		_, err = platform.Activate(ctx, p.ID)
		Expect(err).NotTo(HaveOccurred())
		Eventually(func(ctx SpecContext) (bool, error) { return p.Expect.Seen(before, measure(ctx, on())[p.Expect.Metric]) }).
			WithContext(ctx).WithTimeout(soonEnough).Should(BeTrue())
		_, err = platform.RollBack(ctx, p.ID)
		Expect(err).NotTo(HaveOccurred())
		_, delivered := shelvesOf(ctx, on())
		for _, g := range gone {
			Expect(delivered).To(HaveKeyWithValue(g.Order, g))
		}
		AddReportEntry("P5", fmt.Sprintf("%.0f differences before, none after; %d deliveries were lost, and are there", before, len(gone)))
	}, SpecTimeout(spec.Patience))
}

// over is how long a measurement takes.
const over = 2 * time.Second

// measure is what the platform would measure in the next seconds.
func measure(ctx context.Context, on *stage.Standing) playbook.Values {
	GinkgoHelper()
	before := scrape(ctx, on)
	Expect(pause.For(ctx, over)).To(BeTrue())
	return playbook.Measure(before, scrape(ctx, on), config.Capacity{})
}

func scrape(ctx context.Context, on *stage.Standing) playbook.Scrape {
	GinkgoHelper()
	samples := scraped(ctx, on)
	s := playbook.Scrape{At: time.Now()}
	for _, n := range topology.TwoIDC().Nodes {
		if values, there := samples[n.Name]; there {
			s.Instances = append(s.Instances, playbook.Instance{Node: n.Name, Role: n.Role, IDC: n.IDC, Values: values})
		}
	}
	return s
}
