package smoke_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/catalog"
	"redpacket/drills/stage"
	"redpacket/suites/spec"
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

func TestSmoke(t *testing.T) {
	RegisterFailHandler(Fail)
	suite, reporter := GinkgoConfiguration()
	suite.Timeout = 12 * time.Minute
	RunSpecs(t, "Smoke", suite, reporter)
}

var _ = BeforeSuite(func(ctx SpecContext) {
	Expect(stage.Ready(ctx, spec.Progress("images").Say)).To(Succeed())
}, NodeTimeout(8*time.Minute))

// stand stands a system up for one container of specs, and takes it down after them.
func stand(ctx SpecContext, t topology.Topology) *provision.Cluster {
	GinkgoHelper()
	on, err := provision.Up(ctx, provision.Plan{Topology: t, Activity: stocked(), Rules: config.Default(),
		Say: spec.Progress("stand").Say})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) { Expect(on.Down(ctx)).To(Succeed()) }, NodeTimeout(30*time.Second))
	return on
}

var _ = Describe("the stores keep their promises", Ordered, func() {
	var on *provision.Cluster
	BeforeAll(func(ctx SpecContext) {
		on = stand(ctx, topology.Topology{Name: "stores", Nodes: []topology.Node{
			{Name: "cmem-1", Role: "cmem", IDC: "a", Image: topology.Redis, Port: topology.RedisPort},
			{Name: "ledger", Role: "ledger", IDC: "a", Image: topology.Postgres, Port: topology.PostgresPort, Data: true},
		}})
	}, NodeTimeout(time.Minute))

	It("Redis: one share a user, exact stocks, unknown outcomes settled", func(ctx SpecContext) {
		addr, err := on.Address("cmem-1")
		Expect(err).NotTo(HaveOccurred())
		Expect(cmemtest.Behaves(ctx, addr)).To(Succeed())
	}, SpecTimeout(time.Minute))

	It("PostgreSQL: one delivery an order, and one a user and gift", func(ctx SpecContext) {
		addr, err := on.Address("ledger")
		Expect(err).NotTo(HaveOccurred())
		Expect(ledgertest.Behaves(ctx, fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", addr))).To(Succeed())
	}, SpecTimeout(time.Minute))
})

var _ = Describe("the front door", Ordered, func() {
	var on *provision.Cluster
	BeforeAll(func(ctx SpecContext) { on = stand(ctx, topology.OneIDC()) }, NodeTimeout(time.Minute))

	describeMonitor(func() *provision.Cluster { return on })

	memory := func(ctx SpecContext) float64 {
		samples, err := on.Scrape(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(samples["tgw"]).To(HaveKey("process_resident_memory_bytes"))
		return samples["tgw"]["process_resident_memory_bytes"]
	}
	describeHostile(func() string { return on.Front() }, func() string { return on.Key() }, memory)

	describeOptional(func() *provision.Cluster { return on })

	It("leaves every container alive and no panic behind", func(ctx SpecContext) {
		deaths, err := on.Autopsy(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(deaths).To(BeEmpty())
	})
})

var _ = Describe("a small drill", func() {
	group, err := catalog.Find("smoke", 0)
	if err != nil {
		AbortSuite(err.Error())
	}
	for _, d := range group {
		It("holds up: "+d.Title(), Label(d.ID), func(ctx SpecContext) {
			o, err := spec.Rehearse(ctx, d, spec.Stand{})
			Expect(err).NotTo(HaveOccurred())
			Expect(o).To(spec.HoldUp())
		}, SpecTimeout(d.Profile().Curve.Length()+2*time.Minute))
	}
})
