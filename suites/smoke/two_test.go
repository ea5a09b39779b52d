package smoke_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
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

var _ = Describe("two data centres", Ordered, func() {
	var on *stage.Standing
	small := activity.Festival(1, 0.01)
	BeforeAll(func(ctx SpecContext) {
		began := time.Now()
		var err error
		on, err = stage.Stand(ctx, drills.Stage{Topology: topology.TwoIDC(), Activity: small, Rules: config.Default()},
			spec.Progress("two-idc").Say)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(on.Down(ctx)).To(Succeed()) }, NodeTimeout(30*time.Second))
		Expect(time.Since(began)).To(BeNumerically("<", 30*time.Second), "from nothing to healthy")
	}, NodeTimeout(2*time.Minute))

	It("costs little while nobody comes", func(ctx SpecContext) {
		const watched = 10 * time.Second
		before, err := on.CPU(ctx)
		Expect(err).NotTo(HaveOccurred())
		from := time.Now()
		Expect(wait(ctx, watched)).To(Succeed())
		after, err := on.CPU(ctx)
		Expect(err).NotTo(HaveOccurred())
		share, by := 0.0, []string{}
		for node, used := range after {
			of := (used - before[node]).Seconds() / time.Since(from).Seconds()
			share += of / float64(runtime.NumCPU())
			by = append(by, fmt.Sprintf("%5.2f %% %s", 100*of, node))
		}
		memory, err := on.Memory(ctx)
		Expect(err).NotTo(HaveOccurred())
		var bytes uint64
		for _, used := range memory {
			bytes += used
		}
		slices.Sort(by)
		slices.Reverse(by)
		AddReportEntry("idle", fmt.Sprintf("%d containers use %.1f %% of %d cores and %.2f GiB; most of a core use %v",
			len(memory), 100*share, runtime.NumCPU(), float64(bytes)/(1<<30), by[:8]))
		// Prometheus and zhiyun each ask forty processes every second; which is most of it.
		Expect(share).To(BeNumerically("<=", 0.15), "of the machine's processor time: %v", by)
		Expect(bytes).To(BeNumerically("<=", uint64(4<<30)))
	}, SpecTimeout(time.Minute))

	It("sends a region's users over within two TTLs, and lets their claims be decided at home", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		profile := loadprofiles.Estimate96k(time.Second)
		profile.Curve = loadprofiles.Hold(3000, 8*time.Second)
		share := func(ctx context.Context) float64 {
			now, err := on.Scrape(ctx)
			Expect(err).NotTo(HaveOccurred())
			return arrived(now, "tgw-a")
		}
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
		Expect(away[0]).To(BeNumerically(">", 1500), "requests arrived in a before the shift")
		Expect(away[2]-away[1]).To(BeNumerically("<", 0.01*3000), "requests arrived in a though all had been sent to b")
		Expect(y.Moved).To(BeNumerically(">", 0))
		Expect(y.Dropped + y.Unsent).To(BeZero())

		grants, strangers := 0, 0
		_, err = on.Books(ctx, func(shelf books.Shelf, e books.Entry) error {
			if shelf != books.Cmem {
				return nil
			}
			grants++
			gift, _ := small.Gift(e.Order.Gift())
			if !(activity.Part{IDC: activity.Home(e.User), Of: activity.IDCs}).Has(gift, e.Order) {
				strangers++
			}
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(grants).To(BeNumerically(">", 100))
		Expect(strangers).To(BeZero(), "shares given by a data centre that is not their user's home")
		after, err := on.Scrape(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(after["tgw-b"]["redpacket_forwarded_total"]).To(BeNumerically(">", 100), "calls that b handed to a")
		AddReportEntry("shift", fmt.Sprintf("%d grants, each from its user's home; b handed %.0f calls over", grants, after["tgw-b"]["redpacket_forwarded_total"]))
	}, SpecTimeout(time.Minute))

	It("drains a data centre by a playbook that every process of both has within 2 s, and takes it back", func(ctx SpecContext) {
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
	}, SpecTimeout(time.Minute))

	It("is reconciled in each data centre by itself", func(ctx SpecContext) {
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
	}, SpecTimeout(time.Minute))

	It("takes a dead gateway out, and serves its users by the other one", func(ctx SpecContext) {
		balance := config.Default().Balance
		noticed := time.Duration(balance.Fall)*balance.Every.D() + balance.Within.D() + 2*balance.TTL.D()
		Expect(on.Shift(ctx, "a", map[string]int{"a": 100})).To(Succeed())
		dir := GinkgoT().TempDir()
		profile := loadprofiles.Estimate96k(time.Second)
		profile.Curve = loadprofiles.Hold(3000, 10*time.Second)
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
	}, SpecTimeout(time.Minute))
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

// wait returns after a time, or with ctx's error when it ends before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
