package recon

import (
	"math"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// Slice is some of an activity's shares, compared at once so that memory does not grow with the activity. It answers for
// every order from First to Last, also for those that are no share; the slices of an activity answer for all orders.
type Slice struct {
	Activity    uint16
	First, Last api.Order
	Spans       []Span // by gift, at most one a gift
}

// Span is the shares From … To-1 of a gift.
type Span struct {
	Gift     activity.Gift
	From, To uint32
}

// Shares is the number of shares in the slice.
func (s Slice) Shares() int {
	n := 0
	for _, p := range s.Spans {
		n += int(p.To - p.From)
	}
	return n
}

// Gifts are the gifts whose holders the slice needs.
func (s Slice) Gifts() []activity.Gift {
	gifts := make([]activity.Gift, len(s.Spans))
	for i, p := range s.Spans {
		gifts[i] = p.Gift
	}
	return gifts
}

// Slices cuts an activity, and what else is on its platform, into slices of at most room shares (1 or more), in the orders' order. Only a gift that is larger
// than a slice is cut, and then two deliveries to one of its users, in two slices, are an orphan or an unheld grant, and
// not a duplicate, by name.
func Slices(a activity.Activity, room int) []Slice {
	var all []Slice
	for _, o := range a.Offers() {
		first := api.OrderOf(o.ID, 0, 0)
		if len(all) > 0 {
			all[len(all)-1].Last = first - 1
		} else {
			first = 0
		}
		all = append(all, cut(o.Activity, first, room)...)
	}
	all[len(all)-1].Last = math.MaxUint64
	return all
}

// cut is the slices of one activity, whose orders begin with first; the last one has no end yet.
func cut(a activity.Activity, first api.Order, room int) []Slice {
	slices, free := []Slice{{Activity: a.ID, First: first}}, room
	for _, g := range a.Gifts {
		for from := uint32(0); from < g.Shares; {
			left := g.Shares - from
			if free == 0 || int(left) > free && int(g.Shares) <= room {
				first := api.OrderOf(a.ID, g.ID, from)
				slices[len(slices)-1].Last = first - 1
				slices, free = append(slices, Slice{Activity: a.ID, First: first}), room
			}
			n := min(left, uint32(min(free, math.MaxInt32)))
			last := &slices[len(slices)-1]
			last.Spans = append(last.Spans, Span{Gift: g, From: from, To: from + n})
			from, free = from+n, free-int(n)
		}
	}
	return slices
}
