// Package pause waits for a time, or until a context ends.
package pause

import (
	"context"
	"time"
)

// For blocks for d and is true, or is false as soon as ctx ends; with a ctx that has ended it does not wait.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Until is For until a moment, which may be over.
func Until(ctx context.Context, at time.Time) bool { return For(ctx, time.Until(at)) }
