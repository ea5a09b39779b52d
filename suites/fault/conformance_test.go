package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/stage"
	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/kinds"
	"redpacket/faults/link"
	"redpacket/faults/node"
	"redpacket/faults/packet"
	"redpacket/suites/spec"
	"redpacket/system/activity"
	"redpacket/system/config"
)

// site is the system that the faults are asked on; it stands when the specs run.
type site struct{ on *stage.Standing }

// cases are what each kind of fault is asked on: a victim whose loss the rest gets over in seconds.
func (s *site) cases() []faultstest.Case {
	cases := []faultstest.Case{
		{Fault: node.Killed{Node: "recommend"}, Miss: node.Killed{Node: "nobody"}, Bites: s.unheard("recommend")},
		{Fault: node.Frozen{Node: "recommend"}, Miss: node.Frozen{Node: "nobody"}, Bites: s.unheard("recommend")},
	}
	return append(append(cases, s.links()...), datagrams()...)
}

// quietLink is always in use, though nobody claims: the keeper looks at the replica.
const quietLink, crowd = "keeper--cmem-2", 5000

// links are the faults of connections. Each sees for itself that a probe through the link is hurt.
func (s *site) links() (cases []faultstest.Case) {
	hit, miss := link.Hit{On: quietLink, Share: 1}, link.Hit{On: quietLink} // of no connection
	for _, f := range []struct{ hit, miss faults.Fault }{
		{link.Latency{Hit: hit, Delay: 100 * time.Millisecond}, link.Latency{Hit: miss, Delay: 100 * time.Millisecond}},
		{link.Bandwidth{Hit: hit, Rate: 10_000}, link.Bandwidth{Hit: miss, Rate: 10_000}},
		{link.Sliced{Hit: hit, Size: 4, Every: 5 * time.Millisecond}, link.Sliced{Hit: miss, Size: 4, Every: 5 * time.Millisecond}},
		{link.SlowClose{Hit: hit, By: 500 * time.Millisecond}, link.SlowClose{Hit: miss, By: 500 * time.Millisecond}},
		{link.Silent{Hit: hit}, link.Silent{Hit: miss}},
		{link.Reset{Hit: hit}, link.Reset{Hit: miss}},
		{link.Limited{Hit: hit, Bytes: 100}, link.Limited{Hit: miss, Bytes: 100}},
		{link.Cut{On: quietLink}, link.Cut{On: "keeper--nobody"}},
	} {
		cases = append(cases, faultstest.Case{Fault: f.hit, Miss: f.miss, Busy: s.busy})
	}
	return cases
}

// busy holds a crowd of connections through the link.
func (s *site) busy(ctx context.Context) (int, error) {
	found, err := s.on.Links(quietLink)
	if err != nil {
		return 0, err
	}
	return faultstest.Crowd(ctx, found[0], crowd)
}

var _ = Describe("every kind of fault", Label("conformance"), Ordered, ContinueOnFailure, Serial, func() {
	at := &site{}

	BeforeAll(func(ctx SpecContext) {
		say := spec.Progress("conformance").Say
		Expect(stage.Ready(ctx, say)).To(Succeed())
		var err error
		at.on, err = stage.Stand(ctx, drills.Stage{Topology: sized(), Activity: activity.Festival(1, 0.001), Rules: config.Default()}, say)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(at.on.Down(ctx)).To(Succeed()) })
	}, NodeTimeout(spec.Prepare))

	asked := map[string]bool{}
	for _, c := range append(at.cases(), at.hurts()...) {
		asked[kinds.Name(c.Fault)] = true
		It(fmt.Sprintf("bites and heals, whatever happens: %s", c.Fault), func() {
			c.On, c.Whole = at.on, at.whole
			c.Elsewhere = func(ctx context.Context) (faults.Levers, error) { return at.elsewhere(ctx) }
			faultstest.Behaves(GinkgoTB(), c)
		})
	}

	asked[kinds.Name(packet.Delayed{})] = true
	It("delays packets, where the kernel can", at.delayed)

	It("is asked", func() {
		for _, f := range kinds.All() {
			Expect(asked).To(HaveKey(kinds.Name(f)), "give it a case in suites/fault")
		}
	})
})

// elsewhere is the cluster as another process sees it, one that knows nothing of what was done to it. It is left when the
// spec is over.
func (s *site) elsewhere(ctx context.Context) (*stage.Attached, error) {
	other, err := stage.Attach(ctx, s.on.Run())
	if err == nil {
		DeferCleanup(other.Leave)
	}
	return other, err
}

// unheard asks whether a node does not answer on its admin port.
func (s *site) unheard(victim string) func(context.Context) error {
	return func(ctx context.Context) error {
		on, err := s.elsewhere(ctx)
		if err != nil {
			return err
		}
		if _, err := on.Scrape(ctx); err == nil || !strings.Contains(err.Error(), "node "+victim+":") {
			return fmt.Errorf("%s answers (%v)", victim, err)
		}
		return nil
	}
}

// whole waits until every node answers again.
func (s *site) whole(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		_, err := s.on.Scrape(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(ctx.Err(), err)
		}
	}
}
