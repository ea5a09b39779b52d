package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"redpacket/faults"
)

// Silent swallows everything: connections stand, and nothing arrives. What was swallowed is gone, so healing ends the
// connections that were open; whoever used them connects anew.
type Silent struct{ Hit }

// Reset ends a connection as soon as something is sent on it: with a reset those made since, with a plain end those from before.
type Reset struct {
	Hit
	After time.Duration // since something was sent: whole milliseconds, 0 … 2 s
}

// Limited lets so many bytes of each connection through and then ends it. With few or none of the replies, a request is
// done and its caller never learns of it.
type Limited struct {
	Hit
	Bytes int // on each way that is hurt; 0 … 1,000,000
}

var _, _, _ faults.Fault = Silent{}, Reset{}, Limited{}

// String is what is silent.
func (f Silent) String() string { return fmt.Sprintf("silence %s", f.Hit) }

// Inject silences the links and sees a question stay without an answer.
func (f Silent) Inject(ctx context.Context, on faults.Levers) error { return f.toxic().inject(ctx, on) }

// Heal ends the connections that were silent and lets new ones speak.
func (f Silent) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f Silent) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f Silent) Check() error { return f.toxic().check() }

func (f Silent) toxic() toxic {
	return toxic{of: f, hit: f.Hit, kind: "timeout", attrs: toxiproxy.Attributes{"timeout": 0}, probe: asking(1),
		bites: func(_ faults.Link, _, hurt echo) error {
			if !hurt.timedOut() {
				return fmt.Errorf("a question was not met with silence: %d answers after %s, %v", hurt.answers, hurt.took, hurt.end)
			}
			return nil
		},
		waits: func(calm echo) time.Duration { return min(callWithin, max(250*time.Millisecond, 10*calm.took)) }}
}

// String is what is reset.
func (f Reset) String() string { return fmt.Sprintf("reset %s after %s", f.Hit, f.After) }

// Inject sees a question end its connection.
func (f Reset) Inject(ctx context.Context, on faults.Levers) error { return f.toxic().inject(ctx, on) }

// Heal lets connections stand.
func (f Reset) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f Reset) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f Reset) Check() error { return f.toxic().check() }

func (f Reset) toxic() toxic {
	t := toxic{of: f, hit: f.Hit, kind: "reset_peer", attrs: toxiproxy.Attributes{"timeout": f.After.Milliseconds()}, probe: asking(1)}
	if f.After < 0 || f.After > 2*time.Second || !whole(time.Millisecond, f.After) {
		t.wrong = errors.New("a connection ends whole milliseconds after something was sent, 0 … 2000")
	}
	t.bites = func(_ faults.Link, _, hurt echo) error {
		if hurt.answers > 0 || !ended(hurt.end) {
			return fmt.Errorf("a connection was not reset: %d answers, %v", hurt.answers, hurt.end)
		}
		return nil
	}
	t.waits = func(echo) time.Duration { return callWithin + 2*f.After }
	return t
}

// String is what is limited, and to how much.
func (f Limited) String() string { return fmt.Sprintf("limit %s to %d bytes", f.Hit, f.Bytes) }

// Inject sees more than so many bytes end their connection.
func (f Limited) Inject(ctx context.Context, on faults.Levers) error {
	return f.toxic().inject(ctx, on)
}

// Heal lets any number of bytes through.
func (f Limited) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f Limited) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f Limited) Check() error { return f.toxic().check() }

func (f Limited) toxic() toxic {
	const most = 1_000_000
	t := toxic{of: f, hit: f.Hit, kind: "limit_data", attrs: toxiproxy.Attributes{"bytes": f.Bytes}}
	if f.Bytes < 0 || f.Bytes > most {
		t.wrong = fmt.Errorf("so many bytes pass: 0 … %d", most)
	}
	t.probe = func(l faults.Link) probe { return probe{asks: 1 + f.Bytes/max(1, min(len(l.Ask), len(l.Answer)))} }
	t.bites = func(l faults.Link, _, hurt echo) error {
		if !ended(hurt.end) || f.Way != Requests && hurt.bytes > f.Bytes {
			return fmt.Errorf("a connection was not limited: %d bytes came, %v", hurt.bytes, hurt.end)
		}
		return nil
	}
	return t
}

// ended says that the other side, or a proxy for it, ended the connection.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET)
}
