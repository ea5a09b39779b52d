package faultstest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"redpacket/system/ail"
	"redpacket/system/spoil"
)

// Hurts are the levers of what nodes live on, of their networks and of their processes' health, made of memory. The zero
// value has no hurts, and takes all of them.
type Hurts struct {
	// Allow, unless nil, says what a lever does that is pulled on a node, to hurt or to heal it: nothing, or fail.
	Allow func(node string, heals bool) (skip bool, err error)

	mu     sync.Mutex
	cores  map[string]float64
	memory map[string]uint64
	spoils map[string]spoil.Spoil
	ails   map[string]map[string]ail.Symptoms
}

// used is what every node uses of memory, in bytes.
const used = 32 << 20

func (h *Hurts) pull(node string, heals bool, lever func()) error {
	if h.Allow != nil {
		if skip, err := h.Allow(node, heals); err != nil || skip {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	lever()
	return nil
}

// put sets a value under a key; the zero value is no value.
func put[K, V comparable](m *map[K]V, key K, value V) {
	var none V
	if *m == nil {
		*m = map[K]V{}
	}
	if (*m)[key] = value; value == none {
		delete(*m, key)
	}
}

// Squeeze notes the bound.
func (h *Hurts) Squeeze(_ context.Context, node string, cores float64) error {
	return h.pull(node, cores == 0, func() { put(&h.cores, node, cores) })
}

// Squeezed tells it.
func (h *Hurts) Squeezed(_ context.Context, node string) (float64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cores[node], nil
}

// Limit notes the bound.
func (h *Hurts) Limit(_ context.Context, node string, bytes uint64) error {
	return h.pull(node, bytes == 0, func() { put(&h.memory, node, bytes) })
}

// Limited tells it.
func (h *Hurts) Limited(_ context.Context, node string) (uint64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.memory[node], nil
}

// Weigh is the same for all nodes.
func (*Hurts) Weigh(context.Context, string) (uint64, error) { return used, nil }

// Spoil notes what is spoilt.
func (h *Hurts) Spoil(ctx context.Context, s spoil.Spoil) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return h.pull(s.Node, false, func() {
		if h.spoils == nil {
			h.spoils = map[string]spoil.Spoil{}
		}
		h.spoils[s.Name()] = s
	})
}

// Restore forgets it.
func (h *Hurts) Restore(_ context.Context, s spoil.Spoil) error {
	return h.pull(s.Node, true, func() { delete(h.spoils, s.Name()) })
}

// Spoils are what is spoilt.
func (h *Hurts) Spoils(context.Context) ([]spoil.Spoil, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Values(h.spoils)), nil
}

// Ail notes an illness.
func (h *Hurts) Ail(_ context.Context, node, name string, o ail.Order) error {
	return h.pull(node, false, func() {
		if h.ails == nil {
			h.ails = map[string]map[string]ail.Symptoms{}
		}
		if h.ails[node] == nil {
			h.ails[node] = map[string]ail.Symptoms{}
		}
		h.ails[node][name] = o.Symptoms
	})
}

// Well forgets it.
func (h *Hurts) Well(_ context.Context, node, name string) error {
	return h.pull(node, true, func() { delete(h.ails[node], name) })
}

// recovers makes a process well by its end.
func (h *Hurts) recovers(node string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.ails, node)
}

// Ails are a node's; each has shown on one call.
func (h *Hurts) Ails(_ context.Context, node string) (ail.View, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := ail.View{Node: node, Wall: time.Now(), Ails: map[string]ail.Echo{}}
	for name, s := range h.ails[node] {
		v.Ails[name] = ail.Echo{Symptoms: s, Hits: 1}
		v.Wall = v.Wall.Add(s.Skew.D())
	}
	return v, nil
}
