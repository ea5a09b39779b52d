package volley

import (
	"strings"
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

// Every press is a request of its own, of the same user, written down when it is a claim; the first alone goes on.
func TestPressesLeaveTogetherAndTheFirstGoesOn(t *testing.T) {
	s := &scripted{answer: ok}
	j := job(t, s.serve(t), loadprofiles.Hold(2000, 500*time.Millisecond))
	j.Profile.Funnel = loadprofiles.Funnel{First: api.Claim, Presses: 4, Receipt: 1}
	y, all, journal := fireHere(t, j)
	if y.Clicks.Launched != 200 || y.Owed != y.Launched || y.Launched != 1000 {
		t.Fatalf("yield %+v; want 200 clicks of four claims and a receipt", y)
	}
	if claims, receipts := count(all, api.Claim, api.Done), count(all, api.Receipt, api.Done); claims != 800 || receipts != 200 || len(journal) != 800 {
		t.Errorf("%d claims, %d receipts, %d in the journal; want 800, 200, 800", claims, receipts, len(journal))
	}
	pressed := map[api.User]int{}
	for _, a := range journal {
		pressed[a.User]++
	}
	for user, n := range pressed {
		if n%4 != 0 {
			t.Errorf("user %d pressed %d times; want a multiple of four", user, n)
		}
	}
	j.Style = Requests
	if err := j.Check(); err == nil || !strings.Contains(err.Error(), "4 presses") {
		t.Errorf("presses of hits that are requests: %v", err)
	}
}
