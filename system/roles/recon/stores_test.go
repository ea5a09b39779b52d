package recon

import (
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
)

// Each share is one data centre's to compare; what is no share of the activity is everybody's.
func TestOthersSharesAreTheirs(t *testing.T) {
	a := activity.Activity{ID: 1, Games: 1, Gifts: []activity.Gift{{ID: 0, Shares: 5, Total: 50}}}
	one := config.Config{Activity: a}
	inA, inB := one, one
	inA.Part, inB.Part = activity.Part{IDC: activity.A, Of: 2}, activity.Part{IDC: activity.B, Of: 2}
	for _, c := range []struct {
		order         api.Order
		one, inA, inB bool
	}{
		{api.OrderOf(1, 0, 1), false, false, true}, {api.OrderOf(1, 0, 2), false, true, false}, {api.OrderOf(1, 0, 4), false, true, false},
		{api.OrderOf(1, 0, 5), false, false, false}, {api.OrderOf(1, 7, 0), false, false, false}, {api.OrderOf(2, 0, 2), false, false, false},
	} {
		if one, b, d := othersShare(one, c.order), othersShare(inA, c.order), othersShare(inB, c.order); one != c.one || b != c.inA || d != c.inB {
			t.Errorf("order %d is others': alone %v, in a %v, in b %v; want %+v", c.order, one, b, d, c)
		}
	}
}
