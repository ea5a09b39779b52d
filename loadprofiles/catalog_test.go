package loadprofiles

import (
	"math"
	"strings"
	"testing"
	"time"

	"redpacket/system/api"
)

func named() []Profile {
	hold := 8 * time.Second
	return []Profile{Game80k(hold), Estimate96k(hold), Built146k(hold), Night200k(hold), Burst(20_000, hold)}
}

func TestNamedProfilesAreSound(t *testing.T) {
	names := map[string]bool{}
	for _, p := range named() {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		if names[p.Name] {
			t.Errorf("two profiles are named %s", p.Name)
		}
		names[p.Name] = true
		if want := p.Curve.Peak() / 6; math.Abs(p.Clicks().Peak()-want) > 1e-6*want {
			t.Errorf("%s: %f clicks/s at the peak, want %f", p.Name, p.Clicks().Peak(), want)
		}
	}
	if peak := Night200k(time.Second).Curve.Peak(); peak != 200_000 {
		t.Errorf("the night peaks at %f", peak)
	}
	if c := Burst(100, time.Second).Curve; c.Rate(1500*time.Millisecond) != 1000 || c.Length() != 3*time.Second {
		t.Errorf("burst is %v", c)
	}
}

func TestScaledKeepsRatios(t *testing.T) {
	p := Night200k(time.Second)
	quarter := p.Scaled(0.25)
	if quarter.Curve.Peak() != 50_000 || quarter.Users.Size != 12_500_000 || quarter.Users.Hot != 250 || quarter.Patience != p.Patience {
		t.Errorf("a quarter of the night is %+v", quarter)
	}
	if p.Curve.Peak() != 200_000 {
		t.Error("scaling changed the profile itself")
	}
	if tiny := p.Scaled(1e-12); tiny.Users.Size < 1 || tiny.Users.Hot != 1 {
		t.Errorf("a tiny night has users %+v", tiny.Users)
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	p := Profile{Curve: Hold(math.NaN(), time.Second), Funnel: Funnel{Select: math.NaN(), Statics: -1}, Retry: Retry{Most: -1}}
	err := p.Check()
	for _, want := range []string{"no name", "stretch", "patience", "lateness", "connection", "users", "no gift", "static", "retries", "share"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the mistake %q is not named in: %v", want, err)
		}
	}
}

func TestCrowdFollowsTheProfile(t *testing.T) {
	p := Night200k(time.Second)
	const clicks = 200_000
	crowd := p.Crowd(7)
	var steps [api.Ops]float64
	gifts, hot := map[api.Gift]float64{}, 0.0
	for n := uint64(1); n <= clicks; n++ {
		c := crowd.Click(n)
		for op := api.List; op <= c.Last; op++ {
			steps[op]++
		}
		gifts[c.Gift]++
		if c.User <= 1000 {
			hot++
		}
		if c.User < 1 || uint64(c.User) > p.Users.Size || c.Server < 1 || c.Server > Servers {
			t.Fatalf("click %d is %+v", n, c)
		}
	}
	near := func(what string, got, want float64) {
		if math.Abs(got/clicks-want) > 0.005 {
			t.Errorf("%s: %f of the clicks, want %f", what, got/clicks, want)
		}
	}
	near("hot", hot, 0.02)
	for op := api.List; op < api.Ops; op++ {
		near(op.String(), steps[op], p.Funnel.Share(op))
	}
	sum := 0.0
	for i := range p.Users.Gifts {
		sum += math.Pow(float64(i+1), -1.1)
	}
	near("first gift", gifts[0], 1/sum)
	near("last gift", gifts[23], math.Pow(14, -1.1)/sum)
	if len(gifts) != len(p.Users.Gifts) {
		t.Errorf("%d gifts are wanted, of %d", len(gifts), len(p.Users.Gifts))
	}
}

// Tagged clicks are pressure users', the neighbour's are for its gifts, in the shares that the profile says; without
// either, the stream is what it was.
func TestTaggedAndNeighbouringClicks(t *testing.T) {
	p := Night200k(time.Second)
	plain := p.Crowd(7)
	p.Users.Tagged, p.Users.Neighbour = 0.2, Neighbour{Activity: 2, Share: 0.1, Gifts: []api.Gift{0, 1}}
	crowd, tagged, beside, both := p.Crowd(7), 0.0, 0.0, 0.0
	const clicks = 50_000
	for n := uint64(1); n <= clicks; n++ {
		c := crowd.Click(n)
		was := plain.Click(n)
		if c.User.IsPressure() != c.Gift.Tagged() || c.User&^was.User.Pressure() != 0 || c.Last != was.Last {
			t.Fatalf("click %d: user %d, gift %d; without tags user %d", n, c.User, c.Gift, was.User)
		}
		if c.Gift.Tagged() {
			tagged++
		}
		switch c.Gift.Place() {
		case 1:
			if beside++; c.Gift.Own() > 1 {
				t.Fatalf("click %d: gift %d of the neighbour", n, c.Gift.Own())
			}
			if c.Gift.Tagged() {
				both++
			}
		case 0:
			if c.Gift.Own() != was.Gift {
				t.Fatalf("click %d: gift %d, without tags %d", n, c.Gift, was.Gift)
			}
		}
	}
	for what, got := range map[string][2]float64{"tagged": {tagged, 0.2}, "beside": {beside, 0.1}, "both": {both, 0.02}} {
		if math.Abs(got[0]/clicks-got[1]) > 0.005 {
			t.Errorf("%s: %f of the clicks, want %f", what, got[0]/clicks, got[1])
		}
	}
}

func TestCrowdIsTheSameForTheSameSeed(t *testing.T) {
	p := Night200k(time.Second)
	stream := func(seed uint64) (sum uint64) {
		crowd := p.Crowd(seed)
		for n := uint64(1); n <= 1000; n++ {
			sum += crowd.Click(n).Hash(n)
		}
		return sum
	}
	one := stream(1)
	if again, other := stream(1), stream(2); again != one || other == one {
		t.Error("the stream must depend on the seed, and on nothing else")
	}
	a, b := p.Crowd(1).Click(1), p.Crowd(1).Click(2)
	if a.Hash(1)+b.Hash(2) == a.Hash(2)+b.Hash(1) {
		t.Error("two clicks that change places have the same hash")
	}
}

func TestClicksMayComeStraightToAStep(t *testing.T) {
	p := Night200k(time.Second)
	p.Funnel = Funnel{First: api.Claim, Select: 0.5, Claim: 0.5, Receipt: 0.25}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if got := p.Funnel.PerClick(); got != 1.25 || p.Funnel.Share(api.Select) != 0 || p.Funnel.Share(api.Claim) != 1 {
		t.Errorf("%f requests a click; want a claim each, and a quarter of receipts", got)
	}
	crowd, receipts := p.Crowd(1), 0
	for n := uint64(1); n <= 10_000; n++ {
		c := crowd.Click(n)
		if c.First != api.Claim || c.Last < api.Claim {
			t.Fatalf("click %d goes from %s to %s", n, c.First, c.Last)
		}
		receipts += int(c.Last - api.Claim)
	}
	if receipts < 2300 || receipts > 2700 {
		t.Errorf("%d receipts of 10,000 claims; want a quarter", receipts)
	}
	p.Funnel.Presses = 6
	if got := p.Funnel.PerClick(); got != 6.25 {
		t.Errorf("%f requests a click of six presses; want the six, and a quarter of receipts", got)
	}
	p.Funnel.Statics = 3
	if err := p.Check(); err == nil || !strings.Contains(err.Error(), "straight to claim") {
		t.Errorf("static parts before a click that comes straight to the claim: %v", err)
	}
}

func TestNoClickOfOneSeedIsAClickOfAnother(t *testing.T) {
	p := Night200k(time.Second)
	p.Users = Population{Size: 1 << 60, Gifts: []api.Gift{0, 1, 2}}
	seen := map[api.User]uint64{}
	for seed := uint64(0); seed < 20; seed++ {
		crowd := p.Crowd(seed)
		for n := uint64(1); n < 200; n++ {
			user := crowd.Click(n).User
			if other, again := seen[user]; again {
				t.Fatalf("click %d of seed %d is the same user as one of seed %d", n, seed, other)
			}
			seen[user] = seed
		}
	}
}
