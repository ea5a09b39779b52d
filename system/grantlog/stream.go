package grantlog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The stream's limits. A batch of 256 grants is about 6 KB, so the log holds some 300 million grants.
const (
	logBytes = 8 << 30
	// duplicates are recognised this long; their ids are held in memory.
	duplicateWindow = 30 * time.Second
	// MaxMessage is the most bytes that a message may have, with its headers.
	MaxMessage = 1 << 20
)

// Create makes the stream and one bookmark a game, or brings those that are there to this build's form. It asks until
// the log has done it or ctx ends. What the stream holds is never touched: messages can be neither deleted nor purged.
func Create(ctx context.Context, addr string, games uint8) error {
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
		err = create(ctx, js, games)
		if err == nil || errors.Is(err, context.Canceled) || !pause(ctx, redialWait) {
			return err
		}
	}
}

// create brings the server to this build's form. DiscardNew and the two denials are one promise: a full log refuses new
// grants and keeps the old.
func create(ctx context.Context, js jetstream.JetStream, games uint8) error {
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: Stream, Description: "every grant, and the epochs of the shards that made them",
		Subjects: []string{"grants.*", "shard.*"},
		Storage:  jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Replicas: 1,
		Discard: jetstream.DiscardNew, MaxBytes: logBytes, MaxMsgSize: MaxMessage,
		Duplicates: duplicateWindow, DenyDelete: true, DenyPurge: true, AllowDirect: true,
	})
	if err != nil {
		return fmt.Errorf("create the stream %s: %w", Stream, err)
	}
	for game := range games {
		if err := createBookmark(ctx, js, game); err != nil {
			return err
		}
	}
	return nil
}

// bookmark is the durable consumer's name; the harness and NATS' own tools find it by this.
func bookmark(game uint8) string { return "game-" + strconv.Itoa(int(game)) }

// createBookmark makes the durable consumer that keeps how far one game's delivery has come: its acknowledgement floor.
// Lanes read the log directly and only move the floor, so that the server has no deliveries to track, time and write.
func createBookmark(ctx context.Context, js jetstream.JetStream, game uint8) error {
	_, err := js.CreateConsumer(ctx, Stream, jetstream.ConsumerConfig{
		Durable: bookmark(game), Description: "how far the delivery of game " + strconv.Itoa(int(game)) + " has come",
		DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckAllPolicy,
	})
	if err != nil {
		return fmt.Errorf("create the lane %s: %w", bookmark(game), err)
	}
	return nil
}
