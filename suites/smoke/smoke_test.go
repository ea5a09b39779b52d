package smoke_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/catalog"
	"redpacket/drills/stage"
	"redpacket/suites/spec"
	"redpacket/system/activity"
	"redpacket/system/cmem/cmemtest"
	"redpacket/system/config"
	"redpacket/system/ledger/ledgertest"
	"redpacket/system/provision"
	"redpacket/system/topology"
)

// The generator, the reaper and the harness that is killed are this binary, run again.
func TestMain(m *testing.M) {
	stage.Become()
	becomeVictim()
	os.Exit(m.Run())
}

func TestSmoke(t *testing.T) { spec.Run(t, "Smoke") }

var _ = BeforeSuite(func(ctx SpecContext) {
	Expect(stage.Ready(ctx, spec.Progress("images").Say)).To(Succeed())
}, NodeTimeout(spec.Prepare))

// stand stands a system up for one container of specs, and takes it down after them.
func stand(ctx SpecContext, t topology.Topology, a activity.Activity, r config.Rules) *stage.Standing {
	GinkgoHelper()
	began := time.Now()
	on, err := stage.Stand(ctx, drills.Stage{Topology: t, Activity: a, Rules: r}, spec.Progress(t.Name).Say)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) { Expect(on.Down(ctx)).To(Succeed()) }, NodeTimeout(spec.Patience))
	AddReportEntry("up", fmt.Sprintf("%s: from nothing to healthy in %.1f s", t.Name, time.Since(began).Seconds()))
	return on
}

// soonEnough is for what must come, and whose time is nobody's promise.
const soonEnough = time.Minute

var _ = Describe("the stores keep their promises", Ordered, func() {
	var on *provision.Cluster
	BeforeAll(func(ctx SpecContext) {
		stores := topology.Topology{Name: "stores", Nodes: []topology.Node{
			{Name: "cmem-1", Role: "cmem", IDC: "a", Image: topology.Redis, Port: topology.RedisPort},
			{Name: "ledger", Role: "ledger", IDC: "a", Image: topology.Postgres, Port: topology.PostgresPort, Data: true},
		}}
		var err error
		on, err = provision.Up(ctx, provision.Plan{Topology: stores, Activity: stocked(), Rules: config.Default(), Say: spec.Progress("stores").Say})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(on.Down(ctx)).To(Succeed()) }, NodeTimeout(spec.Patience))
	}, NodeTimeout(spec.Patience))

	It("Redis: one share a user, exact stocks, unknown outcomes settled", func(ctx SpecContext) {
		addr, err := on.Address("cmem-1")
		Expect(err).NotTo(HaveOccurred())
		Expect(cmemtest.Behaves(ctx, addr)).To(Succeed())
	}, SpecTimeout(spec.Patience))

	It("PostgreSQL: one delivery an order, and one a user and gift", func(ctx SpecContext) {
		addr, err := on.Address("ledger")
		Expect(err).NotTo(HaveOccurred())
		Expect(ledgertest.Behaves(ctx, fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", addr))).To(Succeed())
	}, SpecTimeout(spec.Patience))
})

// One system for all that can be asked of one, in an order in which nothing hurts what comes after it: first what needs it
// at rest, then what kills parts and starts them again, what spoils its books, and last what leaves parts dead.
var _ = Describe("one data centre", Ordered, ContinueOnFailure, func() {
	var standing *stage.Standing
	BeforeAll(func(ctx SpecContext) {
		rules := config.Default()
		rules.DeliveryRate = 500 // so high that nothing waits for its delivery for long
		standing = stand(ctx, topology.OneIDC(), stocked(), rules)
	}, NodeTimeout(spec.Patience))
	on := func() *provision.Cluster { return standing.Cluster }

	watch := &watch{on: on}
	watch.describe()
	describeHostile(on)
	watch.describeAlarms()
	Context("with switches and playbooks:", func() { describeSwitches(on) })
	watch.describeEnd()
	Context("reconciled after a small night,", func() { describeRecon(func() *stage.Standing { return standing }) })
	describeOptional(on)

	It("leaves every container alive and no panic behind", func(ctx SpecContext) {
		deaths, err := on().Autopsy(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(deaths).To(BeEmpty())
	}, SpecTimeout(spec.Patience))
})

var _ = Describe("a small drill", func() {
	group, err := catalog.Find("smoke", 0)
	if err != nil {
		AbortSuite(err.Error())
	}
	for _, d := range group {
		It("holds up: "+d.Title(), Label(d.ID), func(ctx SpecContext) {
			Expect(spec.Rehearse(ctx, d, spec.Stand{})).To(spec.HoldUp())
		}, SpecTimeout(d.Profile().Curve.Length()+spec.Patience))
	}
})
