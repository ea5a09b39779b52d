package keeper

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"redpacket/system/admin"
	"redpacket/system/pair"
)

// figures are what a keeper shows; they are safe to read from any goroutine.
type figures struct {
	epoch    atomic.Uint32
	open     atomic.Bool
	mode     atomic.Uint32
	both     atomic.Bool  // it has the other IDC's users, too
	took     atomic.Int64 // ns of the last rebuild after a loss
	rebuilds atomic.Int64 // after a loss
}

// rebuilt notes a rebuild; the first filling of a fresh shard is none.
func (f *figures) rebuilt(took time.Duration, lost bool) {
	if lost {
		f.took.Store(int64(took))
		f.rebuilds.Add(1)
	}
}

func (f *figures) healthy() error {
	switch epoch := f.epoch.Load(); {
	case epoch == 0:
		return errors.New("the shard was never announced: no log, or no cmem node, was reached yet")
	case !f.open.Load():
		return fmt.Errorf("the shard is closed at epoch %d, %s", epoch, pair.Mode(f.mode.Load()))
	}
	return nil
}

func (f *figures) registry() admin.Registry {
	m := admin.NewRegistry()
	m.Gauge("redpacket_shard_epoch", "the shard's epoch in the log", nil, func() float64 { return float64(f.epoch.Load()) })
	m.Gauge("redpacket_shard_open", "1 while the shard is open", nil, func() float64 {
		if f.open.Load() {
			return 1
		}
		return 0
	})
	m.Gauge("redpacket_shard_mode", "what the two data centres agreed on: 0 single, 1 mirrored, 2 alone, 3 rejoining, 4 leaning, 5 refilling, 6 taken, 7 releasing, 8 returning",
		nil, func() float64 { return float64(f.mode.Load()) })
	m.Gauge("redpacket_shard_serves_both", "1 while the shard serves the other data centre's users, too", nil, func() float64 {
		if f.both.Load() {
			return 1
		}
		return 0
	})
	m.Gauge("redpacket_rebuild_seconds", "the last rebuild after a loss, 0 before the first", nil,
		func() float64 { return time.Duration(f.took.Load()).Seconds() })
	m.Counter("redpacket_rebuilds_total", "rebuilds after a loss", nil, func() float64 { return float64(f.rebuilds.Load()) })
	return m
}
