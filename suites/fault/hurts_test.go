package fault_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/faults/app"
	"redpacket/faults/clock"
	"redpacket/faults/faultstest"
	"redpacket/faults/idc"
	"redpacket/faults/packet"
	"redpacket/faults/resource"
	"redpacket/system/topology"
)

// sized is the system that the faults are asked on: one volume has a size of its own, so that it can be filled.
func sized() topology.Topology {
	t, err := topology.OneIDC().WithDisk("ams-heavy-2", 32)
	Expect(err).NotTo(HaveOccurred())
	return t
}

// hurts are the cases of what nodes live on, of their networks, of their processes' health, and of a data centre.
func (s *site) hurts() []faultstest.Case {
	toRecommend := []string{"ams-light-1--recommend", "ams-light-2--recommend"}
	return []faultstest.Case{
		{Fault: resource.Squeezed{Node: "recommend", Cores: 0.02}, Miss: resource.Squeezed{Node: "nobody", Cores: 1}},
		{Fault: resource.OutOfMemory{Node: "ams-light-2"}, Miss: resource.OutOfMemory{Node: "nobody"}, Bites: s.unheard("ams-light-2")},
		{Fault: resource.DiskFull{Node: "ams-heavy-2"}, Miss: resource.DiskFull{Node: "log"}},
		{Fault: packet.Dropped{Node: "linkd-side", Links: toRecommend, Share: 1}, Miss: packet.Dropped{Node: "linkd-side", Links: []string{"tgw--ams-light-1"}, Share: 1}},
		{Fault: packet.Dropped{Node: "ams-light-1", Links: toRecommend[:1], Share: 0.5, Way: packet.Out}},
		{Fault: packet.Isolated{Node: "recommend"}, Miss: packet.Isolated{Node: "nobody"}, Bites: s.unheard("recommend")},
		{Fault: packet.Isolated{Node: "report", Way: packet.In}, Bites: s.unheard("report")},
		{Fault: packet.Narrow{Node: "recommend", Rate: 16 << 10}, Miss: packet.Narrow{Node: "recommend", Rate: 1}},
		{Fault: app.Failing{Node: "recommend", Share: 1}, Miss: app.Failing{Node: "cmem-1", Share: 1}, Bites: s.counted("recommend", "failed")},
		{Fault: app.Slow{Node: "recommend", By: time.Second}, Miss: app.Slow{Node: "nobody", By: time.Second}, Bites: s.counted("recommend", "slowed")},
		{Fault: app.Mute{Node: "recommend", Share: 1}, Miss: app.Mute{Node: "nobody", Share: 1}, Bites: s.counted("recommend", "lost")},
		{Fault: clock.Skewed{Node: "recommend", Ahead: -25 * time.Hour}, Miss: clock.Skewed{Node: "ledger", Ahead: time.Hour}, Bites: s.skewed("recommend", -25*time.Hour)},
		{Fault: idc.Dead{IDC: "a", Nodes: []string{"recommend", "report"}}, Miss: idc.Dead{IDC: "a", Nodes: []string{"nobody"}}, Bites: s.unheard("report")},
		{Fault: idc.Parted{Carrier: "linkd-side", Links: toRecommend}, Miss: idc.Parted{Carrier: "nobody", Links: toRecommend}},
		{Fault: idc.Secluded{IDC: "a", Gateways: []string{"tgw"}}, Miss: idc.Secluded{IDC: "a", Gateways: []string{"recommend"}}},
	}
}

// counted asks a process whether calls have met its illness.
func (s *site) counted(node, what string) func(context.Context) error {
	return func(ctx context.Context) error {
		samples, err := s.on.Scrape(ctx)
		if n := samples[node][fmt.Sprintf("redpacket_ail_calls_total{what=%q}", what)]; err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%s has %s no call", node, what))
		}
		return nil
	}
}

// skewed asks a process what its clock shows.
func (s *site) skewed(node string, by time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		samples, err := s.on.Scrape(ctx)
		if is := samples[node]["redpacket_wall_skew_seconds"]; err != nil || is != by.Seconds() {
			return errors.Join(err, fmt.Errorf("the clock of %s is %g s ahead; want %g", node, is, by.Seconds()))
		}
		return nil
	}
}

// delayed is the one kind that a kernel may not have; where it has it, it must do what all do.
func (s *site) delayed() {
	f := packet.Delayed{Node: "recommend", By: 50 * time.Millisecond}
	err := f.Inject(context.Background(), s.on)
	Expect(f.Heal(context.Background(), s.on)).To(Succeed())
	if err != nil {
		Expect(err).To(MatchError(ContainSubstring("no netem")))
		Expect(s.on.Spoils(context.Background())).To(BeEmpty(), "what a kernel without netem leaves")
		return
	}
	faultstest.Behaves(GinkgoTB(), faultstest.Case{Fault: f, On: s.on, Whole: s.whole})
}
