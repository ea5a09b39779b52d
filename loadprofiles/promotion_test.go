package loadprofiles

import (
	"math"
	"testing"
	"time"
)

// A valve that closes at 10 s and opens at 30 s, of a promotion that brings three of four users within 10 s.
func TestArrivalsFollowTheValveWithTheLagOfWhatWasShown(t *testing.T) {
	p := Estimate96k(4 * time.Second)
	p.Promotion = Promotion{Share: 0.75, Lag: 10 * time.Second}
	crowd, valve := p.Crowd(7), Turns{{0, false}, {10 * time.Second, true}, {30 * time.Second, false}}
	const hits = 20_000
	n := uint64(0)
	for _, c := range []struct {
		at   time.Duration
		want float64 // come
	}{
		{0, 1}, {9 * time.Second, 1}, {10 * time.Second, 1}, // who comes now was shown it before
		{12 * time.Second, 1 - 0.75*0.2}, {15 * time.Second, 1 - 0.75*0.5},
		{20 * time.Second, 0.25}, {30 * time.Second, 0.25}, // the organic floor
		{35 * time.Second, 0.25 + 0.75*0.5}, {40 * time.Second, 1},
	} {
		come := 0
		for range hits {
			if n++; !crowd.Withheld(n, c.at, valve) {
				come++
			}
		}
		if got := float64(come) / hits; math.Abs(got-c.want) > 4*math.Sqrt(c.want*(1-c.want)/hits) {
			t.Errorf("at %s %g of the users come, want %g", c.at, got, c.want)
		}
	}
}

func TestNobodyIsWithheldWhereNothingIsClosed(t *testing.T) {
	with := Estimate96k(4 * time.Second)
	with.Promotion = Pushed
	crowd, without := with.Crowd(7), Estimate96k(4*time.Second).Crowd(7)
	for n := uint64(1); n < 10_000; n++ {
		for _, open := range []Turns{nil, {{0, false}}, {{0, false}, {time.Minute, true}}} {
			if crowd.Withheld(n, time.Minute, open) {
				t.Fatalf("hit %d is withheld by %+v", n, open)
			}
		}
		if without.Withheld(n, time.Minute, Turns{{0, true}}) {
			t.Fatalf("hit %d of a load without a promotion is withheld", n)
		}
		if crowd.Click(n) != without.Click(n) {
			t.Fatalf("who clicks hangs on the promotion: %+v, %+v", crowd.Click(n), without.Click(n))
		}
	}
}

// A valve that is found closed was closed before, too; so no promoted user comes from the first moment on.
func TestAValveFoundClosedWasClosedBefore(t *testing.T) {
	p := Estimate96k(4 * time.Second)
	p.Promotion = Promotion{Share: 1, Lag: 10 * time.Second}
	crowd, found := p.Crowd(7), Turns{{0, true}}
	for n := uint64(1); n < 1000; n++ {
		if !crowd.Withheld(n, 0, found) || !crowd.Withheld(n, time.Minute, found) {
			t.Fatalf("hit %d comes by a promotion that is stopped", n)
		}
	}
}

func TestImpossiblePromotionsAreRefused(t *testing.T) {
	for _, bad := range []Promotion{{Share: -0.1}, {Share: 1.1}, {Share: math.NaN()}, {Share: 0.5, Lag: -1}, {Share: 0.5, Lag: 2 * time.Hour}, {Lag: time.Second}} {
		p := Estimate96k(4 * time.Second)
		if p.Promotion = bad; p.Check() == nil {
			t.Errorf("the promotion %+v passes the check", bad)
		}
	}
	p := Estimate96k(4 * time.Second)
	if p.Promotion = Pushed; p.Check() != nil {
		t.Error(p.Check())
	}
}
