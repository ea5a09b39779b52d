package smoke_test

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/record"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
	"redpacket/suites/spec"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/config"
	"redpacket/system/control/ops"
	"redpacket/system/topology"
)

// One system for all that can be asked of two data centres: at rest, then under a load with each playbook in turn, then with
// users sent over, and last with a gateway dead.
var _ = Describe("two data centres", Ordered, ContinueOnFailure, func() {
	var on *stage.Standing
	festival := activity.Festival(1, 0.1)
	BeforeAll(func(ctx SpecContext) {
		rules := config.Default()
		rules.DeliveryRate = 8 // so low that deliveries queue, which P4 can be seen to spread
		on = stand(ctx, topology.TwoIDC(), festival, rules)
	}, NodeTimeout(spec.Patience))

	It("need at most 4 GiB of memory while nobody comes", func(ctx SpecContext) {
		rest, err := on.AtRest(ctx, 3*time.Second)
		Expect(err).NotTo(HaveOccurred())
		AddReportEntry("at rest", rest.String()) // what processor time may cost is a gate of make bench
		Expect(rest.Bytes).To(And(BeNumerically(">", uint64(100<<20)), BeNumerically("<=", uint64(4<<30))))
	}, SpecTimeout(spec.Patience))

	Context("under a load,", func() { describeEffects(func() *stage.Standing { return on }) })

	It("send a region's users over within two TTLs, and let their claims be decided at home", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		profile := loadprofiles.Estimate96k(time.Second)
		profile.Curve = loadprofiles.Hold(3000, 8*time.Second)
		share := func(ctx context.Context) float64 { return arrived(scraped(ctx, on), "tgw-a") }
		arrivedBefore, before := share(ctx), scraped(ctx, on)
		var moved bool
		var away []float64 // what arrived at a by then: when it was shifted, two TTLs later, and a second after that
		y, err := on.Fire(ctx, stage.Load{Profile: profile, Seed: 1, Dir: dir, Tell: func(p volley.Progress) {
			switch {
			case p.At >= 2*time.Second && !moved:
				moved = true
				Expect(on.Shift(ctx, "a", map[string]int{"b": 100})).To(Succeed())
				away = append(away, share(ctx))
			case p.At >= 2*time.Second+2*config.Default().Balance.TTL.D()+500*time.Millisecond && len(away) == 1,
				p.At >= 6500*time.Millisecond && len(away) == 2:
				away = append(away, share(ctx))
			}
		}})
		Expect(err).NotTo(HaveOccurred())
		Expect(away).To(HaveLen(3))
		Expect(away[0]-arrivedBefore).To(BeNumerically(">", 1500), "requests arrived in a before the shift")
		Expect(away[2]-away[1]).To(BeNumerically("<", 0.01*3000), "requests arrived in a though all had been sent to b")
		Expect(y.Moved).To(BeNumerically(">", 0))
		Expect(y.Dropped + y.Unsent).To(BeZero())

		grants, strangers := 0, 0
		_, err = on.Books(ctx, func(shelf books.Shelf, e books.Entry) error {
			if shelf != books.Cmem {
				return nil
			}
			grants++
			gift, _ := festival.Gift(e.Order.Gift())
			if !(activity.Part{IDC: activity.Home(e.User), Of: activity.IDCs}).Has(gift, e.Order) {
				strangers++
			}
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(grants).To(BeNumerically(">", 100))
		Expect(strangers).To(BeZero(), "shares given by a data centre that is not their user's home")
		const forwarded = "redpacket_forwarded_total"
		handed := scraped(ctx, on)["tgw-b"][forwarded] - before["tgw-b"][forwarded]
		Expect(handed).To(BeNumerically(">", 100), "calls that b handed to a")
		AddReportEntry("shift", fmt.Sprintf("%d grants, each from its user's home; b handed %.0f calls over", grants, handed))
	}, SpecTimeout(spec.Patience))

	It("drain a data centre by a playbook that every process of both has within 2 s, and take it back", func(ctx SpecContext) {
		platform, err := on.Ops()
		Expect(err).NotTo(HaveOccurred())
		for _, change := range []func(context.Context, string) (ops.Outcome, error){platform.Activate, platform.RollBack} {
			o, err := change(ctx, "P9a")
			Expect(err).NotTo(HaveOccurred())
			Expect(o.TookMS).To(BeNumerically("<=", 2000))
			samples, err := on.Scrape(ctx)
			Expect(err).NotTo(HaveOccurred())
			echoes := 0
			for node, values := range samples {
				if version, shown := values["redpacket_switches_version"]; shown {
					Expect(version).To(BeEquivalentTo(o.Version), node)
					echoes++
				}
			}
			Expect(echoes).To(Equal(o.Instances))
			AddReportEntry("switch", fmt.Sprintf("version %d: %d processes of both data centres after %d ms", o.Version, echoes, o.TookMS))
		}
	}, SpecTimeout(spec.Patience))

	It("are reconciled each by itself", func(ctx SpecContext) {
		for _, idc := range topology.TwoIDC().IDCs() {
			r, err := on.ReconcileIn(ctx, idc, "rate=200000&dry=true")
			Expect(err).NotTo(HaveOccurred())
			Expect(r.Whole()).To(BeTrue(), r.Why)
			Expect(r.Granted).To(BeNumerically(">", 100), "grants of "+idc)
			Expect(r.Held).To(Equal(r.Granted), "shares held in "+idc)
			for kind, n := range r.Differences {
				Expect(n).To(BeZero(), "%s in %s: %v", kind, idc, r.Examples)
			}
		}
	}, SpecTimeout(spec.Patience))

	It("take a dead gateway out, and serve its users by the other one", func(ctx SpecContext) {
		balance := config.Default().Balance
		noticed := time.Duration(balance.Fall)*balance.Every.D() + balance.Within.D() + 2*balance.TTL.D()
		Expect(on.Shift(ctx, "a", map[string]int{"a": 100})).To(Succeed())
		dir := GinkgoT().TempDir()
		profile := loadprofiles.Estimate96k(time.Second)
		profile.Curve = loadprofiles.Hold(3000, 9*time.Second)
		var killed time.Duration
		y, err := on.Fire(ctx, stage.Load{Profile: profile, Seed: 2, Dir: dir, Tell: func(p volley.Progress) {
			if p.At >= 2*time.Second && killed == 0 {
				began := time.Now()
				Expect(on.Kill(ctx, "tgw-a")).To(Succeed())
				killed = p.At + time.Since(began)
			}
		}})
		Expect(err).NotTo(HaveOccurred())
		tally, err := record.OpenTally(filepath.Join(dir, record.TallyFile))
		Expect(err).NotTo(HaveOccurred())
		lost := record.Which{Outcomes: []api.Outcome{api.Doubt, api.Shed, api.Failed}}
		during, after := record.Span{From: killed, To: killed + noticed}, record.Span{From: killed + noticed, To: y.Length}
		Expect(tally.Count(during, lost)).To(BeNumerically(">", 0), "requests to a dead gateway")
		Expect(tally.Count(after, record.Which{})).To(BeNumerically(">", 3000))
		Expect(tally.Count(after, lost)).To(BeZero(), "requests lost %s after the gateway died", noticed)
		AddReportEntry("dead gateway", fmt.Sprintf("%d requests lost within %s of the gateway's death, none later", tally.Count(during, lost), noticed))
		Expect(on.Start(ctx, "tgw-a")).To(Succeed())
	}, SpecTimeout(spec.Patience))
})

// arrived is how many requests a gateway has answered.
func arrived(now drills.Samples, gateway string) (sum float64) {
	for name, n := range now[gateway] {
		if len(name) > 24 && name[:24] == "redpacket_requests_total" {
			sum += n
		}
	}
	return sum
}

// scraped is what every node shows; one that does not answer fails the spec.
func scraped(ctx context.Context, on *stage.Standing) drills.Samples {
	GinkgoHelper()
	samples, err := on.Scrape(ctx)
	Expect(err).NotTo(HaveOccurred())
	return samples
}
