package volley

import (
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// Clicks that come straight to the claim are dealt as claims, of every click in turn, and nothing else.
func TestADealOfClicksThatComeStraightToTheClaim(t *testing.T) {
	p := loadprofiles.Night200k(time.Second)
	p.Curve, p.Funnel = loadprofiles.Hold(1000, time.Second), loadprofiles.Funnel{First: api.Claim}
	d := newDeal(p, p.Crowd(1))
	for hit := uint64(1); hit < 500; hit++ {
		if r := d.to(hit); r.op != api.Claim || r.n != hit {
			t.Fatalf("hit %d is %s of click %d, want its own click's claim", hit, r.op, r.n)
		}
	}
}
