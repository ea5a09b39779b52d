// Package cmem is the in-memory store of the shares: which are left, and who holds which. It is one real Redis, and this
// package is the only one that speaks to it.
//
// What Redis holds (fields and values are packed big-endian, see pack.go):
//
// A <gift> is its number on the platform, in digits: 3, and 32771 is the shadow of 3 (api.Gift). So pressure traffic has keys of its
// own, and what decides it is the same script in the same call.
//
//	epoch             the epoch this node was installed for; missing while it is being installed
//	installing        the epoch that a keeper is installing; loaded counts its steps
//	amounts:<gift>    the stock: 4 bytes a share, its fen, at the share's place; it ends where this shard's part ends
//	taken             a hash, gift -> the next share of its part that was never given out
//	returned:<gift>   a list of shares below taken that were given back; they go first
//	back              how many shares are in all those lists: mostly none, and then nobody looks
//	who:<gift>        a hash, user -> index, fen, server, holds
//	open:<writer>     a hash, batch -> its asks and answers: what Settle reads
//	void:<writer>:<batch>  the batch was settled as never happened, so its call, still on its way, must not apply
//	voids             there may be such a mark
//
// holds counts the attempts of a user that are on their way or durable. An attempt that failed for certain takes its own
// hold away, and the share goes back to the stock with the last one: so a share that any attempt made durable stays, and
// one that none did cannot leak.
package cmem

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"redpacket/system/api"
	"redpacket/system/money"
)

// MaxBatch is the most asks that one call may carry; it keeps the script's stack and one call's hold of Redis small.
const MaxBatch = 1024

// ErrEpoch says that the node is not at the epoch asked for, or is being installed; the call changed nothing.
var ErrEpoch = errors.New("the node is not at this epoch; ask the log which is the primary now")

// ErrVoid says that the batch was settled as never happened before its call arrived; the call changed nothing.
var ErrVoid = errors.New("the batch was declared void; use a new batch number")

// ErrTagless says that some asks' users and tags contradict each other; the call changed nothing.
var ErrTagless = errors.New("a pressure user without the tag, or the tag with a user who is none")

// The timeouts of one connection. A call's own deadline is its context's.
const (
	dialTimeout = 500 * time.Millisecond
	ioTimeout   = time.Second
)

// Ask is one user's claim of one gift, to be delivered to a game server.
type Ask struct {
	User   api.User
	Gift   api.Gift
	Server uint16
}

// Share is what an ask came to: OK with the share, SoldOut, or (Receipts) NotFound.
type Share struct {
	Code   api.Code
	Index  uint32 // the share's place in the gift's stock
	Fen    money.Fen
	Server uint16 // the server of the user's first claim: a repeat must be the same grant
	Repeat bool   // the user had it before this batch
}

// Turn says which batch a call belongs to. A writer never uses a batch number twice.
type Turn struct {
	Epoch    uint32
	Writer   string
	Batch    uint64
	Finished []uint64 // batches of this writer whose outcome is certain: their records are dropped
}

// Store is one Redis node. It may be used by any number of goroutines; it reconnects by itself.
type Store struct {
	client  rueidis.Client
	scripts scripts
	packers sync.Pool
}

// Dial connects to a node; it fails when the node does not answer now, after at most a second.
func Dial(_ context.Context, addr string) (*Store, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:         []string{addr},
		ForceSingleClient:   true,
		DisableCache:        true, // no CLIENT TRACKING: every read here is of data that changes
		DisableRetry:        true, // reads would be retried for ever by a context without a deadline
		PipelineMultiplex:   -1,   // one connection: batches, not connections, make it fast
		RingScaleEachConn:   8,
		ReadBufferEachConn:  1 << 16,
		WriteBufferEachConn: 1 << 16,
		ConnWriteTimeout:    ioTimeout,
		Dialer:              net.Dialer{Timeout: dialTimeout, KeepAlive: time.Second},
	})
	if err != nil {
		return nil, fmt.Errorf("dial redis %s: %w", addr, err)
	}
	return &Store{client: client, scripts: newScripts(), packers: sync.Pool{New: func() any { return new(packer) }}}, nil
}

// Close gives the connections back; calls under way end with an error.
func (s *Store) Close() { s.client.Close() }

// meaning turns a script's refusal into this package's errors; everything else keeps its own.
func meaning(what string, err error) error {
	refused, ok := rueidis.IsRedisErr(err)
	switch {
	case err == nil:
		return nil
	case ok && strings.HasPrefix(refused.Error(), "CLOSED"):
		return fmt.Errorf("%s: %w", what, ErrEpoch)
	case ok && strings.HasPrefix(refused.Error(), "VOID"):
		return fmt.Errorf("%s: %w", what, ErrVoid)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}
