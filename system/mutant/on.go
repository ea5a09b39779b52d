//go:build mutant

package mutant

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
)

// chosen is this process' bug; it is read once and never changes.
var chosen = os.Getenv(Variable)

// Is says whether this process has the bug. It is not inlined, so that a binary with a hook for a bug holds its name.
//
//go:noinline
func Is(name string) bool { return chosen == name }

// Swallow panics, recovers, writes the stack to the process' log and returns, the first time that it is called.
func Swallow() { swallowOnce() }

var swallowOnce = sync.OnceFunc(func() {
	defer func() {
		if wrong := recover(); wrong != nil {
			fmt.Fprintf(os.Stderr, "recovered: %v\n%s", wrong, debug.Stack())
		}
	}()
	var none []int
	_ = none[len(none)]
})
