package drills

import "context"

// TakeOver has the other data centre serve the users who are at home in one that is lost.
type TakeOver struct{ Home string }

// GiveBack returns the users of a data centre to it.
type GiveBack struct{ Home string }

var (
	_ Step = TakeOver{}
	_ Step = GiveBack{}
)

// String is the take-over and whose users it is about.
func (t TakeOver) String() string { return "take over the users of " + t.Home }

// Do takes them over.
func (t TakeOver) Do(ctx context.Context, on Levers) error { return on.TakeOver(ctx, t.Home) }

// String is the return and whose users it is about.
func (g GiveBack) String() string { return "give the users of " + g.Home + " back" }

// Do gives them back.
func (g GiveBack) Do(ctx context.Context, on Levers) error { return on.GiveBack(ctx, g.Home) }
