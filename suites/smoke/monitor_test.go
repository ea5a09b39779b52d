package smoke_test

import (
	"encoding/base64"
	"os/exec"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/spec"
	"redpacket/system/images"
	"redpacket/system/monitor"
	"redpacket/system/pause"
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
	}, SpecTimeout(spec.Patience))
})

// watch sees that the monitor sees.
type watch struct {
	on           func() *provision.Cluster
	killed, back time.Time // when recommend was killed, and when it was there again
}

// raised are the alarms that fired since a moment.
func (w *watch) raised(ctx SpecContext, since time.Time) []provision.Alarm {
	GinkgoHelper()
	all, err := w.on().Alarms(ctx, since, time.Now())
	Expect(err).NotTo(HaveOccurred())
	Expect(all.Looked).NotTo(BeEmpty(), "when the monitor looked")
	return all.Alarms
}

// describe sees that there is a monitor at all, and somebody for it to look at.
func (w *watch) describe() {
	It("has a monitor that scrapes every process, and synthetic users who walk the whole path", func(ctx SpecContext) {
		Eventually(func(ctx SpecContext) (string, error) {
			samples, err := w.on().Scrape(ctx)
			if err != nil || samples["att"][`redpacket_att_journeys_total{outcome="ok"}`] < 5 {
				return "few journeys", err
			}
			return "", nil
		}).WithContext(ctx).WithTimeout(soonEnough).WithPolling(200 * time.Millisecond).Should(BeEmpty())
		samples, err := w.on().Scrape(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(samples["att"][`redpacket_att_journeys_total{outcome="wrong"}`]).To(BeZero())
		all := map[string]bool{}
		for node := range samples {
			all[node] = true
		}
		// Prometheus takes five seconds and more to begin.
		Eventually(w.on().Targets).WithContext(ctx).WithTimeout(soonEnough).WithPolling(200 * time.Millisecond).Should(Equal(all))
	}, SpecTimeout(spec.Patience))
}

// describeAlarms is for a system of which nothing was killed so far; it kills, and starts again.
func (w *watch) describeAlarms() {
	It("is silent while nothing happens, and raises its alarms within their bounds when recommend is killed", func(ctx SpecContext) {
		steady := time.Now()
		Expect(pause.For(ctx, 10*time.Second)).To(BeTrue()) // the span is the assertion
		Expect(w.raised(ctx, steady)).To(BeEmpty())

		w.killed = time.Now()
		Expect(w.on().Kill(ctx, "recommend")).To(Succeed())
		for _, r := range monitor.Rules() {
			if r.Name != "TargetDown" && r.Name != "RecommendMissing" {
				continue
			}
			var alarm provision.Alarm
			Eventually(func(ctx SpecContext) bool {
				all := w.raised(ctx, w.killed)
				i := slices.IndexFunc(all, func(a provision.Alarm) bool { return a.Name == r.Name })
				if i >= 0 {
					alarm = all[i]
				}
				return i >= 0
			}).WithContext(ctx).WithTimeout(soonEnough).WithPolling(200 * time.Millisecond).Should(BeTrue())
			AddReportEntry(r.Name, alarm.From.Sub(w.killed).String())
			// Times are whole seconds, and a second may be under way when the process dies.
			Expect(alarm.From.Sub(w.killed)).To(BeNumerically("<=", r.Within+2*time.Second))
			Expect(alarm.Level).To(Equal(string(r.Level)))
		}
		Expect(w.on().Start(ctx, "recommend")).To(Succeed())
		w.back = time.Now()
	}, SpecTimeout(spec.Patience))
}

// describeEnd asks what became of the alarms about recommend. It comes late, since a restart is told of for half a minute, in
// which other specs have their turn.
func (w *watch) describeEnd() {
	const within = 45 * time.Second // of the return
	It("ends its alarms when recommend is back", func(ctx SpecContext) {
		Expect(w.back).NotTo(BeZero())
		var alarms []provision.Alarm
		firing := func(a provision.Alarm) bool { return time.Since(a.To) < 3*time.Second }
		Eventually(func(ctx SpecContext) bool {
			alarms = slices.DeleteFunc(w.raised(ctx, w.killed), func(a provision.Alarm) bool { return a.From.After(w.back.Add(5 * time.Second)) })
			return slices.ContainsFunc(alarms, firing)
		}).WithContext(ctx).WithTimeout(soonEnough).WithPolling(200 * time.Millisecond).Should(BeFalse())
		Expect(len(alarms)).To(BeNumerically(">=", 2))
		for _, a := range alarms {
			Expect(a.To.Sub(w.back)).To(BeNumerically("<", within), "%s: %s", a.Name, a.About)
		}
	}, SpecTimeout(spec.Patience))
}
