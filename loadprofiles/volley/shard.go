package volley

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// hands is the number of Vegeta's workers. A hit never waits for the system, so a few carry any rate, and a cap on them
// never binds.
const hands = 8

// shard is one Vegeta attack on its own engine. An Attacker is good for one attack.
type shard struct {
	plan   plan
	engine *engine
	// accepted answers every hit: the click is on its way. It is never written to.
	accepted http.Response
}

func newShard(p plan, e *engine) *shard {
	return &shard{plan: p, engine: e, accepted: http.Response{Status: "202 Accepted", StatusCode: http.StatusAccepted,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}}
}

// attack fires the shard's part of the curve; it returns when all of it has left or ctx has ended.
func (s *shard) attack(ctx context.Context) error {
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: s}), vegeta.Workers(hands), vegeta.MaxWorkers(hands))
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	hits, failed, first := uint64(0), 0, ""
	for r := range attacker.Attack(s.target, newPacer(ctx, s.plan), 0, "") {
		hits++
		if r.Error != "" || r.Code != http.StatusAccepted {
			failed, first = failed+1, r.Error
		}
	}
	if launched := s.engine.clicks(); failed > 0 || hits != launched {
		return fmt.Errorf("vegeta made %d hits of which %d failed, and %d clicks were launched: %s", hits, failed, launched, first)
	}
	return nil
}

func (s *shard) target(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodPost, "http://click"
	return nil
}

// RoundTrip hands one click to the engine. Vegeta's own number of the hit says which click it is.
func (s *shard) RoundTrip(r *http.Request) (*http.Response, error) {
	header := r.Header["X-Vegeta-Seq"]
	if len(header) != 1 {
		return nil, fmt.Errorf("vegeta sent a hit with %d sequence numbers", len(header))
	}
	seq, err := strconv.ParseUint(header[0], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("vegeta numbered a hit %q: %w", header[0], err)
	}
	s.engine.launch(s.plan.number(seq), s.plan.owed(seq))
	return &s.accepted, nil
}
