package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"redpacket/faults"
)

// probe is one connection through a link as any caller's: the node at its end is asked something it always answers.
type probe struct {
	asks   int  // sent together; 1 … 10,000
	leaves bool // it then says that it will send no more, and waits for the other side to close
}

// echo is what a probe got.
type echo struct {
	took    time.Duration // to the last answer, or to what ended the wait for it
	closing time.Duration // from the caller's last word to the other side's close, where the probe leaves
	bytes   int
	answers int
	end     error // why answers are missing; nil: none is
}

// Times of probes.
const (
	dialWithin = 3 * time.Second // a carrier that is busy with thousands of connections takes its time to take one more
	calmWithin = 5 * time.Second // for a link that is not hurt, or by something else
)

// send makes the probe; an error in the echo is what a caller would have seen.
func (p probe) send(ctx context.Context, l faults.Link) (e echo) {
	began := time.Now()
	defer func() {
		if e.took == 0 {
			e.took = time.Since(began)
		}
	}()
	dialer := net.Dialer{Timeout: dialWithin}
	conn, err := dialer.DialContext(ctx, "tcp", l.Entrance)
	if err != nil {
		return echo{end: err}
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	go func() { _, _ = conn.Write(bytes.Repeat(l.Ask, p.asks)) }() // answers come meanwhile; a failed write ends the read below
	e = p.hear(conn, l.Answer)
	e.took = time.Since(began)
	if e.end == nil && p.leaves {
		e.closing, e.end = leave(conn)
	}
	return e
}

// hear reads until every answer has come.
func (p probe) hear(conn net.Conn, answer []byte) (e echo) {
	var got []byte
	buf := make([]byte, 32<<10)
	for e.answers < p.asks {
		n, err := conn.Read(buf)
		e.bytes += n
		got = append(got, buf[:n]...)
		found := bytes.Count(got, answer)
		e.answers += found
		if found > 0 {
			got = got[bytes.LastIndex(got, answer)+len(answer):]
		}
		if err != nil && e.answers < p.asks {
			e.end = err
			return e
		}
	}
	return e
}

// leave closes the caller's side and waits for the other's.
func leave(conn net.Conn) (time.Duration, error) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0, fmt.Errorf("a link of %T", conn)
	}
	began := time.Now()
	if err := tcp.CloseWrite(); err != nil {
		return 0, err
	}
	_, err := io.Copy(io.Discard, conn)
	return time.Since(began), err
}

// calmTries is how many probes of an unhurt link there are; the quickest tells most, for what is slower was held up by something else.
const calmTries = 3

// calm is the quickest echo of a link that should carry.
func (p probe) calm(ctx context.Context, l faults.Link) (best echo, err error) {
	ctx, cancel := context.WithTimeout(ctx, calmWithin)
	defer cancel()
	for n := range calmTries {
		e := p.send(ctx, l)
		if e.end != nil {
			return e, fmt.Errorf("nobody answers through it even before it is hurt, so nothing can be seen to change: %w", e.end)
		}
		if n == 0 || e.took+e.closing < best.took+best.closing {
			best = e
		}
	}
	return best, nil
}

// timedOut says that nothing at all came, rather than an end.
func (e echo) timedOut() bool {
	var timeout net.Error
	return e.answers == 0 && errors.As(e.end, &timeout) && timeout.Timeout()
}
