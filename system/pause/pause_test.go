package pause

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPauseLastsItsTimeOrAsLongAsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			d, ends time.Duration
			whole   bool
			lasts   time.Duration
		}{
			{time.Second, time.Minute, true, time.Second},
			{time.Minute, time.Second, false, time.Second},
			{0, time.Second, true, 0},
			{-time.Hour, time.Second, true, 0},
			{time.Hour, 0, false, 0},
			{0, 0, false, 0},
		} {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), c.ends)
			if got, lasted := For(ctx, c.d), time.Since(began); got != c.whole || lasted != c.lasts {
				t.Errorf("For %s with %s of context: %t after %s", c.d, c.ends, got, lasted)
			}
			cancel()
			began = time.Now()
			ctx, cancel = context.WithTimeout(t.Context(), c.ends)
			if got, lasted := Until(ctx, began.Add(c.d)), time.Since(began); got != c.whole || lasted != c.lasts {
				t.Errorf("Until %s with %s of context: %t after %s", c.d, c.ends, got, lasted)
			}
			cancel()
		}
	})
}
