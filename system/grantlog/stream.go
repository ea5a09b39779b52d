package grantlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"redpacket/system/pause"
)

// The stream's limits. A batch of 256 grants is about 6 KB, so a stream holds some 250 million grants.
const (
	streamBytes = 6 << 30
	// duplicates are recognised this long; their ids are held in memory.
	duplicateWindow = 30 * time.Second
	// MaxMessage is the most bytes that a message may have, with its headers.
	MaxMessage = 1 << 20
)

// Streams is what one log server holds: the log of an IDC with one bookmark a game, and the mirror of another IDC's.
type Streams struct {
	IDC    string // whose log it is; empty, without a mirror: anybody's
	Mirror string // whose log is mirrored; empty: nobody's
	Games  uint8
}

// Create makes the streams and the bookmarks, or brings those that are there to this build's form. It asks until the log
// has done it or ctx ends. What a stream holds is never touched: messages can be neither deleted nor purged.
func Create(ctx context.Context, addr string, of Streams) error {
	l, err := Connect(ctx, addr)
	if err != nil {
		return err
	}
	defer l.Close()
	js, err := jetstream.New(l.nc)
	if err != nil {
		return fmt.Errorf("create the stream %s: %w", Stream, err)
	}
	for {
		err = create(ctx, js, of)
		if err == nil || errors.Is(err, context.Canceled) || !pause.For(ctx, redialWait) {
			return err
		}
	}
}

// create brings the server to this build's form. Two streams, not one: each has its own file to sync, and neither's
// readers pass over the other's messages.
func create(ctx context.Context, js jetstream.JetStream, of Streams) error {
	own := "*"
	if of.Mirror != "" {
		own = of.IDC
		if err := createStream(ctx, js, MirrorStream, of.Mirror); err != nil {
			return err
		}
	}
	if err := createStream(ctx, js, Stream, own); err != nil {
		return err
	}
	for game := range of.Games {
		if err := createBookmark(ctx, js, Stream, game); err != nil {
			return err
		}
	}
	return nil
}

// createStream makes one stream. DiscardNew and the two denials are one promise: a full log refuses new grants and keeps
// the old.
func createStream(ctx context.Context, js jetstream.JetStream, name, idc string) error {
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Description: "every grant, and the epochs of the shards that made them",
		Subjects: []string{"grants." + idc, "shard." + idc},
		Storage:  jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Replicas: 1,
		Discard: jetstream.DiscardNew, MaxBytes: streamBytes, MaxMsgSize: MaxMessage,
		Duplicates: duplicateWindow, DenyDelete: true, DenyPurge: true, AllowDirect: true,
	})
	if err != nil {
		return fmt.Errorf("create the stream %s: %w", name, err)
	}
	return nil
}

// bookmark is the durable consumer's name; the harness and NATS' own tools find it by this.
func bookmark(game uint8) string { return "game-" + strconv.Itoa(int(game)) }

// createBookmark makes the durable consumer that keeps how far one game's delivery has come: its acknowledgement floor.
// Lanes read the log directly and only move the floor, so that the server has no deliveries to track, time and write.
func createBookmark(ctx context.Context, js jetstream.JetStream, stream string, game uint8) error {
	_, err := js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
		Durable: bookmark(game), Description: "how far the delivery of game " + strconv.Itoa(int(game)) + " has come",
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckAllPolicy,
	})
	if err != nil {
		return fmt.Errorf("create the lane %s: %w", bookmark(game), err)
	}
	return nil
}
