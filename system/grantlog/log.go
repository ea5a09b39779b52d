package grantlog

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// The log's clock. All of them are how long to wait before asking again, not how long an operation may take: that is
// the context's to say.
const (
	dialWait    = time.Second
	redialWait  = 100 * time.Millisecond
	pingEvery   = time.Second // with two missing, a connection that is silently dead is found in 3 s
	answerWait  = time.Second // for a read
	publishWait = time.Second
)

// Log is a connection to the log. It may be used by several goroutines at once, and reconnects for ever.
type Log struct {
	addr  string
	name  string // the stream's
	nc    *nats.Conn
	known atomic.Pointer[map[uint64]string] // fence -> IDC, of every announcement this Log has seen
	seen  atomic.Uint64                     // the highest sequence number that an answer has named

	buffers sync.Pool
	doubts  doubts

	mu    sync.Mutex
	fault error // why the connection is down
}

// Connect reaches the log at addr (host:port), waiting until it answers or ctx ends. From then on the connection lives,
// and comes back by itself after every loss, until Close.
func Connect(ctx context.Context, addr string) (*Log, error) {
	l, up, err := dial(addr, Stream)
	if err != nil {
		return nil, err
	}
	select {
	case <-up:
		return l, nil
	case <-ctx.Done():
		l.Close()
		return nil, fmt.Errorf("connect to the log at %s: no answer: %w", addr, ctx.Err())
	}
}

// Open makes a connection to a stream (Stream or MirrorStream) of the log server at addr, and does not wait for it: while
// the server is away, what waits waits and the rest is refused. The error is about an address of no use.
func Open(addr, stream string) (*Log, error) {
	l, _, err := dial(addr, stream)
	return l, err
}

// dial also tells when the connection is up for the first time.
func dial(addr, stream string) (*Log, chan struct{}, error) {
	l := &Log{addr: addr, name: stream}
	l.known.Store(&map[uint64]string{})
	up := make(chan struct{})
	nc, err := nats.Connect("nats://"+addr, l.options(sync.OnceFunc(func() { close(up) }))...)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to the log at %s: %w", addr, err)
	}
	l.nc = nc
	return l, up, nil
}

// options make a connection that never gives up and never pretends.
func (l *Log) options(up func()) []nats.Option {
	return []nats.Option{
		nats.Timeout(dialWait), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(redialWait),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2),
		// Nothing is held back while the connection is down: a batch sent later than its caller thinks is a surprise.
		nats.ReconnectBufSize(-1),
		// The address is a link's. What the server says of itself would lead around it.
		nats.IgnoreDiscoveredServers(), nats.DontRandomize(),
		nats.ConnectHandler(func(*nats.Conn) { up() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { l.blame(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { l.blame(err) }),
		nats.ReconnectHandler(func(*nats.Conn) { l.blame(nil); up() }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { l.blame(err) }),
	}
}

// blame keeps the last reason for a loss, for Healthy; nil when the connection is back.
func (l *Log) blame(err error) {
	l.mu.Lock()
	l.fault = err
	l.mu.Unlock()
}

// String is the log's name in errors.
func (l *Log) String() string {
	if l.name == MirrorStream {
		return "mirror at " + l.addr
	}
	return "log at " + l.addr
}

// Close ends the connection. Calls that wait return with an error.
func (l *Log) Close() { l.nc.Close() }

// Healthy is nil while the connection to the log is up.
func (l *Log) Healthy() error {
	if l.nc.IsConnected() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Errorf("%s: not connected: %w", l, orUnknown(l.fault))
}

// orUnknown is for a server that closed the connection in good order.
func orUnknown(err error) error {
	if err == nil {
		return fmt.Errorf("the other side closed")
	}
	return err
}

// saw remembers the highest sequence number that the log has told.
func (l *Log) saw(pos uint64) {
	for {
		old := l.seen.Load()
		if pos <= old || l.seen.CompareAndSwap(old, pos) {
			return
		}
	}
}

// maxKnown bounds the announcements remembered; a shard has two a rebuild.
const maxKnown = 256

// learn remembers which shard an announcement is of, so that its sequence number alone can serve as a fence.
func (l *Log) learn(fence uint64, idc string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := *l.known.Load()
	if fence == 0 || old[fence] != "" {
		return
	}
	next := map[uint64]string{fence: idc}
	oldest := fence
	for f, of := range old {
		next[f], oldest = of, min(oldest, f)
	}
	if len(next) > maxKnown {
		delete(next, oldest)
	}
	l.known.Store(&next)
}
