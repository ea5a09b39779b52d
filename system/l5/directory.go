package l5

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Store is where instances say that they are there. Calls may fail at any time, for as long as it takes; each returns
// within a second or so, or when its context ends.
type Store interface {
	// Lease writes a key that ends by itself when it is not written again within ttl, whole seconds.
	Lease(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Leases are the values below a prefix, by key: keys and prefixes are words joined by dots. A store that has started
	// anew may have none, or only some, until their owners have written them again.
	Leases(ctx context.Context, prefix string) (map[string][]byte, error)
}

// Lease is what an instance says of itself.
type Lease struct {
	Leaving bool `json:"leaving"` // it is about to end, and wants no more calls
}

// prefix is where a role's leases lie; each has its node's name as last word.
func prefix(role string) string { return "l5." + role }

// Announce keeps the lease of a role's instance until ctx ends, and then says that it is leaving; callers stop sending
// within their Rules.Refresh. While the store is away it tries on: who is listed stays listed meanwhile.
func Announce(ctx context.Context, store Store, rules Rules, role, node string) {
	tick := time.NewTicker(rules.Lease / 3)
	defer tick.Stop()
	put := func(ctx context.Context, l Lease) {
		if value, err := json.Marshal(l); err == nil {
			_ = store.Lease(ctx, prefix(role)+"."+node, value, rules.Lease) // what fails is tried again at the next tick
		}
	}
	for {
		put(ctx, Lease{})
		select {
		case <-tick.C:
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
			defer cancel()
			put(last, Lease{Leaving: true})
			return
		}
	}
}

// lastWord is how long an instance that ends tries to say so.
const lastWord = time.Second

// Directory is a caller's list of the instances of one role. It outlives the store, since the last list stays, and the
// caller, since it is kept on disk.
type Directory struct {
	Role  string
	Rules Rules
	Store Store
	Start []string                      // the instances that the caller was configured with
	File  string                        // where the list is kept; empty: nowhere
	Tell  func(names []string)          // hears every new list; a Peers' List
	Said  func(format string, a ...any) // hears of trouble, once each time it begins; nil: nobody

	heard   atomic.Int64 // Unix ns, of the list that holds; 0: there is none
	trouble string
}

// Run follows the store until ctx ends. Before the store has answered, the list on disk holds, if it is not too old; if
// there is none, nothing is told, and the caller goes by the instances that it was configured with. Either way a store
// that has started anew, and knows only some of them yet, takes nobody off.
func (d *Directory) Run(ctx context.Context) {
	list := roster{lease: d.Rules.Lease}
	list.restore(d.Start)
	var saved time.Time
	if d.File != "" {
		names, at, err := load(d.File, d.Role, time.Now(), d.Rules.FileAge)
		d.say(err)
		if err == nil && len(names) > 0 {
			list.restore(names)
			d.heard.Store(at.UnixNano())
			d.Tell(names)
		}
	}
	tick := time.NewTicker(d.Rules.Refresh)
	defer tick.Stop()
	for {
		held, err := d.Store.Leases(ctx, prefix(d.Role))
		if now := time.Now(); err == nil {
			names, changed := list.take(now, live(held))
			if changed {
				d.Tell(names)
			}
			if len(names) > 0 {
				d.heard.Store(now.UnixNano())
			}
			if d.File != "" && len(names) > 0 && (changed || now.Sub(saved) >= d.Rules.FileAge/saves) {
				err = save(d.File, d.Role, now, names)
				saved = now
			}
		} else {
			list.away()
		}
		if ctx.Err() == nil {
			d.say(err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// saves is how often in its allowed age the file is written though nothing has changed.
const saves = 4

// Age is how old the list is that holds; 0: there is none.
func (d *Directory) Age(now time.Time) time.Duration {
	if at := d.heard.Load(); at != 0 {
		return max(0, time.Duration(now.UnixNano()-at))
	}
	return 0
}

// say passes on trouble when it begins.
func (d *Directory) say(err error) {
	if err == nil {
		d.trouble = ""
		return
	}
	if d.trouble == "" && d.Said != nil {
		d.Said("the list of %s: %v", d.Role, err)
	}
	d.trouble = err.Error()
}

// live reads which nodes are there, and whether they stay. What says nothing that can be read is there all the same.
func live(held map[string][]byte) map[string]Lease {
	nodes := map[string]Lease{}
	for key, value := range held {
		var l Lease
		if json.Unmarshal(value, &l) != nil {
			l = Lease{}
		}
		nodes[key[strings.LastIndexByte(key, '.')+1:]] = l
	}
	return nodes
}

// roster is the list by itself. A store that is away or has forgotten its leases takes nobody off it: an instance is off
// when it says so, or when others were listed without it for as long as a lease holds.
type roster struct {
	lease  time.Duration
	missed map[string]time.Time // who is on the list; since when it is missing, if it is
}

func (r *roster) restore(names []string) {
	r.missed = map[string]time.Time{}
	for _, n := range names {
		r.missed[n] = time.Time{}
	}
}

// take compares the list with what the store has now.
func (r *roster) take(now time.Time, nodes map[string]Lease) (names []string, changed bool) {
	before := r.names()
	next := map[string]time.Time{}
	for name, since := range r.missed {
		if since.IsZero() {
			since = now
		}
		if _, there := nodes[name]; !there && now.Sub(since) < r.lease {
			next[name] = since
		}
	}
	some := false
	for name, l := range nodes {
		if !l.Leaving {
			next[name], some = time.Time{}, true
		}
	}
	if !some { // nobody at all is no list; it is not even time that counts
		r.away()
		return before, false
	}
	r.missed = next
	names = r.names()
	return names, !slices.Equal(names, before)
}

// away forgets since when instances are missing: nobody has looked.
func (r *roster) away() {
	for name := range r.missed {
		r.missed[name] = time.Time{}
	}
}

func (r *roster) names() []string { return slices.Sorted(maps.Keys(r.missed)) }
