package link

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"redpacket/faults"
)

// Cut ends all connections of a link and lets none in: whoever connects is refused at once.
type Cut struct{ On string } // a link; or a node, which means every link that leads to it

var _ faults.Fault = Cut{}

// A cut leaves a mark at the proxy that it disabled: a toxic that does nothing. Two cuts may overlap, and only the heal of the
// last one may enable the proxy, in whichever process it happens.
const (
	cutMark = "-cut"
	noop    = "noop"
)

// String is "cut" and what.
func (f Cut) String() string { return "cut " + f.On }

// Victim is the link or the node.
func (f Cut) Victim() string { return f.On }

// Inject cuts the links and sees a caller refused on each.
func (f Cut) Inject(ctx context.Context, on faults.Levers) error {
	if err := f.Check(); err != nil {
		return err
	}
	links, err := carried(on, f.On, false)
	if err != nil {
		return err
	}
	return each(links, func(l faults.Link) error {
		p := proxyOf(l)
		if err := p.add(ctx, toxiproxy.Toxic{Name: f.mark(), Type: noop, Stream: "downstream", Toxicity: 1}); err != nil {
			return err
		}
		err := p.enable(ctx, false)
		if err != nil && ctx.Err() == nil {
			err = p.enable(ctx, false) // which answers when the first is done: to end thousands of connections takes its time
		}
		if err != nil {
			return err
		}
		if e := (probe{asks: 1}).send(ctx, l); !errors.Is(e.end, syscall.ECONNREFUSED) {
			return fmt.Errorf("a caller was not refused: %d answers, %v", e.answers, e.end)
		}
		return nil
	})
}

// Heal lets connections in again, unless another cut is in force.
func (f Cut) Heal(ctx context.Context, on faults.Levers) error { return f.mend().gently(ctx, on) }

// Harder is for a proxy that hangs.
func (f Cut) Harder() []faults.Way { return f.mend().harder() }

// Check wants a link or a node.
func (f Cut) Check() error { return Hit{On: f.On, Share: 1}.check() }

func (f Cut) mend() mend { return mend{on: f.On, names: []string{f.mark()}} }

func (f Cut) mark() string { return name(f) + cutMark }
