package volley

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"redpacket/loadprofiles"
)

// hands is the number of Vegeta's workers. A hit never waits for the system, so a few carry any rate, and a cap on them
// never binds.
const hands = 8

// shard is one Vegeta attack on its own engine. An Attacker is good for one attack.
type shard struct {
	plan   plan
	engine *engine
	read   reading
	// accepted answers every hit: it is on its way. It is never written to.
	accepted http.Response

	stock  *stock // carries the hits in the stock style; else nil
	vegeta loadprofiles.Vegeta
}

func newShard(p plan, e *engine) *shard {
	return &shard{plan: p, engine: e, accepted: http.Response{Status: "202 Accepted", StatusCode: http.StatusAccepted,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody}}
}

// attack fires the shard's part of the curve; it returns when all of it has left or ctx has ended.
func (s *shard) attack(ctx context.Context) (err error) {
	if s.stock != nil {
		s.vegeta, err = s.stock.attack(ctx)
		return err
	}
	attacker := vegeta.NewAttacker(vegeta.Client(&http.Client{Transport: s}), vegeta.Workers(hands), vegeta.MaxWorkers(hands))
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	failed, first := 0, ""
	for r := range attacker.Attack(s.target, newPacer(ctx, s.plan), 0, "") {
		s.read.note(r)
		if r.Error != "" || r.Code != http.StatusAccepted {
			failed, first = failed+1, r.Error
		}
	}
	if launched := s.engine.passed(); failed > 0 || s.read.results != launched {
		return fmt.Errorf("vegeta made %d hits of which %d failed, and %d were launched: %s", s.read.results, failed, launched, first)
	}
	return nil
}

// reading is how Vegeta's results are read. Nobody else can read them, and while they are not read Vegeta's workers wait.
type reading struct{ results, looked, late uint64 }

// readEvery: of so many results one is timed.
const readEvery = 16

func (g *reading) note(r *vegeta.Result) {
	if g.results++; g.results%readEvery != 0 {
		return
	}
	g.looked++
	if time.Since(r.End()) > lateBound {
		g.late++
	}
}

func (s *shard) target(t *vegeta.Target) error {
	t.Method, t.URL = http.MethodPost, "/" // what is parsed soonest
	return nil
}

// RoundTrip hands one hit to the engine. Of a click, Vegeta's own number of the hit says which it is.
func (s *shard) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.engine.deal != nil {
		s.engine.launchNext(s.plan)
		return &s.accepted, nil
	}
	header := r.Header["X-Vegeta-Seq"]
	if len(header) != 1 {
		return nil, fmt.Errorf("vegeta sent a hit with %d sequence numbers", len(header))
	}
	seq, err := strconv.ParseUint(header[0], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("vegeta numbered a hit %q: %w", header[0], err)
	}
	s.engine.expose(s.plan.number(seq), s.plan.owed(seq))
	return &s.accepted, nil
}
