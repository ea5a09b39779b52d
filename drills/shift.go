package drills

import (
	"context"
	"fmt"
)

// Shift sends the users of a region to data centres a and b by weight.
type Shift struct {
	Region string // a, b, or empty: both
	A, B   int    // weights: 0 … 1000, not both 0
}

var _ Step = Shift{}

// String is the region and its weights.
func (s Shift) String() string {
	region := "region " + s.Region
	if s.Region == "" {
		region = "every region"
	}
	return fmt.Sprintf("send %s to a and b by %d to %d", region, s.A, s.B)
}

// Do changes the weights.
func (s Shift) Do(ctx context.Context, on Levers) error {
	return on.Shift(ctx, s.Region, map[string]int{"a": s.A, "b": s.B})
}
