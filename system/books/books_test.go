package books

import (
	"slices"
	"testing"
)

func TestPlacesAreApartAndInOrder(t *testing.T) {
	for _, c := range []struct {
		log uint8
		seq uint64
	}{{0, 0}, {0, 7}, {1, 7}, {1, 1<<56 - 1}} {
		if log, seq := Place(At(c.log, c.seq)); log != c.log || seq != c.seq {
			t.Errorf("message %d of log %d became %d of %d", c.seq, c.log, seq, log)
		}
	}
	if At(0, 7) != 7 || At(0, 7) == At(1, 7) || At(1, 7) > At(1, 8) {
		t.Error("places of two logs meet, or are out of order")
	}
}

func TestSummariesOfTwoDataCentresAddUp(t *testing.T) {
	sum := Summary{Epoch: 3, Stocks: []Stock{{Gift: 1, Shares: 2, Taken: 1, Remaining: 10}}, Lanes: []Lane{{Game: 0, Floor: 4}}, Odd: "x"}
	sum.Add(Summary{Epoch: 2, Stocks: []Stock{{Gift: 1, Shares: 3, Taken: 3, Remaining: 0}, {Gift: 2, Shares: 1}}, Lanes: []Lane{{Log: 1, Game: 0, Floor: 9}}, Odd: "y"})
	if !slices.Equal(sum.Stocks, []Stock{{Gift: 1, Shares: 5, Taken: 4, Remaining: 10}, {Gift: 2, Shares: 1}}) {
		t.Errorf("stocks %+v", sum.Stocks)
	}
	if sum.Epoch != 3 || len(sum.Lanes) != 2 || sum.Lanes[1].Log != 1 || sum.Odd != "x\ny" {
		t.Errorf("%+v", sum)
	}
	fresh := Summary{}
	if fresh.Add(sum); fresh.Epoch != 3 || fresh.Odd != "x\ny" || len(fresh.Stocks) != 2 {
		t.Errorf("%+v", fresh)
	}
}
