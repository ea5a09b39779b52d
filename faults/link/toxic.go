package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"redpacket/faults"
)

// toxic is a fault of connections as Toxiproxy plays it.
type toxic struct {
	of    faults.Fault
	hit   Hit
	wrong error // with the arguments
	kind  string
	attrs toxiproxy.Attributes

	probe func(faults.Link) probe                    // shows the hurt
	bites func(l faults.Link, calm, hurt echo) error // nil: the hurt shows
	waits func(calm echo) (wait time.Duration)       // how long a probe of a hurt link is waited for; nil: callWithin
}

// meter counts the traffic of the moment, under linkd's own type of toxic.
const (
	meterKind   = "meter"
	meterEnds   = "-meter"
	trafficWait = 2 * time.Second
	fewTries    = 4  // connections made to see the hurt, where every one is: a machine that is busy may hide it from one
	mostTries   = 64 // and to find one that is hurt, where only a share is
)

// toxics are the fault's toxics, one for each stream that is hurt.
func (t toxic) toxics() (all []toxiproxy.Toxic) {
	for _, stream := range t.hit.Way.streams() {
		all = append(all, toxiproxy.Toxic{Name: name(t.of) + "-" + stream, Type: t.kind, Stream: stream,
			Toxicity: float32(t.hit.Share), Attributes: t.attrs})
	}
	return all
}

// names are those of all toxics that a heal must find gone.
func (t toxic) names() (all []string) {
	for _, x := range t.toxics() {
		all = append(all, x.Name)
	}
	return append(all, name(t.of)+meterEnds)
}

func (t toxic) check() error {
	if err := errors.Join(t.hit.check(), t.wrong); err != nil {
		return fmt.Errorf("%s: %w", t.of, err)
	}
	return nil
}

// inject hurts every link of the victim and sees on each that a new connection is hurt. One of them must have traffic,
// or nobody would be.
func (t toxic) inject(ctx context.Context, on faults.Levers) error {
	if err := t.check(); err != nil {
		return err
	}
	if t.hit.Share == 0 {
		return fmt.Errorf("%s: a share of 0 of the connections hits nothing", t.of)
	}
	links, err := carried(on, t.hit.On, false)
	if err != nil {
		return err
	}
	if err := t.busy(ctx, links); err != nil {
		return err
	}
	return each(links, func(l faults.Link) error { return t.hurt(ctx, l) })
}

func (t toxic) hurt(ctx context.Context, l faults.Link) error {
	p, probe := proxyOf(l), t.probe(l)
	calm, err := probe.calm(ctx, l)
	if err != nil {
		return err
	}
	for _, x := range t.toxics() {
		if err := p.add(ctx, x); err != nil {
			return err
		}
	}
	return t.prove(ctx, l, probe, calm)
}

// prove makes connections until one is seen to be hurt.
func (t toxic) prove(ctx context.Context, l faults.Link, p probe, calm echo) (err error) {
	wait := callWithin
	if t.waits != nil {
		wait = t.waits(calm)
	}
	tries := mostTries
	if t.hit.Share == 1 {
		tries = fewTries
	}
	for range tries {
		once, cancel := context.WithTimeout(ctx, wait)
		hurt := p.send(once, l)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err = t.bites(l, calm, hurt); err == nil {
			return nil
		}
	}
	return fmt.Errorf("none of %d connections was hurt: %w", tries, err)
}

// busy sees that something else than a probe passes through one of the links at least.
func (t toxic) busy(ctx context.Context, links []faults.Link) error {
	ctx, cancel := context.WithTimeout(ctx, trafficWait+callWithin)
	defer cancel()
	found := make(chan struct{}, len(links))
	watching, seen := context.WithTimeout(ctx, trafficWait)
	defer seen()
	err := each(links, func(l faults.Link) error {
		moved, err := t.meter(ctx, watching, l)
		if moved {
			found <- struct{}{}
			seen() // one is enough; the others' meters go
		}
		return err
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("nothing passed within %s, so %q would hurt nobody", trafficWait, t.of)
	}
	return err
}

// meter counts a link's traffic until some has passed or watching ends, and takes the meter away again.
func (t toxic) meter(ctx, watching context.Context, l faults.Link) (moved bool, err error) {
	p := proxyOf(l)
	m := toxiproxy.Toxic{Name: name(t.of) + meterEnds, Type: meterKind, Stream: t.hit.Way.streams()[0], Toxicity: 1}
	if err := p.add(ctx, m); err != nil {
		return false, err
	}
	err = until(watching, func() error {
		now, err := p.now(ctx)
		if err != nil {
			return err
		}
		return counted(now.ActiveToxics, m.Name)
	})
	return err == nil, p.remove(ctx, m.Name)
}

// counted is nil when a meter has counted bytes.
func counted(toxics toxiproxy.Toxics, meter string) error {
	for _, t := range toxics {
		if n, ok := t.Attributes["bytes"].(float64); ok && t.Name == meter && n > 0 {
			return nil
		}
	}
	return errors.New("nothing passed")
}

func (t toxic) mend() mend { return mend{on: t.hit.On, names: t.names()} }
