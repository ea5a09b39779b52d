package smoke_test

import (
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/smoke"
	"redpacket/suites/spec"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/login"
	"redpacket/system/provision"
)

// stocked is the activity that the specs' systems stand with.
func stocked() activity.Activity { return activity.Festival(1, 0.03) }

// users yields users from one on who are, or are not, registered with game 0; each comes once, for a user may claim once
// in five seconds.
func users(from api.User, registered bool) func() api.User {
	a := stocked()
	return func() api.User {
		for from++; a.Registered(from, 0) != registered; from++ {
		}
		return from
	}
}

const (
	newGift     = 10    // of game 0, for new users only
	unlisted    = 5_000 // users above it are not in the list that ams-heavy has in memory
	oneQuestion = 3 * time.Second
)

// describeOptional kills the optional parts one after the other, and sees that each is missed by name and by nothing else. It
// leaves them dead.
func describeOptional(on func() *provision.Cluster) {
	ask := func(user api.User, method, path string) smoke.Reply {
		GinkgoHelper()
		s, err := login.NewSigner(on().Key())
		Expect(err).NotTo(HaveOccurred())
		r, err := smoke.Say(on().Front(), get(method, path, string(s.Mint(nil, user, uint32(time.Now().Add(time.Hour).Unix())))), oneQuestion)
		Expect(err).NotTo(HaveOccurred())
		return r
	}
	claim := func(user api.User, gift int) smoke.Reply {
		GinkgoHelper()
		return ask(user, "POST", fmt.Sprintf("/claim?gift=%d&server=1", gift))
	}
	type list struct {
		Degraded []string
		Gifts    []api.Gift
	}
	shown := func(user api.User) (l list) {
		GinkgoHelper()
		r := ask(user, "GET", "/gifts")
		Expect(json.Unmarshal([]byte(r.Body), &l)).To(Succeed(), r.Body)
		return l
	}
	order := func(gifts []activity.Gift) (ids []api.Gift) {
		for _, g := range gifts {
			ids = append(ids, g.ID)
		}
		return ids
	}
	var newcomer, known = users(unlisted, false), users(unlisted, true)
	const reader api.User = unlisted

	It("shows a user's own order while recommend answers, the default one when it is dead, and says so", func(ctx SpecContext) {
		a := stocked()
		Eventually(shown).WithArguments(reader).WithTimeout(soonEnough).Should(Equal(list{Gifts: order(a.Ordered(a.TasteOf(reader)))}))
		Expect(on().Kill(ctx, "recommend")).To(Succeed())
		Eventually(shown).WithArguments(reader).WithTimeout(soonEnough).Should(Equal(list{[]string{"recommend"}, order(a.Gifts)}))
	}, SpecTimeout(spec.Patience))

	It("gives the new users' gift to new users while the registry answers, and to nobody when it is dead", func(ctx SpecContext) {
		Eventually(func() string { return claim(newcomer(), newGift).Code }).WithTimeout(soonEnough).Should(Equal(api.OK.String()))
		Expect(claim(known(), newGift).Code).To(Equal(api.NotEligible.String()))
		Expect(on().Kill(ctx, "registry")).To(Succeed())
		for range 10 {
			for _, user := range []api.User{newcomer(), known()} {
				r := claim(user, newGift)
				Expect(r.Code).To(Equal(api.NotEligible.String()), r.Body)
				Expect(r.Body).To(ContainSubstring(`"degraded":["registry"]`))
			}
		}
		Expect(claim(newcomer(), 0).Code).To(Equal(api.OK.String()), "the cheap gift is there for them")
	}, SpecTimeout(spec.Patience))

	It("is heard by the collector of reports, and does not miss it", func(ctx SpecContext) {
		Eventually(func(ctx SpecContext) float64 {
			samples, err := on().Scrape(ctx)
			Expect(err).NotTo(HaveOccurred())
			return samples["report"][`redpacket_reported_total{series="tgw.claim.ok"}`]
		}).WithContext(ctx).WithTimeout(soonEnough).Should(BeNumerically(">=", 1))
		Expect(on().Kill(ctx, "report")).To(Succeed())
		Expect(claim(newcomer(), 0).Code).To(Equal(api.OK.String()))
	}, SpecTimeout(spec.Patience))
}
