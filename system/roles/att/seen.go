package att

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/admin"
	"redpacket/system/api"
)

// outcome is what a journey came to.
type outcome int

const (
	ok      outcome = iota // it was walked to its end
	over                   // sold out before this user's first claim
	shed                   // asked to come back later
	unknown                // no answer in time
	wrong                  // an answer that the API does not promise
	outcomes
)

func (o outcome) String() string {
	return [...]string{"ok", "sold_out", "shed", "unknown", "wrong"}[o]
}

func outcomeOf(err error) outcome {
	switch {
	case err == nil:
		return ok
	case errors.Is(err, errOver):
		return over
	case errors.Is(err, errShed):
		return shed
	case errors.Is(err, errUnknown):
		return unknown
	default:
		return wrong
	}
}

// seen is what the journeys came to.
type seen struct {
	journeys [outcomes]atomic.Int64
	steps    [api.Ops]atomic.Int64 // ns that the latest one took

	mu   sync.Mutex
	said string // the latest complaint, so that one fault is told once
}

// ended counts a journey, and tells the first of several that fail alike.
func (s *seen) ended(err error, where string) {
	s.journeys[outcomeOf(err)].Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.said = ""
		return
	}
	if what := outcomeOf(err).String(); what != s.said {
		s.said = what
		fmt.Printf("a journey ended at the %s: %v\n", where, err)
	}
}

func (s *seen) took(op api.Op, d time.Duration) { s.steps[op].Store(int64(d)) }

func (s *seen) healthy() error {
	for i := range s.journeys {
		if s.journeys[i].Load() > 0 {
			return nil
		}
	}
	return errors.New("no journey has ended yet")
}

// metrics shows every outcome and step from the start, so that the first of each is seen as a change.
func (s *seen) metrics() admin.Registry {
	m := admin.NewRegistry()
	for o := range outcomes {
		m.Counter("redpacket_att_journeys_total", "Journeys of synthetic users that have ended.",
			admin.Labels{"outcome": o.String()}, func() float64 { return float64(s.journeys[o].Load()) })
	}
	for op := range api.Ops {
		m.Gauge("redpacket_att_step_seconds", "How long the latest step of its kind took.",
			admin.Labels{"step": op.String()}, func() float64 { return time.Duration(s.steps[op].Load()).Seconds() })
	}
	return m
}
