package loadprofiles

import (
	"math"
	"sort"
	"time"

	"redpacket/system/api"
)

// Servers is how many game servers a user chooses among: 1 … Servers.
const Servers = 20

// Crowd draws the clicks of a volley. Click number n depends on the profile, the seed and n alone, so that any shard on
// any machine draws it alike. It is read only and may be used by several goroutines at once.
type Crowd struct {
	seed   uint64
	users  Population
	clicks uint64          // a draw below it makes a click of an exposure
	reach  [api.Ops]uint64 // a draw below reach[op] takes the step
	gifts  []uint64        // the running total of the Zipf law, as a share of 1<<63
	stages [3]api.Op       // the steps after the list, in order
	first  api.Op          // the step a click begins with

	statics  int
	packages Packages

	promoted uint64        // a draw below it makes a hit the promotion's
	lag      time.Duration // of those
}

// Click is one journey as it is planned: who comes, for what, and how far if nothing is refused.
type Click struct {
	User   api.User
	Gift   api.Gift // its number on the platform: it says whether the click is tagged, and for which activity
	Server uint16
	First  api.Op // the step the user comes straight to; List for a whole journey
	Last   api.Op // the last step the user means to take: First … Receipt
	Draw   Draw   // where the journey's later chances come from
}

// Draw is a small seeded source of chance (splitmix64); the value is its state.
type Draw uint64

// Next is a number that looks random: any 64 bits.
func (d *Draw) Next() uint64 {
	*d += 0x9e3779b97f4a7c15
	return mix(uint64(*d))
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Crowd is the crowd of a checked profile under a seed.
func (p Profile) Crowd(seed uint64) *Crowd {
	// Mixed twice, so that no seed meets a click's number: else click 3 of seed 4 would be click 5 of seed 2.
	c := &Crowd{seed: mix(mix(seed + 1)), users: p.Users, clicks: portion(1 / p.Funnel.Exposed()), statics: p.Funnel.Statics, packages: p.Packages, stages: [3]api.Op{api.Select, api.Claim, api.Receipt}, first: p.Funnel.begin(),
		promoted: portion(p.Promotion.Share), lag: p.Promotion.Lag}
	for op, share := range map[api.Op]float64{
		api.Select: p.Funnel.Select, api.Claim: p.Funnel.Claim, api.Receipt: p.Funnel.Receipt,
	} {
		c.reach[op] = portion(share)
	}
	sum := 0.0
	for i := range p.Users.Gifts {
		sum += math.Pow(float64(i+1), -p.Users.GiftSkew)
	}
	run := 0.0
	for i := range p.Users.Gifts {
		run += math.Pow(float64(i+1), -p.Users.GiftSkew) / sum
		c.gifts = append(c.gifts, portion(run))
	}
	return c
}

// portion turns a share into the bound of a 63-bit draw; a share of 1 takes every draw.
func portion(share float64) uint64 { return uint64(min(max(share, 0), 1) * (1 << 63)) }

// Clicks says whether exposure number n (1 …) makes a click, which is then click number n. Who clicks at one share clicks at
// every larger one too.
func (c *Crowd) Clicks(n uint64) bool {
	draw := Draw(mix(c.seed ^ mix(n) ^ exposed))
	return draw.Next()>>1 < c.clicks
}

// exposed keeps the draw that makes a click apart from the click's own draws.
const exposed = 0x657870_6f736564

// Click is click number n (1 …).
func (c *Crowd) Click(n uint64) Click {
	draw := Draw(mix(c.seed ^ mix(n)))
	click := Click{First: c.first, Last: c.first}
	if c.users.Hot > 0 && draw.Next()>>1 < portion(c.users.HotShare) {
		click.User = api.User(1 + draw.Next()%c.users.Hot)
	} else {
		click.User = api.User(1 + draw.Next()%c.users.Size)
	}
	at := draw.Next() >> 1
	place := sort.Search(len(c.gifts)-1, func(i int) bool { return at < c.gifts[i] })
	click.Gift = c.users.Gifts[place]
	click.Server = uint16(1 + draw.Next()%Servers)
	for _, op := range c.stages {
		if op <= c.first {
			continue
		}
		if draw.Next()>>1 >= c.reach[op] {
			break
		}
		click.Last = op
	}
	if c.users.Neighbour.Share > 0 && draw.Next()>>1 < portion(c.users.Neighbour.Share) {
		gifts := c.users.Neighbour.Gifts
		click.Gift = gifts[draw.Next()%uint64(len(gifts))].In(1, false)
	}
	if c.users.Tagged > 0 && draw.Next()>>1 < portion(c.users.Tagged) {
		click.User, click.Gift = click.User.Pressure(), click.Gift.In(click.Gift.Place(), true)
	}
	click.Draw = draw
	return click
}

// Hash is the click's part in the hash of a request stream. A stream's hash is the sum of its clicks' hashes, so shards
// can add theirs up in any order; the click's number is in it, so two clicks that change places change the sum.
func (c Click) Hash(n uint64) uint64 {
	what := uint64(c.Gift)<<32 | uint64(c.Server)<<16 | uint64(c.Last)
	return mix(mix(mix(n)+uint64(c.User)) + what)
}
