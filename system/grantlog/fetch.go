package grantlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"redpacket/system/pause"
)

// One request's share of the log. The server holds writers up while it answers, so a request stays small.
const (
	fetchMost  = 128
	fetchBytes = 256 << 10
)

// directGet is where the server answers reads from its store, without a consumer.
func (l *Log) directGet() string { return "$JS.API.DIRECT.GET." + l.name }

// errAgain says that the log did not answer, or not wholly; nothing is lost by asking again.
var errAgain = errors.New("no whole answer")

// stored is one message of the log.
type stored struct {
	pos     uint64
	subject string
	msg     *nats.Msg
}

// grants tells whether the message is a batch, not an announcement.
func (s stored) grants() bool { return strings.HasPrefix(s.subject, "grants.") }

// batch decodes the message; the error names its place, so that it can be looked at.
func (s stored) batch() (Logged, error) {
	b, err := DecodeBatch(s.msg.Data)
	if err != nil {
		return Logged{}, fmt.Errorf("message %d of the log: %w", s.pos, err)
	}
	return Logged{Batch: b, Pos: s.pos, At: s.at()}, nil
}

// at is when the log took the message, by its own clock.
func (s stored) at() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s.msg.Header.Get("Nats-Time-Stamp"))
	return t
}

// reader asks for runs of messages. It keeps no state in the server: what is lost is asked for again. For one goroutine.
type reader struct {
	log    *Log
	sub    *nats.Subscription
	prefix string
	asked  uint64 // requests so far; each has its own reply subject, so that a late answer is not taken for this one's
}

// reader opens one inbox for all the requests of one reading.
func (l *Log) reader() (*reader, error) {
	prefix := nats.NewInbox()
	sub, err := l.nc.SubscribeSync(prefix + ".*")
	if err != nil {
		return nil, fmt.Errorf("read the %s: %w", l, err)
	}
	return &reader{log: l, sub: sub, prefix: prefix}, nil
}

// close gives the inbox back. What is still on its way to it is dropped.
func (r *reader) close() { _ = r.sub.Unsubscribe() }

// fetch returns the messages from a sequence number on, without a gap: 1 to fetchMost of them, or none when the log
// ends before from. The error is errAgain or ctx's.
func (r *reader) fetch(ctx context.Context, from uint64) ([]stored, error) {
	r.asked++
	inbox := r.prefix + "." + strconv.FormatUint(r.asked, 10)
	ask := fmt.Appendf(nil, `{"seq":%d,"batch":%d,"max_bytes":%d}`, from, fetchMost, fetchBytes)
	if err := r.log.nc.PublishRequest(r.log.directGet(), inbox, ask); err != nil {
		return nil, again(err)
	}
	var run []stored
	for {
		m, err := r.hear(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil && len(run) > 0:
			return run, nil // a slow link: what has come is kept, or nothing would ever get through
		case err != nil:
			return nil, again(err)
		case m.Subject != inbox:
			continue
		}
		more, err := r.take(&run, m, from)
		if !more || err != nil {
			return run, err
		}
	}
}

// hear waits for the next answer to any request.
func (r *reader) hear(ctx context.Context) (*nats.Msg, error) {
	wait, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	return r.sub.NextMsgWithContext(wait)
}

// again is errAgain, but for a connection that its owner closed.
func again(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrBadSubscription) {
		return err
	}
	return fmt.Errorf("%w: %w", errAgain, err)
}

// take adds one answer to the run; more is false behind the last one.
func (r *reader) take(run *[]stored, m *nats.Msg, from uint64) (more bool, err error) {
	switch status := m.Header.Get("Status"); status {
	case "":
	case "204", "404": // the end of the run; no such message
		return false, nil
	default:
		return false, fmt.Errorf("%w: status %s %s", errAgain, status, m.Header.Get("Description"))
	}
	pos, err := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
	if want := from + uint64(len(*run)); err != nil || pos != want {
		*run = nil
		return false, fmt.Errorf("%w: got message %d, want %d", errAgain, pos, want)
	}
	*run = append(*run, stored{pos, m.Header.Get("Nats-Subject"), m})
	return true, nil
}

// last returns the last message whose subject matches, or false when there is none. It asks until the log answers or
// ctx ends.
func (l *Log) last(ctx context.Context, subject string) (stored, bool, error) {
	ask := fmt.Appendf(nil, `{"last_by_subj":%q}`, subject)
	for {
		m, err := l.askOnce(ctx, ask)
		if err == nil {
			pos, bad := strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
			switch status := m.Header.Get("Status"); {
			case status == "404":
				return stored{}, false, nil
			case status == "" && bad == nil:
				l.saw(pos)
				return stored{pos, m.Header.Get("Nats-Subject"), m}, true, nil
			default:
				err = fmt.Errorf("status %s %s", status, m.Header.Get("Description"))
			}
		}
		if errors.Is(err, nats.ErrConnectionClosed) || !pause.For(ctx, redialWait) {
			return stored{}, false, fmt.Errorf("last message on %s of the %s: %w", subject, l, errors.Join(ctx.Err(), err))
		}
	}
}

// askOnce waits a moment for one answer, so that a request lost with its connection is made again soon.
func (l *Log) askOnce(ctx context.Context, ask []byte) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	return l.nc.RequestWithContext(ctx, l.directGet(), ask)
}
