// Command rehearse runs drills against a red packet system that it stands up for them, and says honestly what it saw.
// "rehearse help" lists its commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"redpacket/drills/stage"
)

func main() {
	stage.Become()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first Ctrl-C everything is being taken down; a second one ends us at once, and the warden takes over.
	context.AfterFunc(ctx, stop)
	a := &app{out: os.Stdout, err: os.Stderr, live: isTerminal(os.Stdout), rig: realRig{}}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// isTerminal says whether a person watches.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
