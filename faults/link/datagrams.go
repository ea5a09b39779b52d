package link

import (
	"context"
	"fmt"
	"time"

	"redpacket/faults"
	"redpacket/system/relay"
)

// Stray is what of the datagrams a fault hurts. The same seed hurts the same ones of a link: its n-th since the fault began.
type Stray struct {
	On    string  // a link; or a node, which means every link that leads to it
	Way   Way     // which traffic
	Share float64 // of the datagrams, above 0 … 1
	Seed  uint64
}

// Victim is the link or the node.
func (s Stray) Victim() string { return s.On }

// String is what is hit.
func (s Stray) String() string {
	return fmt.Sprintf("%g of the datagrams to %s (%s, seed %d)", s.Share, s.On, s.Way, s.Seed)
}

// Lossy loses a share of the datagrams; with a share of 1 and both ways the link is a black hole.
type Lossy struct{ Stray }

// Duplicated has a share of the datagrams arrive twice.
type Duplicated struct{ Stray }

// Delayed holds a share of the datagrams back; with Jitter they overtake each other.
type Delayed struct {
	Stray
	By     time.Duration // above 0 … 10 s
	Jitter time.Duration // 0 … By
}

// Reordered holds a share of the datagrams back until others have passed them.
type Reordered struct {
	Stray
	By time.Duration // above 0 … 10 s; longer than the time between two datagrams, or none is passed
}

// OneWay loses all datagrams of one way and none of the other.
type OneWay struct {
	On   string
	Lost Way // Requests or Replies
}

var _, _, _, _, _ faults.Fault = Lossy{}, Duplicated{}, Delayed{}, Reordered{}, OneWay{}

func (s Stray) relayed(of faults.Fault) relayed {
	return relayed{of: of, on: s.On, way: s.Way, hurt: relay.Hurt{Seed: s.Seed}}
}

// String is what is lost.
func (f Lossy) String() string { return fmt.Sprintf("lose %s", f.Stray) }

// Inject waits for the first datagram that is lost.
func (f Lossy) Inject(ctx context.Context, on faults.Levers) error {
	return f.relayed().inject(ctx, on)
}

// Heal has every datagram arrive.
func (f Lossy) Heal(ctx context.Context, on faults.Levers) error {
	return f.relayed().mend().gently(ctx, on)
}

// Harder is to restart the carrier.
func (f Lossy) Harder() []faults.Way { return f.relayed().mend().harder() }

// Check wants a link or a node, and figures that the relay can play.
func (f Lossy) Check() error { return f.relayed().check() }

func (f Lossy) relayed() relayed {
	r := f.Stray.relayed(f)
	r.hurt.Loss, r.did = f.Share, func(f relay.Force) int64 { return f.Lost }
	return r
}

// String is what comes twice.
func (f Duplicated) String() string { return fmt.Sprintf("double %s", f.Stray) }

// Inject waits for the first datagram that is doubled.
func (f Duplicated) Inject(ctx context.Context, on faults.Levers) error {
	return f.relayed().inject(ctx, on)
}

// Heal has every datagram arrive once.
func (f Duplicated) Heal(ctx context.Context, on faults.Levers) error {
	return f.relayed().mend().gently(ctx, on)
}

// Harder is to restart the carrier.
func (f Duplicated) Harder() []faults.Way { return f.relayed().mend().harder() }

// Check wants a link or a node, and figures that the relay can play.
func (f Duplicated) Check() error { return f.relayed().check() }

func (f Duplicated) relayed() relayed {
	r := f.Stray.relayed(f)
	r.hurt.Duplicate, r.did = f.Share, func(f relay.Force) int64 { return f.Doubled }
	return r
}

// String is what is late, and by how much.
func (f Delayed) String() string {
	return fmt.Sprintf("hold back %s by %s ± %s", f.Stray, f.By, f.Jitter)
}

// Inject waits for the first datagram that is held back.
func (f Delayed) Inject(ctx context.Context, on faults.Levers) error {
	return f.relayed().inject(ctx, on)
}

// Heal has every datagram arrive at once, those that are held, too.
func (f Delayed) Heal(ctx context.Context, on faults.Levers) error {
	return f.relayed().mend().gently(ctx, on)
}

// Harder is to restart the carrier.
func (f Delayed) Harder() []faults.Way { return f.relayed().mend().harder() }

// Check wants a link or a node, and figures that the relay can play.
func (f Delayed) Check() error { return f.relayed().check() }

func (f Delayed) relayed() relayed {
	r := f.Stray.relayed(f)
	r.hurt.Late, r.hurt.Delay, r.hurt.Jitter = f.Share, f.By, f.Jitter
	r.did = func(f relay.Force) int64 { return f.Late }
	return r
}

// String is what is passed by others.
func (f Reordered) String() string {
	return fmt.Sprintf("have others overtake %s within %s", f.Stray, f.By)
}

// Inject waits for the first datagram that leaves after one that came later.
func (f Reordered) Inject(ctx context.Context, on faults.Levers) error {
	return f.relayed().inject(ctx, on)
}

// Heal has datagrams arrive in their order.
func (f Reordered) Heal(ctx context.Context, on faults.Levers) error {
	return f.relayed().mend().gently(ctx, on)
}

// Harder is to restart the carrier.
func (f Reordered) Harder() []faults.Way { return f.relayed().mend().harder() }

// Check wants a link or a node, and figures that the relay can play.
func (f Reordered) Check() error { return f.relayed().check() }

func (f Reordered) relayed() relayed {
	r := f.Stray.relayed(f)
	r.hurt.Late, r.hurt.Delay, r.did = f.Share, f.By, func(f relay.Force) int64 { return f.Overtaken }
	return r
}

// String is which way is lost.
func (f OneWay) String() string { return fmt.Sprintf("lose the %s of datagrams to %s", f.Lost, f.On) }

// Victim is the link or the node.
func (f OneWay) Victim() string { return f.On }

// Inject waits for the first datagram that is lost.
func (f OneWay) Inject(ctx context.Context, on faults.Levers) error {
	if err := f.Check(); err != nil {
		return err
	}
	return f.relayed().inject(ctx, on)
}

// Heal has both ways arrive.
func (f OneWay) Heal(ctx context.Context, on faults.Levers) error {
	return f.relayed().mend().gently(ctx, on)
}

// Harder is to restart the carrier.
func (f OneWay) Harder() []faults.Way { return f.relayed().mend().harder() }

// Check wants a link or a node, and one way.
func (f OneWay) Check() error {
	if f.Lost == Both {
		return fmt.Errorf("%s: that is no way through at all; use Lossy for it", f)
	}
	return f.relayed().check()
}

func (f OneWay) relayed() relayed {
	return relayed{of: f, on: f.On, way: f.Lost, hurt: relay.Hurt{Loss: 1}, did: func(f relay.Force) int64 { return f.Lost }}
}
