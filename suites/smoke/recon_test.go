package smoke_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/suites/spec"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/ledger/ledgertest"
)

// describeRecon fires a small night, and reconciles it; then it spoils the books, and leaves them so.
func describeRecon(on func() *stage.Standing) {
	BeforeAll(func(ctx SpecContext) {
		night := loadprofiles.Estimate96k(4 * time.Second).Scaled(0.03)
		_, err := on().Fire(ctx, stage.Load{Profile: night, Seed: 1, Dir: GinkgoT().TempDir()})
		Expect(err).NotTo(HaveOccurred())
		Eventually(ctx, func() (float64, error) { return backlog(ctx, on()) }).WithTimeout(soonEnough).WithPolling(200 * time.Millisecond).Should(BeZero())
	}, NodeTimeout(spec.Patience))

	dsn := func() string {
		addr, err := on().Address("ledger")
		Expect(err).NotTo(HaveOccurred())
		return fmt.Sprintf("postgres://redpacket@%s/redpacket?sslmode=disable", addr)
	}
	pass := func(ctx context.Context) map[string]uint64 {
		GinkgoHelper()
		r, err := on().Reconcile(ctx, "rate=200000")
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Whole()).To(BeTrue(), r.Why)
		Expect(r.Granted).To(BeNumerically(">", 1000))
		Expect(r.Held).To(Equal(r.Granted))
		fmt.Fprintf(GinkgoWriter, "pass %d: %d granted, %d read in %.1f s, %d reissued, %d dead letters, %v\n",
			r.Pass, r.Granted, r.Read, r.Took, r.Reissued, r.DeadLetters, r.Examples)
		found := map[string]uint64{"reissued": r.Reissued, "dead letters": r.DeadLetters}
		for kind, n := range r.Differences {
			if n > 0 {
				found[kind] = n
			}
		}
		return found
	}
	nothing := map[string]uint64{"reissued": 0, "dead letters": 0}

	It("finds nothing in a night that went well", func(ctx SpecContext) {
		Expect(pass(ctx)).To(Equal(nothing))
	}, SpecTimeout(spec.Patience))

	It("has 0.1 % of lost deliveries delivered again, and then finds nothing", func(ctx SpecContext) {
		gone, err := ledgertest.Forget(ctx, dsn(), 1000)
		Expect(err).NotTo(HaveOccurred())
		Expect(gone).NotTo(BeEmpty())
		n := uint64(len(gone))
		Expect(pass(ctx)).To(Equal(map[string]uint64{"missing": n, "reissued": n, "dead letters": 0}))
		Expect(pass(ctx)).To(Equal(nothing))
		granted, delivered := shelvesOf(ctx, on())
		Expect(delivered).To(Equal(granted), "the ledger, exactly")
	}, SpecTimeout(spec.Patience))

	It("names one fen, one orphan and one duplicate, and buries each once", func(ctx SpecContext) {
		granted, _ := shelvesOf(ctx, on())
		var some []api.Grant
		for _, g := range granted {
			if some = append(some, g); len(some) == 3 {
				break
			}
		}
		for i, sql := range []string{
			"UPDATE delivery SET fen = fen + 1 WHERE order_id = $1",
			// The row of another activity that nobody knows; then the gift of the same user under another order.
			"INSERT INTO delivery SELECT order_id + (1::bigint << 50), activity + 4, user_id, gift, fen, server FROM delivery WHERE order_id = $1",
			"INSERT INTO delivery SELECT order_id + (1 << 23), activity + 1, user_id, gift, fen, server FROM delivery WHERE order_id = $1",
		} {
			Expect(ledgertest.Spoil(ctx, dsn(), some[i:i+1], sql)).To(Succeed())
		}
		want := map[string]uint64{"misdelivered": 1, "orphan": 1, "duplicate": 1, "reissued": 0, "dead letters": 3}
		Expect(pass(ctx)).To(Equal(want))
		want["dead letters"] = 0
		Expect(pass(ctx)).To(Equal(want))
	}, SpecTimeout(spec.Patience))
}

// backlog is how many grants wait for their delivery.
func backlog(ctx context.Context, on *stage.Standing) (sum float64, err error) {
	samples, err := on.Scrape(ctx)
	for name, v := range samples["courier"] {
		if strings.HasPrefix(name, "redpacket_backlog{") {
			sum += v
		}
	}
	return sum, err
}

// shelvesOf are what the log grants and what the ledger has, by order.
func shelvesOf(ctx context.Context, on *stage.Standing) (granted, delivered map[api.Order]api.Grant) {
	GinkgoHelper()
	granted, delivered = map[api.Order]api.Grant{}, map[api.Order]api.Grant{}
	_, err := on.Books(ctx, func(s books.Shelf, e books.Entry) error {
		switch s {
		case books.Log:
			granted[e.Order] = e.Grant
		case books.Ledger:
			delivered[e.Order] = e.Grant
		}
		return nil
	})
	Expect(err).NotTo(HaveOccurred())
	return granted, delivered
}
