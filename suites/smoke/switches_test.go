package smoke_test

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/smoke"
	"redpacket/suites/spec"
	"redpacket/system/api"
	"redpacket/system/control/ops"
	"redpacket/system/login"
	"redpacket/system/provision"
	"redpacket/system/topology"
)

// describeSwitches throws switches, with and without their store, and looks at who is on whose list meanwhile.
func describeSwitches(on func() *provision.Cluster) {
	var platform ops.Client
	BeforeAll(func() {
		var err error
		platform, err = on().Ops()
		Expect(err).NotTo(HaveOccurred())
	})

	// echoed asks every process itself, past the platform, which version it runs with.
	echoed := func(ctx SpecContext) map[string]float64 {
		GinkgoHelper()
		samples, err := on().Scrape(ctx)
		if err != nil {
			Expect(samples).NotTo(BeEmpty(), err.Error())
		}
		versions := map[string]float64{}
		for node, values := range samples {
			version, shown := values["redpacket_switches_version"]
			Expect(shown).To(BeTrue(), "%s shows no version", node)
			versions[node] = version
		}
		return versions
	}
	// all is a change that must reach everyone in time; without is who is dead, and need not echo.
	all := func(ctx SpecContext, o ops.Outcome, err error, within time.Duration) {
		GinkgoHelper()
		Expect(err).NotTo(HaveOccurred())
		Expect(o.TookMS).To(BeNumerically("<=", within.Milliseconds()), "ms until everyone echoed")
		versions := echoed(ctx)
		Expect(versions).To(HaveLen(o.Instances))
		for node, version := range versions {
			Expect(version).To(BeEquivalentTo(o.Version), node)
		}
		fmt.Fprintf(GinkgoWriter, "version %d: %d of %d processes after %d ms, stored: %v\n", o.Version, o.Instances, o.Instances, o.TookMS, o.Stored)
	}
	ask := func(user api.User, method, path string) smoke.Reply {
		GinkgoHelper()
		s, err := login.NewSigner(on().Key())
		Expect(err).NotTo(HaveOccurred())
		r, err := smoke.Say(on().Front(), get(method, path, string(s.Mint(nil, user, uint32(time.Now().Add(time.Hour).Unix())))), 3*time.Second)
		Expect(err).NotTo(HaveOccurred())
		return r
	}
	// degraded is how many of 100 users' lists are.
	degraded := func() (n int) {
		for user := range api.User(100) {
			r := ask(user+1, "GET", "/gifts")
			Expect(r.Code).To(Equal("ok"), r.Body)
			if strings.Contains(r.Body, `"degraded":["sampled"]`) {
				n++
			}
		}
		return n
	}

	It("a playbook reaches every process within 2 s and acts; twice is once; rolled back likewise", func(ctx SpecContext) {
		o, err := platform.Activate(ctx, "P1")
		all(ctx, o, err, 2*time.Second)
		Expect(o.Stored).To(BeTrue())
		Expect(degraded()).To(BeNumerically("~", 90, 9))
		again, err := platform.Activate(ctx, "P1")
		Expect(err).NotTo(HaveOccurred())
		Expect([]any{again.Version, again.Changed}).To(Equal([]any{o.Version, false}))
		o, err = platform.RollBack(ctx, "P1")
		all(ctx, o, err, 2*time.Second)
		Expect(degraded()).To(BeZero())
	}, SpecTimeout(spec.Patience))

	It("issuing stops at once, in friendly words, and goes on after", func(ctx SpecContext) {
		Expect(ask(1001, "POST", "/claim?gift=1&server=1").Code).To(Equal("ok"))
		o, err := platform.Activate(ctx, "P10")
		all(ctx, o, err, 2*time.Second)
		for user := range api.User(50) {
			r := ask(1002+user, "POST", "/claim?gift=1&server=1")
			Expect(r.Code).To(Equal("closed"), r.Body)
			Expect(r.Body).To(ContainSubstring(`"say":"We are counting`))
			Expect(ask(1002+user, "GET", "/receipt?gift=1").Code).To(Equal("not_found"))
		}
		o, err = platform.RollBack(ctx, "P10")
		all(ctx, o, err, 2*time.Second)
		Expect(ask(1002, "POST", "/claim?gift=1&server=1").Code).To(Equal("ok"))
	}, SpecTimeout(spec.Patience))

	It("works without the control store, within 5 s, and brings late comers up to date", func(ctx SpecContext) {
		Expect(on().Kill(ctx, "control")).To(Succeed())
		spread := func() string {
			ask(2001, "POST", "/claim?gift=1&server=1")
			return ask(2001, "POST", "/claim?gift=1&server=1").Body
		}
		reached := func(o ops.Outcome, err error) {
			GinkgoHelper()
			Expect(err).To(MatchError(ops.ErrMissing)) // the store itself is dead, and named
			Expect(o.Missing).To(ConsistOf(HavePrefix("control: ")))
			Expect(o.Stored).To(BeFalse())
			Expect(o.TookMS).To(BeNumerically("<=", 5000))
			versions := echoed(ctx)
			Expect(versions).To(HaveLen(o.Instances - 1))
			for node, version := range versions {
				Expect(version).To(BeEquivalentTo(o.Version), node)
			}
		}
		reached(platform.Activate(ctx, "P7"))
		Expect(spread()).To(ContainSubstring(`"spread_ms":15000`))
		Expect(on().Kill(ctx, "ams-light-1")).To(Succeed())
		Expect(on().Start(ctx, "ams-light-1")).To(Succeed())
		Eventually(echoed).WithContext(ctx).WithTimeout(soonEnough).Should(HaveKeyWithValue("ams-light-1", BeNumerically(">", 0)))
		reached(platform.RollBack(ctx, "P7"))
		Expect(spread()).To(ContainSubstring(`"spread_ms":4000`))
		Expect(on().Start(ctx, "control")).To(Succeed())
		Eventually(func(g Gomega) {
			o, err := platform.RollBack(ctx, "P7")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect([]bool{o.Stored, o.Changed}).To(Equal([]bool{true, false}))
		}).WithTimeout(soonEnough).Should(Succeed())
	}, SpecTimeout(spec.Patience))

	It("an instance that dies leaves the list and one that returns comes back; the list outlives the store and the caller", func(ctx SpecContext) {
		const dies = "ams-light-1"
		// off is who is on the configuration, and not on the gateway's list.
		off := func(ctx SpecContext) (names []string) {
			samples, err := on().Scrape(ctx)
			if err != nil {
				Expect(samples).NotTo(BeEmpty(), err.Error())
			}
			for _, node := range append(topology.OneIDC().Role("ams-light"), topology.OneIDC().Role("ams-heavy")...) {
				listed, shown := samples["tgw"][fmt.Sprintf("redpacket_l5_listed{peer=%q}", node)]
				if !shown || listed == 0 {
					names = append(names, node)
				}
			}
			return names
		}
		user := api.User(3001)
		claims := func() string {
			user++
			return ask(user, "POST", "/claim?gift=1&server=1").Code
		}
		soon := func() AsyncAssertion {
			return Eventually(off).WithContext(ctx).WithTimeout(soonEnough).WithPolling(200 * time.Millisecond)
		}
		soon().Should(BeEmpty())
		Expect(on().Kill(ctx, dies)).To(Succeed())
		soon().Should(ConsistOf(dies))
		Expect(on().Kill(ctx, "control")).To(Succeed())
		Expect(on().Kill(ctx, "tgw")).To(Succeed())
		Expect(on().Start(ctx, "tgw")).To(Succeed())
		soon().Should(ConsistOf(dies)) // which a gateway that has just begun can only know from its file
		Expect(on().Start(ctx, dies)).To(Succeed())
		Eventually(claims).WithTimeout(soonEnough).Should(Equal("ok"))
		// For longer than leases hold: nobody hears of anybody, and nobody is taken off.
		Consistently(claims).WithTimeout(8 * time.Second).WithPolling(100 * time.Millisecond).Should(Equal("ok"))
		Expect(off(ctx)).To(ConsistOf(dies))
		Expect(on().Start(ctx, "control")).To(Succeed())
		soon().Should(BeEmpty())
	}, SpecTimeout(spec.Patience))
}
