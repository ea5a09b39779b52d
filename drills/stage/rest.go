package stage

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"redpacket/system/pause"
)

// Rest is what a cluster costs while nobody comes.
type Rest struct {
	Share float64 // of this machine's processor time, 0 … 1
	Bytes uint64  // of memory, without files that the kernel could drop
	Nodes []Cost  // the dearest first
}

// Cost is what one node uses.
type Cost struct {
	Node string
	Core float64 // of one core, 0 …
}

// AtRest watches the cluster for a time, in which the caller leaves it alone, and blocks for as long. A node that is dead is
// an error.
func (s *Standing) AtRest(ctx context.Context, watched time.Duration) (Rest, error) {
	before, err := s.CPU(ctx)
	if err != nil {
		return Rest{}, err
	}
	from := time.Now()
	if !pause.For(ctx, watched) {
		return Rest{}, ctx.Err()
	}
	after, err := s.CPU(ctx)
	if err != nil {
		return Rest{}, err
	}
	memory, err := s.Memory(ctx)
	if err != nil {
		return Rest{}, err
	}
	return atRest(before, after, time.Since(from), memory), nil
}

// atRest works out what nodes used of the machine in a time.
func atRest(before, after map[string]time.Duration, in time.Duration, memory map[string]uint64) (r Rest) {
	for node, used := range after {
		core := (used - before[node]).Seconds() / in.Seconds()
		r.Share += core / float64(runtime.NumCPU())
		r.Nodes = append(r.Nodes, Cost{node, core})
	}
	slices.SortFunc(r.Nodes, func(a, b Cost) int { return cmp.Or(cmp.Compare(b.Core, a.Core), strings.Compare(a.Node, b.Node)) })
	for _, used := range memory {
		r.Bytes += used
	}
	return r
}

// String says it in one line, with the eight dearest nodes.
func (r Rest) String() string {
	var dearest []string
	for _, n := range r.Nodes[:min(8, len(r.Nodes))] {
		dearest = append(dearest, fmt.Sprintf("%s %.2f %%", n.Node, 100*n.Core))
	}
	return fmt.Sprintf("%d containers use %.1f %% of %d cores and %.2f GiB; of one core: %s", len(r.Nodes), 100*r.Share, runtime.NumCPU(),
		float64(r.Bytes)/(1<<30), strings.Join(dearest, ", "))
}
