package faults

import "context"

// Squeezer bounds the processor time of nodes.
type Squeezer interface {
	Squeeze(ctx context.Context, node string, cores float64) error        // 0.01 or more, or 0 to let go
	Squeezed(ctx context.Context, node string) (cores float64, err error) // 0: there is no bound
}

// Limiter bounds the memory of nodes. What a node is killed for while it is bounded is the bound's doing.
type Limiter interface {
	Limit(ctx context.Context, node string, bytes uint64) error // LeastMemory or more, or 0 to let go; an error when it holds more already
	Limited(ctx context.Context, node string) (bytes uint64, err error)
	Weigh(ctx context.Context, node string) (bytes uint64, err error) // memory that the node uses and the kernel cannot take back
}

// LeastMemory is the smallest bound there is, in bytes.
const LeastMemory = 6 << 20
