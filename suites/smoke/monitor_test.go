package smoke_test

import (
	"encoding/base64"
	"os/exec"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/system/images"
	"redpacket/system/monitor"
	"redpacket/system/provision"
	"redpacket/system/topology"
)

var _ = Describe("the alert rules", func() {
	It("are sound to Prometheus, each fires on what is said to make it fire, and all are silent for 5 min on steady data", func(ctx SpecContext) {
		made, err := images.Ensure(ctx, func(string) {})
		Expect(err).NotTo(HaveOccurred())
		rules, err := monitor.RulesFile(monitor.Rules())
		Expect(err).NotTo(HaveOccurred())
		tests, err := monitor.TestsFile(monitor.Rules(), monitor.Steady(), "rules.yml")
		Expect(err).NotTo(HaveOccurred())
		script := "base64 -d > all && sed -n 1p all > rules.yml && sed -n 2p all > tests.yml && promtool check rules rules.yml && promtool test rules tests.yml"
		tool := exec.CommandContext(ctx, "docker", "run", "--rm", "-i", "--network", "none", made[topology.Prometheus].Tag, script)
		both := append(append(rules, '\n'), append(tests, '\n')...)
		tool.Stdin = strings.NewReader(base64.StdEncoding.EncodeToString(both))
		said, err := tool.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(said))
		Expect(string(said)).To(ContainSubstring("rules found"))
	}, SpecTimeout(2*time.Minute))
})

// describeMonitor sees that the monitor sees. It is the first to look at a system that just stood up, since it kills.
func describeMonitor(on func() *provision.Cluster) {
	// raised are the alarms that fired since a moment, by name.
	raised := func(ctx SpecContext, since time.Time) map[string][]provision.Alarm {
		GinkgoHelper()
		all, err := on().Alarms(ctx, since, time.Now())
		Expect(err).NotTo(HaveOccurred())
		by := map[string][]provision.Alarm{}
		for _, a := range all.Alarms {
			by[a.Name] = append(by[a.Name], a)
		}
		return by
	}

	It("scrapes every process, and synthetic users walk the whole path", func(ctx SpecContext) {
		Eventually(func(ctx SpecContext) (string, error) {
			samples, err := on().Scrape(ctx)
			if err != nil || samples["att"][`redpacket_att_journeys_total{outcome="ok"}`] < 5 {
				return "few journeys", err
			}
			return "", nil
		}).WithContext(ctx).WithTimeout(20 * time.Second).WithPolling(time.Second).Should(BeEmpty())
		samples, err := on().Scrape(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(samples["att"][`redpacket_att_journeys_total{outcome="wrong"}`]).To(BeZero())
		all := map[string]bool{}
		for node := range samples {
			all[node] = true
		}
		// Prometheus takes five seconds and more to begin.
		Eventually(on().Targets).WithContext(ctx).WithTimeout(20 * time.Second).WithPolling(time.Second).Should(Equal(all))
	}, SpecTimeout(time.Minute))

	It("is silent while nothing happens, and raises its alarms within their bounds when recommend is killed", func(ctx SpecContext) {
		steady := time.Now()
		Expect(wait(ctx, 15*time.Second)).To(Succeed()) // the span is the assertion
		Expect(raised(ctx, steady.Add(5*time.Second))).To(BeEmpty())

		killed := time.Now()
		Expect(on().Kill(ctx, "recommend")).To(Succeed())
		for _, r := range monitor.Rules() {
			if r.Name != "TargetDown" && r.Name != "RecommendMissing" {
				continue
			}
			Eventually(func(ctx SpecContext) []provision.Alarm { return raised(ctx, killed)[r.Name] }).WithContext(ctx).
				WithTimeout(r.Within + 4*time.Second).WithPolling(200 * time.Millisecond).ShouldNot(BeEmpty())
			alarm := raised(ctx, killed)[r.Name][0]
			AddReportEntry(r.Name, alarm.From.Sub(killed).String())
			// Times are whole seconds, and a second may be under way when the process dies.
			Expect(alarm.From.Sub(killed)).To(BeNumerically("<=", r.Within+2*time.Second))
			Expect(alarm.Level).To(Equal(string(r.Level)))
		}
		Expect(on().Start(ctx, "recommend")).To(Succeed())
		Eventually(func(ctx SpecContext) map[string][]provision.Alarm { return raised(ctx, time.Now().Add(-2*time.Second)) }).WithContext(ctx).
			WithTimeout(45 * time.Second).WithPolling(time.Second).Should(BeEmpty())
	}, SpecTimeout(2*time.Minute))
}
