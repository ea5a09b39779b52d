// Package wire is the transport of the hot links: pipelined HTTP/1.1 at the front door, and framed batches of calls
// between the services behind it.
package wire

import (
	"errors"
	"time"

	"redpacket/system/api"
)

// Call is one request on an inner link. ID comes back unchanged in its Reply.
type Call struct {
	ID     uint64
	Op     api.Op
	User   api.User
	Gift   api.Gift // its number on the platform: with the activity's place and the tag (api.Gift.In), also where no gift is asked about
	Server uint16
	Waited uint32 // µs the request has already spent in the caller
}

// Reply is the answer to one Call.
type Reply struct {
	ID     uint64
	Code   api.Code
	Queued uint32 // µs the call waited in the callee's queue
	Body   []byte // JSON, at most MaxBody; empty: the caller's own words for the code

	Marked bool // not on the wire: the caller has noted that the new version gave it, and the front door says so to the client
}

// The bounds of an inner link, in bytes. A link holds at most MaxQueued twice: what is appended and what is written.
const (
	MaxBody   = 4 << 10   // of one reply
	MaxFrame  = 256 << 10 // of one frame's items; a longer one ends the connection
	MaxQueued = 4 << 20   // waiting to be written; beyond it nothing more is taken
)

// ErrFrame says that a peer sent something that is not a frame of this protocol; its connection is closed.
var ErrFrame = errors.New("not a frame of the inner protocol")

// The times of an inner link.
const (
	writeWithin = 5 * time.Second        // a write that takes longer ends the connection
	greetWithin = time.Second            // the callee's greeting, after the connection stands
	beatEvery   = 500 * time.Millisecond // an empty frame, answered by an empty frame
	silence     = 1500 * time.Millisecond
	backoffMin  = 10 * time.Millisecond
	backoffMax  = 500 * time.Millisecond
)

// greeting is the callee's first word. A proxy in between accepts connections that lead nowhere; only the greeting
// proves that there is somebody at the end of the link.
const greeting = "redpacket calls 1\n"
