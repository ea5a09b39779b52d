package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// slack is how much later than asked the kernel may wake a thread of ours, so that it can wake several at once.
const slack = time.Millisecond

// calm gives the process that slack. Go's runtime has a thread that looks after the others every 20 µs for as long as
// there is work now and then; with a dozen such processes on two cores, looking cost more than the work. Slack belongs to
// a thread and the runtime has several before main runs, so it is set and the program is run again in the same process:
// exec keeps it, and all threads of the second run inherit it.
func calm() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || now >= int(slack) {
		return nil // a kernel without it, or the second run
	}
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0); err != nil {
		return nil // it only costs more
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to run it again: %w", err)
	}
	return fmt.Errorf("run %s again: %w", self, syscall.Exec(self, os.Args, os.Environ()))
}
