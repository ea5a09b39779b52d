package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"redpacket/faults"
)

// Latency has everything arrive later; order and contents stay. On both ways a round trip takes Delay twice.
type Latency struct {
	Hit
	Delay  time.Duration // whole milliseconds, above Jitter
	Jitter time.Duration // whole milliseconds, 0 or more: each chunk takes Delay ± up to so much
}

// Bandwidth lets so many bytes a second through on each connection and each way.
type Bandwidth struct {
	Hit
	Rate int // bytes/s, whole thousands, 1,000 … 10,000,000
}

// Sliced has what was sent together arrive in pieces.
type Sliced struct {
	Hit
	Size  int           // bytes a piece, about; 1 or more
	Every time.Duration // between two pieces: whole microseconds, 100 µs or more
}

// SlowClose has the end of a connection arrive late.
type SlowClose struct {
	Hit
	By time.Duration // whole milliseconds, 1 ms … 2 s
}

var _, _, _, _ faults.Fault = Latency{}, Bandwidth{}, Sliced{}, SlowClose{}

// String is what is slow, and by how much.
func (f Latency) String() string {
	return fmt.Sprintf("slow %s by %s ± %s", f.Hit, f.Delay, f.Jitter)
}

// Inject slows the links and sees a round trip take longer by as much as it must.
func (f Latency) Inject(ctx context.Context, on faults.Levers) error {
	return f.toxic().inject(ctx, on)
}

// Heal takes the delay away.
func (f Latency) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f Latency) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f Latency) Check() error { return f.toxic().check() }

func (f Latency) toxic() toxic {
	t := toxic{of: f, hit: f.Hit, kind: "latency", probe: asking(1),
		attrs: toxiproxy.Attributes{"latency": f.Delay.Milliseconds(), "jitter": f.Jitter.Milliseconds()}}
	if f.Jitter < 0 || f.Delay <= f.Jitter || !whole(time.Millisecond, f.Delay, f.Jitter) {
		t.wrong = errors.New("the delay and its jitter are whole milliseconds, and the delay is above the jitter")
	}
	least := f.Delay - f.Jitter
	if f.Way == Both {
		least *= 2
	}
	t.bites = slower(func(faults.Link) time.Duration { return least })
	t.waits = func(calm echo) time.Duration { return callWithin + calm.took + 2*(f.Delay+f.Jitter) }
	return t
}

// String is what is thin, and how much passes.
func (f Bandwidth) String() string { return fmt.Sprintf("thin %s to %d bytes/s", f.Hit, f.Rate) }

// Inject thins the links and sees that a tenth of a second's bytes, or 32 kB if that is less, take their time.
func (f Bandwidth) Inject(ctx context.Context, on faults.Levers) error {
	return f.toxic().inject(ctx, on)
}

// Heal lets everything through.
func (f Bandwidth) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f Bandwidth) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f Bandwidth) Check() error { return f.toxic().check() }

func (f Bandwidth) toxic() toxic {
	const most = 32 << 10 // what a probe sends
	t := toxic{of: f, hit: f.Hit, kind: "bandwidth", attrs: toxiproxy.Attributes{"rate": f.Rate / 1000}}
	if f.Rate < 1000 || f.Rate > 10_000_000 || f.Rate%1000 != 0 {
		t.wrong = errors.New("the rate is 1,000 … 10,000,000 bytes/s in whole thousands")
	}
	asks := func(l faults.Link) int { return 1 + min(most, f.Rate/10)/max(1, f.shorter(l)) }
	t.probe = func(l faults.Link) probe { return probe{asks: asks(l)} }
	t.bites = slower(func(l faults.Link) time.Duration {
		bytes := asks(l) * f.shorter(l)
		return time.Duration(bytes) * time.Second / time.Duration(f.Rate)
	})
	return t
}

// shorter is how many bytes a probe's question or answer has at least on a way that is hurt.
func (f Bandwidth) shorter(l faults.Link) int {
	switch f.Way {
	case Requests:
		return len(l.Ask)
	case Replies:
		return len(l.Answer)
	}
	return min(len(l.Ask), len(l.Answer))
}

// String is what is sliced, and how.
func (f Sliced) String() string {
	return fmt.Sprintf("slice %s into %d bytes every %s", f.Hit, f.Size, f.Every)
}

// Inject slices what passes and sees eight pieces take their time.
func (f Sliced) Inject(ctx context.Context, on faults.Levers) error { return f.toxic().inject(ctx, on) }

// Heal lets what was sent together arrive together.
func (f Sliced) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f Sliced) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f Sliced) Check() error { return f.toxic().check() }

func (f Sliced) toxic() toxic {
	const pieces = 8
	t := toxic{of: f, hit: f.Hit, kind: "slicer",
		attrs: toxiproxy.Attributes{"average_size": f.Size, "size_variation": 0, "delay": f.Every.Microseconds()}}
	if f.Size < 1 || f.Every < 100*time.Microsecond || !whole(time.Microsecond, f.Every) {
		t.wrong = errors.New("a piece is 1 byte or more, and comes whole microseconds later, 100 at least") // 0 bytes would end the proxy
	}
	t.probe = func(l faults.Link) probe {
		return probe{asks: 1 + pieces*f.Size/max(1, min(len(l.Ask), len(l.Answer)))}
	}
	t.bites = slower(func(faults.Link) time.Duration { return (pieces - 1) * f.Every })
	return t
}

// String is whose end comes late, and by how much.
func (f SlowClose) String() string { return fmt.Sprintf("close %s late by %s", f.Hit, f.By) }

// Inject delays the ends of connections and sees one come late.
func (f SlowClose) Inject(ctx context.Context, on faults.Levers) error {
	return f.toxic().inject(ctx, on)
}

// Heal has ends arrive at once.
func (f SlowClose) Heal(ctx context.Context, on faults.Levers) error {
	return f.toxic().mend().gently(ctx, on)
}

// Harder are the ways that end connections.
func (f SlowClose) Harder() []faults.Way { return f.toxic().mend().harder() }

// Check wants a link or a node, a share, and figures that Toxiproxy can play.
func (f SlowClose) Check() error { return f.toxic().check() }

func (f SlowClose) toxic() toxic {
	t := toxic{of: f, hit: f.Hit, kind: "slow_close", attrs: toxiproxy.Attributes{"delay": f.By.Milliseconds()}}
	if f.By < time.Millisecond || f.By > 2*time.Second || !whole(time.Millisecond, f.By) {
		t.wrong = errors.New("an end comes late by whole milliseconds, 1 … 2000")
	}
	t.probe = func(faults.Link) probe { return probe{asks: 1, leaves: true} }
	t.bites = func(_ faults.Link, calm, hurt echo) error {
		if hurt.closing < f.By || hurt.closing <= calm.closing {
			return fmt.Errorf("a connection closed after %s, and after %s before", hurt.closing, calm.closing)
		}
		return nil
	}
	t.waits = func(echo) time.Duration { return callWithin + 2*f.By }
	return t
}

// asking is a probe of so many questions.
func asking(n int) func(faults.Link) probe {
	return func(faults.Link) probe { return probe{asks: n} }
}

// slower is seen in a round trip that takes so long, and longer than before.
func slower(least func(faults.Link) time.Duration) func(faults.Link, echo, echo) error {
	return func(l faults.Link, calm, hurt echo) error {
		switch must := least(l); {
		case hurt.end != nil:
			return fmt.Errorf("the probe ended: %w", hurt.end)
		case hurt.took < must || hurt.took <= calm.took:
			return fmt.Errorf("no effect: a round trip took %s, and %s before; %s at least was meant", hurt.took, calm.took, must)
		}
		return nil
	}
}

// whole says that times are multiples of a unit.
func whole(unit time.Duration, times ...time.Duration) bool {
	for _, t := range times {
		if t%unit != 0 {
			return false
		}
	}
	return true
}
