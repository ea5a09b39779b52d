// Package grantlog keeps every grant where it cannot be lost: in a spool on the local disk and in the log (a JetStream
// stream), which also holds the shard's epoch and refuses whoever writes under an older one.
package grantlog

import (
	"errors"
	"strconv"
	"time"

	"redpacket/system/api"
)

// Stream is the name of the JetStream stream that is the log, and MirrorStream of the one beside it, on the same server,
// that is the mirror of the other IDC's log.
const (
	Stream       = "grants"
	MirrorStream = "mirror"
)

// MaxGrants is the most grants that one Batch may hold.
const MaxGrants = 1024

// The ways in which a batch may not have been taken. Every error of Publish, of a Place and of Durable is one of these,
// or is treated as ErrDoubt.
var (
	// ErrRefused: certainly not in, and nothing of it will arrive later. The log could not be asked or said no.
	ErrRefused = errors.New("refused by the log")
	// ErrFenced: certainly not in, and it never will be, because the shard has a newer announcement than the fence.
	ErrFenced = errors.New("fenced: the shard has a newer announcement")
	// ErrDoubt: it may be in. Ask again with the same batch until the answer is certain.
	ErrDoubt = errors.New("in doubt: it may be in the log")
	// ErrTagless: a grant's user and its order's mark contradict each other, so the batch is refused whole, everywhere.
	ErrTagless = errors.New("a pressure user's grant without the mark of the shadow, or the mark without such a user")
	// ErrNowhere: in no place that counts.
	ErrNowhere = errors.New("durable nowhere")
)

// Batch is some grants that were decided together. Writer, Epoch and Number name it for ever: the same three are the
// same batch, and the log keeps it once however often it is published (within the log's duplicate window; later it may
// be there twice, and readers know an order they have seen).
type Batch struct {
	Epoch  uint32
	Writer string // 1 … 64 visible ASCII characters; unique to one life of one process
	Number uint64
	Grants []api.Grant // 1 … MaxGrants
}

// id is the batch's name, as the log remembers it.
func (b Batch) id() string {
	id := make([]byte, 0, len(b.Writer)+32)
	id = append(append(id, b.Writer...), '/')
	id = append(strconv.AppendUint(id, uint64(b.Epoch), 10), '/')
	return string(strconv.AppendUint(id, b.Number, 10))
}

// Logged is a batch as it stands in the log.
type Logged struct {
	Batch
	Pos uint64    // the sequence number of its message, 1 …
	At  time.Time // when the log took it, by the log's clock
}
