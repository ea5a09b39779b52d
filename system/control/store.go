package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// The store's clock: how long one call may wait, and how a lost connection comes back.
const (
	answerWithin = time.Second
	dialWait     = time.Second
	redialWait   = 200 * time.Millisecond
	pingEvery    = 2 * time.Second // with two missing, a connection that is silently dead is found in 6 s
)

// MaxValue is the most bytes of one value.
const MaxValue = 64 << 10

var (
	// ErrMoved says that the key has another revision than the caller thought, so nothing was written.
	ErrMoved = errors.New("the key has another revision")
	// ErrAway says that the store did not answer in time. A write may have been taken all the same: read the key before
	// writing again.
	ErrAway = errors.New("the control store does not answer")
)

// Store is a connection to the control store. It may be used by several goroutines at once, and reconnects for ever.
type Store struct {
	addr string
	nc   *nats.Conn
}

// Dial makes a connection to the store at addr (host:port). It does not wait: while the store is away, calls fail with
// ErrAway. The error is about an address of no use.
func Dial(addr string) (*Store, error) {
	nc, err := nats.Connect("nats://"+addr,
		nats.Timeout(dialWait), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(redialWait),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2),
		// Nothing is held back while the connection is down: a lease renewed later than its owner thinks is a lie.
		nats.ReconnectBufSize(-1),
		// The address is a link's. What the server says of itself would lead around it.
		nats.IgnoreDiscoveredServers(), nats.DontRandomize(),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // a call that it concerns gets it too
	)
	if err != nil {
		return nil, fmt.Errorf("control store at %s: %w", addr, err)
	}
	return &Store{addr: addr, nc: nc}, nil
}

// Close ends the connection. Calls that wait return with an error.
func (s *Store) Close() { s.nc.Close() }

// Up says whether the store is connected at this moment.
func (s *Store) Up() bool { return s.nc.IsConnected() }

// String is the store's name in errors.
func (s *Store) String() string { return "control store at " + s.addr }

// Entry is one key and what it holds.
type Entry struct {
	Key      string
	Value    []byte
	Revision uint64 // 0: the key was never written
}

// Read returns what a key holds; an Entry of revision 0 when it was never written. It asks once, for at most 1 s.
func (s *Store) Read(ctx context.Context, key string) (Entry, error) {
	if err := checkKey(key); err != nil {
		return Entry{}, err
	}
	m, err := s.ask(ctx, &nats.Msg{Subject: durable.get(), Data: fmt.Appendf(nil, `{"last_by_subj":%q}`, durable.subject(key))})
	if err != nil {
		return Entry{}, fmt.Errorf("read %s: %w", key, err)
	}
	switch m.Header.Get("Status") {
	case "":
		e, err := entry(durable, m)
		if err != nil {
			return Entry{}, fmt.Errorf("read %s: %w", key, err)
		}
		return e, nil
	case "404":
		return Entry{Key: key}, nil
	}
	return Entry{}, fmt.Errorf("read %s: %w: status %s %s", key, ErrAway, m.Header.Get("Status"), m.Header.Get("Description"))
}

// CAS writes a key that still has a revision, 0: that was never written, and returns its new one; the value is on the
// disk then. The error wraps ErrMoved when the revision is another, so that nothing was written, and ErrAway when nobody
// can tell. It asks once, for at most 1 s.
func (s *Store) CAS(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if err := errors.Join(checkKey(key), checkValue(value)); err != nil {
		return 0, err
	}
	now, err := s.put(ctx, &nats.Msg{Subject: durable.subject(key), Data: value,
		Header: nats.Header{headerExpected: {strconv.FormatUint(revision, 10)}}})
	if err != nil {
		return 0, fmt.Errorf("write %s over revision %d: %w", key, revision, err)
	}
	return now, nil
}

// ask waits for one answer.
func (s *Store) ask(ctx context.Context, m *nats.Msg) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	answer, err := s.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrAway, s, err)
	}
	return answer, nil
}

// bucket is one of the store's two streams, named and laid out as NATS' own key-value buckets are.
type bucket string

const (
	durable bucket = "control" // keys with a revision, on the disk
	leases  bucket = "leases"  // keys that end by themselves, in memory
)

func (b bucket) stream() string            { return "KV_" + string(b) }
func (b bucket) get() string               { return "$JS.API.DIRECT.GET." + b.stream() }
func (b bucket) subject(key string) string { return "$KV." + string(b) + "." + key }

// entry reads a message that the server answers from its store.
func entry(b bucket, m *nats.Msg) (Entry, error) {
	revision, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	key, ok := strings.CutPrefix(m.Header.Get("Nats-Subject"), b.subject(""))
	if err != nil || !ok || revision == 0 {
		return Entry{}, fmt.Errorf("the store answers with message %q on %q", m.Header.Get("Nats-Sequence"), m.Header.Get("Nats-Subject"))
	}
	return Entry{Key: key, Value: m.Data, Revision: revision}, nil
}

// checkKey holds a key to words joined by dots, of which wildcards are none.
func checkKey(key string) error {
	for word := range strings.SplitSeq(key, ".") {
		if word == "" || strings.ContainsAny(word, " \t\r\n*>") {
			return fmt.Errorf("key %q: want words joined by dots, without spaces, * and >", key)
		}
	}
	return nil
}

func checkValue(value []byte) error {
	if len(value) > MaxValue {
		return fmt.Errorf("a value of %d bytes; at most %d", len(value), MaxValue)
	}
	return nil
}
