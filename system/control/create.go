package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"redpacket/system/pause"
)

const (
	headerExpected = "Nats-Expected-Last-Subject-Sequence"
	headerTTL      = "Nats-TTL"
	headerWhat     = "KV-Operation" // DEL: the key is withdrawn

	codeMoved = 10071 // the server's own name for a revision that is another

	bucketBytes = 64 << 20
)

// Create makes the store's two buckets on the server at addr, or brings those that are there to this build's form. It
// asks until the server has done it or ctx ends. What a bucket holds is never touched.
func Create(ctx context.Context, addr string) error {
	s, err := Dial(addr)
	if err != nil {
		return err
	}
	defer s.Close()
	js, err := jetstream.New(s.nc)
	if err != nil {
		return fmt.Errorf("make the control store: %w", err)
	}
	for {
		err = errors.Join(create(ctx, js, durable, jetstream.FileStorage), create(ctx, js, leases, jetstream.MemoryStorage))
		if err == nil || !pause.For(ctx, redialWait) {
			return err
		}
	}
}

func create(ctx context.Context, js jetstream.JetStream, b bucket, on jetstream.StorageType) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: b.stream(), Description: "control: " + string(b), Subjects: []string{b.subject(">")},
		Storage: on, Replicas: 1, MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, MaxBytes: bucketBytes, MaxMsgSize: 2 * MaxValue,
		AllowDirect: true, AllowMsgTTL: b == leases, Duplicates: time.Second,
	})
	if err != nil {
		return fmt.Errorf("make the bucket %s of the control store: %w", b, err)
	}
	return nil
}

// put stores one message and returns its revision.
func (s *Store) put(ctx context.Context, m *nats.Msg) (uint64, error) {
	answer, err := s.ask(ctx, m)
	if err != nil {
		return 0, err
	}
	var ack struct {
		Seq   uint64 `json:"seq"`
		Error *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	switch err := json.Unmarshal(answer.Data, &ack); {
	case err != nil:
		return 0, fmt.Errorf("%w: %s answers %.100q", ErrAway, s, answer.Data)
	case ack.Error != nil && ack.Error.Code == codeMoved:
		return 0, ErrMoved
	case ack.Error != nil:
		return 0, fmt.Errorf("%s refuses: %s", s, ack.Error.Description)
	}
	return ack.Seq, nil
}
