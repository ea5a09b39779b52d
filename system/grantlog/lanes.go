package grantlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"redpacket/system/activity"
	"redpacket/system/pause"
)

// Lanes are the delivery queues of an activity's games: each the whole log, as far as it concerns one game.
type Lanes struct {
	lanes []*Lane
	tail  *tail
}

// Lanes opens one lane a game, each behind its bookmark, which it makes when it is missing. It asks until the log
// answers or ctx ends.
func (l *Log) Lanes(ctx context.Context, a activity.Activity) (*Lanes, error) {
	return l.LanesBelieved(ctx, a, "")
}

// LanesBelieved is Lanes of a mirror, without the messages that an announcement declares void.
func (l *Log) LanesBelieved(ctx context.Context, a activity.Activity, void Seqs) (*Lanes, error) {
	if a.Games == 0 {
		return nil, errors.New("open the lanes: the activity has no games")
	}
	js, err := jetstream.New(l.nc)
	if err != nil {
		return nil, fmt.Errorf("open the lanes: %w", err)
	}
	for game := range a.Games {
		for err = createBookmark(ctx, js, l.name, game); err != nil; err = createBookmark(ctx, js, l.name, game) {
			if !pause.For(ctx, redialWait) {
				return nil, err
			}
		}
	}
	floors, err := l.Floors(ctx, a.Games)
	if err != nil {
		return nil, err
	}
	sorter := newSorter(a, void)
	set := &Lanes{tail: newTail(l, sorter, floors)}
	for game, floor := range floors {
		set.lanes = append(set.lanes, &Lane{game: uint8(game), log: l, tail: set.tail, every: saveEvery,
			cursor: floor + 1, floor: floor, saved: floor, savedT: time.Now()})
	}
	return set, nil
}

// Run reads the log for all lanes until ctx ends. Without it no lane has anything to deliver. It returns early, with an
// error, only when the log holds a message that is no batch.
func (s *Lanes) Run(ctx context.Context) error { return s.tail.run(ctx) }

// Lane is one game's lane.
func (s *Lanes) Lane(game uint8) *Lane { return s.lanes[game] }

// Healthy is nil while the log is read.
func (s *Lanes) Healthy() error {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	return s.tail.fault
}

// Strays is the number of grants seen that belong to no game of the activity; nobody delivers them.
func (s *Lanes) Strays() uint64 {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	return s.tail.strays
}
