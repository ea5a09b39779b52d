package grantlog

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go/jetstream"
	"redpacket/system/books"
	"redpacket/system/pause"
)

// Floors returns how far each game's delivery has come: every grant of the game at a Pos up to there was answered for by
// the game. It asks until the log answers or ctx ends; a bookmark that is missing is an error.
func (l *Log) Floors(ctx context.Context, games uint8) ([]uint64, error) {
	return l.floors(ctx, games, nil)
}

// FloorsSoFar is Floors of a mirror, whose bookmarks are made when somebody delivers from it: before that they are 0.
func (l *Log) FloorsSoFar(ctx context.Context, games uint8) ([]uint64, error) {
	return l.floors(ctx, games, jetstream.ErrConsumerNotFound)
}

// floors takes a bookmark that cannot be had because of but for 0.
func (l *Log) floors(ctx context.Context, games uint8, but error) ([]uint64, error) {
	js, err := jetstream.New(l.nc)
	if err != nil {
		return nil, err
	}
	floors := make([]uint64, games)
	for game := range games {
		floors[game], err = l.floor(ctx, js, game)
		if err != nil && (but == nil || !errors.Is(err, but)) {
			return nil, err
		}
	}
	return floors, nil
}

// floor asks until the log answers. A bookmark that is missing is not waited for: somebody forgot to create it, and
// without it nobody could tell a delivered grant from one that waits.
func (l *Log) floor(ctx context.Context, js jetstream.JetStream, game uint8) (uint64, error) {
	for {
		floor, err := l.floorOnce(ctx, js, game)
		if err == nil {
			return floor, nil
		}
		if errors.Is(err, jetstream.ErrConsumerNotFound) || !pause.For(ctx, redialWait) {
			return 0, fmt.Errorf("lane %s of the %s: %w", bookmark(game), l, err)
		}
	}
}

// floorOnce asks once. The consumer's acknowledgement floor is in the answer itself; no second request is needed.
func (l *Log) floorOnce(ctx context.Context, js jetstream.JetStream, game uint8) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	c, err := js.Consumer(ctx, l.name, bookmark(game))
	if err != nil {
		return 0, err
	}
	return c.CachedInfo().AckFloor.Stream, nil
}

// setFloor moves one game's bookmark. It tries once.
func (l *Log) setFloor(ctx context.Context, game uint8, floor uint64) error {
	js, err := jetstream.New(l.nc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	if _, err := js.ResetConsumerToSequence(ctx, l.name, bookmark(game), floor+1); err != nil {
		return fmt.Errorf("lane %s of the %s: move the floor to %d: %w", bookmark(game), l, floor, err)
	}
	return nil
}

// Books gives every grant of the log at addr to keep, in order, and returns how far each game's delivery has come. A
// grant that was logged twice (a repeat) is given twice. It takes a moment: the floors, then the log up to that moment.
func Books(ctx context.Context, addr string, games uint8, keep func(books.Entry) error) ([]books.Lane, error) {
	l, err := Connect(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	floors, err := l.Floors(ctx, games)
	if err != nil {
		return nil, err
	}
	last, err := l.Last(ctx)
	if err != nil {
		return nil, err
	}
	if last == 0 {
		return lanesAt(floors, 0), nil
	}
	return lanesAt(floors, last), give(l.Read(ctx, last), keep)
}

// MirrorBooks is Books of the mirror that the log server at addr keeps of another IDC's log: the batches that may be
// believed, and what the mirror was told last. Its lanes are there once somebody delivers from it; before that their floors are 0.
func MirrorBooks(ctx context.Context, addr, idc string, games uint8, keep func(books.Entry) error) (Shard, []books.Lane, error) {
	l, err := Open(addr, MirrorStream)
	if err != nil {
		return Shard{}, nil, err
	}
	defer l.Close()
	shard, err := l.Shard(ctx, idc)
	if err != nil {
		return shard, nil, err
	}
	floors, err := l.FloorsSoFar(ctx, games)
	if err != nil {
		return shard, nil, err
	}
	last, err := l.Last(ctx)
	if err != nil {
		return shard, nil, err
	}
	return shard, lanesAt(floors, last), give(l.ReadBelieved(ctx, shard.Void), keep)
}

func lanesAt(floors []uint64, last uint64) (lanes []books.Lane) {
	for game, floor := range floors {
		lanes = append(lanes, books.Lane{Game: uint8(game), Floor: floor, Last: last})
	}
	return lanes
}

// give hands the batches' grants on, one by one.
func give(batches iter.Seq2[Logged, error], keep func(books.Entry) error) error {
	for b, err := range batches {
		if err != nil {
			return err
		}
		for _, g := range b.Grants {
			if err := keep(books.Entry{Grant: g, Pos: b.Pos}); err != nil {
				return err
			}
		}
	}
	return nil
}
