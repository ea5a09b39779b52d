package activity

import (
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Whatever is claimed in whatever order: no share goes twice, no user gets two of a gift, nobody registered gets a newcomer's, and
// what was given and what is left are what was funded.
func TestGivingKeepsTheMoneyWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Activity{ID: 3, Seed: rapid.Uint64().Draw(t, "seed"), Games: 2, Gifts: []Gift{
			{ID: 0, Name: "even", Game: 0, Shares: 5, Total: 503}, {ID: 1, Name: "lucky", Game: 1, Shares: 4, Total: 400, Lucky: true},
			{ID: 2, Name: "dear", Game: 1, For: NewUsers, Shares: 3, Total: 900}}}
		g, held, sums := NewGiver(Rules{Activity: a}), map[api.Order]api.User{}, map[api.Gift]money.Fen{}
		for range rapid.IntRange(0, 40).Draw(t, "claims") {
			user, gift := api.User(rapid.IntRange(1, 9).Draw(t, "user")), api.Gift(rapid.IntRange(0, 3).Draw(t, "gift"))
			switch got := g.Claim(user, gift); {
			case got.Code == api.OK && got.Repeat != (held[got.Order] == user):
				t.Fatalf("user %d: %+v, held by %d", user, got, held[got.Order])
			case got.Code == api.OK && !got.Repeat:
				if held[got.Order] != 0 || got.Order.Gift() != gift || gift == 2 && a.Registered(user, 1) {
					t.Fatalf("user %d got %+v of gift %d", user, got, gift)
				}
				held[got.Order] = user
				sums[gift] += got.Fen
			case gift == 3 && got.Code != api.NotFound, got.Code == api.SoldOut && gift < 3 && func() bool { n, _ := g.Left(gift); return n < a.Gifts[gift].Shares }():
				t.Fatalf("user %d, gift %d: %+v", user, gift, got)
			}
		}
		for _, gift := range a.Gifts {
			if _, left := g.Left(gift.ID); sums[gift.ID]+left != gift.Total {
				t.Fatalf("gift %d: %d given and %d left of %d", gift.ID, sums[gift.ID], left, gift.Total)
			}
		}
	})
}
