package dr_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/suites/spec"
	"redpacket/system/activity"
	"redpacket/system/books"
	"redpacket/system/cmem/cmemtest"
	"redpacket/system/config"
	"redpacket/system/ledger/ledgertest"
	"redpacket/system/recon"
	"redpacket/system/topology"
)

// What a take-over leaves in the books is no difference; what is lost meanwhile is, and is named by whom it concerns.
var _ = Describe("the books after a take-over", Ordered, Serial, func() {
	var on *stage.Standing
	small := activity.Festival(1, 0.05)
	BeforeAll(func(ctx SpecContext) {
		progress := spec.Progress("books")
		Expect(stage.Ready(ctx, progress.Say)).To(Succeed())
		rules := config.Default()
		rules.DeliveryRate = 2000
		var err error
		on, err = stage.Stand(ctx, drills.Stage{Topology: topology.TwoIDC(), Activity: small, Rules: rules}, progress.Say)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(on.Down(ctx)).To(Succeed()) }, NodeTimeout(spec.Patience))
	}, NodeTimeout(spec.Prepare))

	// claims are always of the same users, who ask for what they have, and some for more.
	claims := func(ctx context.Context) {
		GinkgoHelper()
		profile := loadprofiles.Estimate96k(time.Second)
		profile.Curve = loadprofiles.Hold(2000, 6*time.Second) // longer than a user must wait between two claims
		_, err := on.Fire(ctx, stage.Load{Profile: profile, Seed: 1, Dir: GinkgoT().TempDir()})
		Expect(err).NotTo(HaveOccurred())
	}
	// pass is a whole pass, once everything that was granted is delivered and so has to be there.
	pass := func(ctx context.Context, idc string) recon.Result {
		GinkgoHelper()
		var r recon.Result
		Eventually(ctx, func(ctx context.Context) (uint64, error) {
			var err error
			r, err = on.ReconcileIn(ctx, idc, "rate=200000&dry=true")
			return r.Queued, err
		}).WithTimeout(time.Minute).WithPolling(500*time.Millisecond).Should(BeZero(), "grants of %s that wait", idc)
		r, err := on.ReconcileIn(ctx, idc, "rate=200000")
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Whole()).To(BeTrue(), r.Why)
		Expect(r.Granted).To(BeNumerically(">", 300))
		AddReportEntry("pass in "+idc, fmt.Sprintf("%d granted, %d held, %d marked, %d reissued, %d dead letters, %v %v",
			r.Granted, r.Held, r.Marked, r.Reissued, r.DeadLetters, r.Differences, r.Examples))
		return r
	}
	findsNothing := func(ctx context.Context, idc string) recon.Result {
		GinkgoHelper()
		r := pass(ctx, idc)
		Expect(r.Found()).To(BeZero(), "%v", r.Examples)
		Expect(r.Held).To(Equal(r.Granted))
		Expect(r.Delivered).To(Equal(r.Granted))
		return r
	}

	It("are compared by the data centre that has everybody, and what is missing there is delivered again", func(ctx SpecContext) {
		claims(ctx)
		Expect(on.TakeOver(ctx, "a")).To(Succeed())
		claims(ctx)
		Expect(findsNothing(ctx, "b").Both).To(BeTrue())
		r, err := on.ReconcileIn(ctx, "a", "rate=200000")
		Expect(err).NotTo(HaveOccurred())
		Expect(r.State).To(Equal(recon.Stopped))
		Expect(r.Why).To(ContainSubstring("the users of a are taken"))

		addr, err := on.Address("ledger")
		Expect(err).NotTo(HaveOccurred())
		gone, err := ledgertest.Forget(ctx, fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", addr), 100)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(gone)).To(BeNumerically(">", 10)) // of both data centres
		r = pass(ctx, "b")
		Expect(r.Found()).To(BeEquivalentTo(len(gone)), "%v", r.Differences)
		Expect(r.Differences["missing"]).To(BeEquivalentTo(len(gone)))
		Expect(r.Reissued).To(BeEquivalentTo(len(gone)))
		findsNothing(ctx, "b")
	}, SpecTimeout(spec.Patience))

	It("are each data centre's own again after a give-back, and a lost mark is named", func(ctx SpecContext) {
		Expect(on.GiveBack(ctx, "a")).To(Succeed())
		claims(ctx)
		Expect(findsNothing(ctx, "b").Both).To(BeFalse())
		marked := findsNothing(ctx, "a").Marked
		Expect(marked).To(BeNumerically(">", 0), "shares of b that users of a have")

		var lost books.Entry
		own := activity.Part{IDC: activity.A, Of: activity.IDCs}
		_, err := on.Books(ctx, func(shelf books.Shelf, e books.Entry) error {
			if gift, _ := small.GiftOf(e.Order); shelf == books.Marks && own.Owns(e.User) && !own.Has(gift, e.Order) {
				lost = e
			}
			return nil
		})
		Expect(err).NotTo(HaveOccurred())
		forgotten := 0
		for _, node := range topology.TwoIDC().RoleIn("cmem", "a") {
			addr, err := on.Address(node)
			Expect(err).NotTo(HaveOccurred())
			there, err := cmemtest.Forget(ctx, addr, lost.Order.Gift(), lost.User)
			Expect(err).NotTo(HaveOccurred())
			if there {
				forgotten++
			}
		}
		Expect(forgotten).To(Equal(1), "%+v", lost)
		r := pass(ctx, "a")
		Expect(r.Found()).To(BeEquivalentTo(1), "%v", r.Examples)
		Expect(r.Differences["unmarked"]).To(BeEquivalentTo(1))
		Expect(r.DeadLetters).To(BeEquivalentTo(1))
		Expect(r.Marked).To(Equal(marked - 1))
		findsNothing(ctx, "b")
	}, SpecTimeout(spec.Patience))
})
