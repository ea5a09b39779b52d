// Package pausetest waits in tests for what other goroutines bring about.
package pausetest

import (
	"testing"
	"time"
)

// Within is how long Until waits: so long that only what hangs is not there by then, however busy the machine is.
const Within = 30 * time.Second

// Until blocks until a condition holds, which it looks at every millisecond; after Within the test fails, and says for what
// it waited. It must be called from the test's own goroutine.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	give, tick := time.NewTimer(Within), time.NewTicker(time.Millisecond)
	defer give.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-give.C:
			t.Fatalf("waited %s for: %s", Within, what)
		case <-tick.C:
		}
	}
}
