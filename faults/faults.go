// Package faults says what it is to hurt a running system and to undo the hurt.
package faults

import (
	"context"
	"fmt"
	"strings"
)

// Fault is one way to hurt one thing. It is its arguments and nothing else: two equal faults do the same, and what one
// process injected another can heal. Its String says in one line what it does, as a page prints it; all it depends on is
// told by kinds.Encode. A new type of fault is added to faults/kinds.
type Fault interface {
	String() string
	// Victim is the node or the link that it hurts.
	Victim() string
	// Inject hurts the victim and returns once the hurt can be seen from outside. A fault that would hit nothing is an
	// error. After an error something may be hurt all the same, so Heal is due.
	Inject(ctx context.Context, on Levers) error
	// Heal undoes exactly what Inject did and returns once the lever is back, which is before the system has recovered. It
	// may be called at any time and any number of times: after a failed Inject, on a victim that was never hurt, in another process.
	Heal(ctx context.Context, on Levers) error
}

// Wide is a fault that hurts more than the one that it names as its victim, such as all nodes of a data centre.
type Wide interface{ Victims() []string }

// Victims are all that a fault hurts.
func Victims(f Fault) []string {
	if w, ok := f.(Wide); ok {
		return w.Victims()
	}
	return []string{f.Victim()}
}

// Checker is a fault that can tell whether its arguments make sense before anything runs. The error is one line.
type Checker interface{ Check() error }

// Levers are what faults pull on a running system, by the names of its nodes and links. Every lever may be pulled twice.
type Levers interface {
	Hosts
	Links
	Rations
	Spoiler
	Ailer
}

// Hosts are the levers on a node as a whole.
type Hosts interface {
	Lives
	Freezer
	Looker
}

// Rations are the levers on what a node may use.
type Rations interface {
	Squeezer
	Limiter
}

// Lives ends nodes and starts them again.
type Lives interface {
	Kill(ctx context.Context, node string) error  // SIGKILL; returns when the node is seen dead
	Start(ctx context.Context, node string) error // returns when its process runs, with its old address and disk
}

// Freezer stops time for a node: its connections stay open, and nobody answers on them.
type Freezer interface {
	Pause(ctx context.Context, node string) error
	Resume(ctx context.Context, node string) error
}

// Looker tells what can be seen of the nodes from outside.
type Looker interface {
	Nodes() []string // the names of all there are, sorted
	Look(ctx context.Context, node string) (State, error)
}

// State is what a node does. The zero value is Dead.
type State int

// The states.
const (
	Dead State = iota
	Running
	Frozen
)

// String is the state in a word.
func (s State) String() string { return [...]string{"dead", "running", "frozen"}[s] }

// Few are up to three names and how many more there are, for a fault's String.
func Few(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
