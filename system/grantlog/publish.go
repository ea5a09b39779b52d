package grantlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
)

// The server's own names for what it refuses (nats-server/server/errors.json).
const (
	codeWrongLastSequence = 10071
	codeNoResources       = 10023
	codeTooLarge          = 10054
)

// The headers by which the server keeps a message out. The pair names a subject other than the published one: the
// server compares under the lock under which it stores (processJetStreamMsg), so nothing can come between.
const (
	headerID          = "Nats-Msg-Id"
	headerExpected    = "Nats-Expected-Last-Subject-Sequence"
	headerExpectedFor = "Nats-Expected-Last-Subject-Sequence-Subject"
)

// Publish puts the batch into the log behind a fence: the sequence number of the shard's announcement under which it was
// decided, as Shard, Watch or Announce of this Log returned it. It returns nil when the log has the batch on disk,
// ErrFenced or ErrRefused when it certainly has not, ErrDoubt when it may have. It waits 1 s for one answer, or until
// ctx ends; the next attempt is the caller's, with the same batch.
func (l *Log) Publish(ctx context.Context, fence uint64, b Batch) error {
	idc := (*l.known.Load())[fence]
	if idc == "" {
		return fmt.Errorf("publish %s: %w: fence %d is no announcement that this connection has seen", b.id(), ErrRefused, fence)
	}
	buffer, _ := l.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	defer l.buffers.Put(buffer)
	encoded, err := AppendBatch((*buffer)[:0], b)
	if err != nil {
		return fmt.Errorf("publish: %w: %w", ErrRefused, err)
	}
	*buffer = encoded
	return l.publish(ctx, attempt{b.id(), idc, fence, max(fence, l.seen.Load()), l.name == MirrorStream}, encoded)
}

// attempt is one try to publish a batch.
type attempt struct {
	id    string
	idc   string
	fence uint64
	after uint64 // if the batch gets in, it gets in behind this sequence number
	held  bool   // the batch is in doubt until Settled, also when the log says that it is in: another log may not have it
}

// publish makes one attempt and keeps account of what it leaves in doubt.
func (l *Log) publish(ctx context.Context, a attempt, encoded []byte) error {
	m := nats.Msg{Subject: "grants." + a.idc, Data: encoded, Header: nats.Header{
		headerID:          []string{a.id},
		headerExpected:    []string{strconv.FormatUint(a.fence, 10)},
		headerExpectedFor: []string{"shard." + a.idc},
	}}
	_, err := l.send(ctx, &m)
	switch {
	case err == nil && !a.held:
		l.doubts.forget(a.id)
		return nil
	case err == nil:
		l.doubts.remember(a.id, a.after)
		return nil
	case errors.Is(err, ErrDoubt):
		l.doubts.remember(a.id, a.after)
	default:
		if err = l.certain(ctx, a, err); err == nil {
			return nil
		}
	}
	return fmt.Errorf("publish %s to the %s: %w", a.id, l, err)
}

// certain weighs a refusal against earlier attempts. The server compares the fence before it looks for a duplicate: a
// batch whose first attempt got in unheard is refused all the same when its second comes behind a newer announcement.
// But then no copy under way can get in any more, so what the log holds now is the answer.
func (l *Log) certain(ctx context.Context, a attempt, refusal error) error {
	after, doubted := l.doubts.of(a.id, a.fence)
	if !doubted {
		return refusal
	}
	if !errors.Is(refusal, ErrFenced) {
		return fmt.Errorf("%w, from an earlier attempt; this one: %v", ErrDoubt, refusal)
	}
	in, err := l.holds(ctx, a.id, after)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDoubt, err)
	}
	if !in || !a.held {
		l.doubts.forget(a.id)
	}
	if in {
		return nil
	}
	return refusal
}

// send publishes one message and returns its sequence number. The errors are ErrFenced, ErrRefused and ErrDoubt, for
// this one attempt.
func (l *Log) send(ctx context.Context, m *nats.Msg) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, publishWait)
	defer cancel()
	answer, err := l.nc.RequestMsgWithContext(ctx, m)
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, nats.ErrReconnectBufExceeded),
		errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrMaxPayload):
		return 0, fmt.Errorf("%w: %w", ErrRefused, err) // never sent, or nobody there to keep it
	case err != nil:
		return 0, fmt.Errorf("%w: no answer: %w", ErrDoubt, err)
	}
	return l.acked(answer.Data)
}

// acked reads the server's answer. What it does not understand is doubt: only a code that is known to come before the
// store is a refusal.
func (l *Log) acked(data []byte) (uint64, error) {
	var ack struct {
		Seq   uint64 `json:"seq"`
		Error *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(data, &ack); err != nil {
		return 0, fmt.Errorf("%w: its answer %.60q: %w", ErrDoubt, data, err)
	}
	switch e := ack.Error; {
	case e == nil && ack.Seq == 0:
		return 0, fmt.Errorf("%w: its answer %.60q names no place", ErrDoubt, data)
	case e == nil:
		l.saw(ack.Seq)
		return ack.Seq, nil
	case e.Code == codeWrongLastSequence:
		return 0, fmt.Errorf("%w: %s", ErrFenced, e.Description)
	case e.Code == codeNoResources || e.Code == codeTooLarge:
		return 0, fmt.Errorf("%w: %s", ErrRefused, e.Description)
	default: // a failed store may still be found after a restart
		return 0, fmt.Errorf("%w: error %d: %s", ErrDoubt, e.Code, e.Description)
	}
}

// At is the log behind one fence, as a Place for Durable.
func (l *Log) At(fence uint64) Place { return fenced{l, fence} }

// fenced is a log that takes batches of one epoch.
type fenced struct {
	log   *Log
	fence uint64
}

// String is the log's name.
func (f fenced) String() string { return f.log.String() }

// Doubts tells whether an earlier attempt of the batch may have got in.
func (f fenced) Doubts(b Batch) bool {
	_, doubted := f.log.doubts.of(b.id(), f.fence)
	return doubted
}

// Settled says that the batch is where it must be, so that nobody asks for it again.
func (f fenced) Settled(b Batch) { f.log.doubts.forget(b.id()) }

// Append publishes the batch behind the fence; see Publish.
func (f fenced) Append(ctx context.Context, b Batch) error { return f.log.Publish(ctx, f.fence, b) }
