package activity

import (
	"fmt"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Festival is the activity of the two case studies at a scale (1 is the event as it was; stocks scale, amounts do not):
// ten games, each with a 20-yuan gift for everyone and an 80-yuan gift for new users, and four cash packets with lucky
// amounts, the last of them so small that it sells out early.
func Festival(seed uint64, scale float64) Activity {
	a := Activity{ID: 1, Seed: seed, Games: 11}
	add := func(g Gift, perShare money.Fen) {
		g.ID, g.Shares = api.Gift(len(a.Gifts)), max(1, uint32(float64(g.Shares)*scale))
		g.Total = perShare * money.Fen(g.Shares)
		a.Gifts = append(a.Gifts, g)
	}
	for game := range uint8(10) {
		add(Gift{Name: fmt.Sprintf("game %d, 20 yuan", game), Game: game, Shares: 1_000_000}, 20*money.Yuan)
	}
	for game := range uint8(10) {
		add(Gift{Name: fmt.Sprintf("game %d, 80 yuan for new users", game), Game: game, For: NewUsers, Shares: 50_000}, 80*money.Yuan)
	}
	for i, shares := range []uint32{1_000_000, 500_000, 200_000, 10_000} {
		add(Gift{Name: fmt.Sprintf("cash packet %d", i), Game: 10, Shares: shares, Lucky: true}, 5*money.Yuan)
	}
	return a
}
