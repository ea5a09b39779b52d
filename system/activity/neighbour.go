package activity

import "redpacket/system/money"

// NeighbourID is the id of the activity that Neighbour makes.
const NeighbourID = 2

// Neighbour is a small activity beside the festival's, at a scale: a gift of its own for one of the games and a cash
// packet, for everyone.
func Neighbour(seed uint64, scale float64) Activity {
	shares := max(1, uint32(500_000*scale))
	return Activity{ID: NeighbourID, Seed: seed, Games: 11, Gifts: []Gift{
		{ID: 0, Name: "a friend's 10 yuan", Game: 3, Shares: shares, Total: 10 * money.Yuan * money.Fen(shares)},
		{ID: 1, Name: "a friend's cash packet", Game: 10, Shares: shares, Total: 3 * money.Yuan * money.Fen(shares), Lucky: true},
	}}
}
