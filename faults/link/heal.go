package link

import (
	"context"
	"errors"
	"slices"
	"time"

	"redpacket/faults"
)

// mend takes a fault's toxics, or its hurt of datagrams, away from every link of its victim.
type mend struct {
	on        string
	datagrams bool
	names     []string // of the toxics, or of the hurt
}

// restartWithin bounds the last way: a linkd is killed, started, and asked until it carries.
const restartWithin = 8 * time.Second

// gently removes, and sees that the links carry.
func (m mend) gently(ctx context.Context, on faults.Levers) error {
	return m.every(ctx, on, m.remove)
}

// harder are the ways that end more than the fault. For datagrams there is nothing between the first and the last.
func (m mend) harder() []faults.Way {
	last := faults.Way{Name: "restart the linkd, which ends the connections of all its links and every fault on them", Do: m.restart, Within: restartWithin}
	if m.datagrams {
		return []faults.Way{last}
	}
	return []faults.Way{{Name: "disable and enable the proxies, which ends their connections", Do: m.offAndOn}, last}
}

// every does something to each link. What was done to a link is gone with a carrier that is dead, and it will start without.
func (m mend) every(ctx context.Context, on faults.Levers, do func(context.Context, faults.Link) error) error {
	links, err := carried(on, m.on, m.datagrams)
	if err != nil {
		return err
	}
	return each(links, func(l faults.Link) error {
		err := do(ctx, l)
		if err == nil {
			return nil
		}
		if state, unseen := on.Look(ctx, l.Carrier); unseen == nil && state == faults.Dead {
			return nil
		}
		return err
	})
}

func (m mend) remove(ctx context.Context, l faults.Link) error {
	if m.datagrams {
		_, err := ask(ctx, "DELETE", hurtOf(l, m.names[0]), nil)
		return err
	}
	p := proxyOf(l)
	for _, name := range m.names {
		if err := p.remove(ctx, name); err != nil {
			return err
		}
	}
	if err := p.restore(ctx); err != nil {
		return err
	}
	return p.mended(ctx, m.names)
}

// offAndOn ends the connections first: a removal that waits for one of them ends with it.
func (m mend) offAndOn(ctx context.Context, on faults.Levers) error {
	return m.every(ctx, on, func(ctx context.Context, l faults.Link) error {
		if err := proxyOf(l).enable(ctx, false); err != nil {
			return err
		}
		return m.remove(ctx, l)
	})
}

// restart starts the carriers of the links again and waits until they carry.
func (m mend) restart(ctx context.Context, on faults.Levers) error {
	links, err := carried(on, m.on, m.datagrams)
	if err != nil {
		return err
	}
	if err := each(carriers(links), func(c faults.Link) error {
		return errors.Join(on.Kill(ctx, c.Carrier), on.Start(ctx, c.Carrier))
	}); err != nil {
		return err
	}
	return each(links, func(l faults.Link) error {
		return until(ctx, func() error { return m.remove(ctx, l) })
	})
}

// carriers are one link of each carrier.
func carriers(links []faults.Link) []faults.Link {
	var first []faults.Link
	for _, l := range links {
		if !slices.ContainsFunc(first, func(x faults.Link) bool { return x.Carrier == l.Carrier }) {
			first = append(first, l)
		}
	}
	return first
}
