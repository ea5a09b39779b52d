// Package link holds the faults of the hops between nodes: slow, thin, cut, silent, reset, and datagrams that are lost,
// late, doubled or overtaken. The nodes at both ends stay as they are.
package link

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"time"

	"redpacket/faults"
	"redpacket/system/pause"
)

// Way says which traffic of a link is hurt. The zero value is both.
type Way int

// The ways.
const (
	Both     Way = iota
	Requests     // what the caller sends
	Replies      // what the caller hears
)

// String is the way in a word.
func (w Way) String() string {
	switch w {
	case Both:
		return "both ways"
	case Requests:
		return "requests"
	case Replies:
		return "replies"
	}
	return fmt.Sprintf("way %d", int(w))
}

// streams are the way in Toxiproxy's words.
func (w Way) streams() []string {
	switch w {
	case Requests:
		return []string{"upstream"}
	case Replies:
		return []string{"downstream"}
	}
	return []string{"upstream", "downstream"}
}

// Hit is what of the system a fault of connections hurts. Toxiproxy draws which connections are hurt, anew for each and
// by no seed of ours; those that are open already draw when the fault begins.
type Hit struct {
	On    string  // a link; or a node, which means every link that leads to it
	Way   Way     // which traffic
	Share float64 // of the connections, above 0 … 1
}

// Victim is the link or the node.
func (h Hit) Victim() string { return h.On }

// String is what is hit.
func (h Hit) String() string {
	if h.Share == 1 {
		return fmt.Sprintf("%s (%s)", h.On, h.Way)
	}
	return fmt.Sprintf("%s (%s, %g of the connections)", h.On, h.Way, h.Share)
}

// check lets a share of 0 pass: it makes sense, and hits nothing, which the injection says.
func (h Hit) check() error {
	if h.On == "" {
		return errors.New("it names no link and no node")
	}
	if h.Way < Both || h.Way > Replies {
		return fmt.Errorf("%s; there are %s, %s and %s", h.Way, Both, Requests, Replies)
	}
	if !(h.Share >= 0 && h.Share <= 1) {
		return fmt.Errorf("a share of %g of the connections; 0 … 1", h.Share)
	}
	return nil
}

// name is what a fault calls its toxics: the same in every process, unlike any other fault's, and fit for a URL.
func name(f faults.Fault) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(f.String()))
	return fmt.Sprintf("fault-%016x", sum.Sum64())
}

// carried are the links of a victim that carry datagrams, or those that do not; anything else is an error.
func carried(on faults.Links, victim string, datagrams bool) ([]faults.Link, error) {
	links, err := on.Links(victim)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if l.Datagrams != datagrams {
			return nil, fmt.Errorf("link %s carries datagrams: %v; this fault hurts links that do: %v", l.Name, l.Datagrams, datagrams)
		}
	}
	if len(links) == 0 {
		return nil, fmt.Errorf("no link leads to %s", victim)
	}
	return links, nil
}

// each does something to every link at once and joins the errors.
func each(links []faults.Link, do func(faults.Link) error) error {
	errs := make([]error, len(links))
	var group sync.WaitGroup
	for i, l := range links {
		group.Go(func() {
			if err := do(l); err != nil {
				errs[i] = fmt.Errorf("link %s: %w", l.Name, err)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// lookEvery is how often a condition is looked at.
const lookEvery = 20 * time.Millisecond

// until looks until it is so or ctx ends; then the error is that of the last look that ctx did not cut short.
func until(ctx context.Context, look func() error) (last error) {
	for {
		err := look()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if !pause.For(ctx, lookEvery) {
			return last
		}
	}
}
