package drillstest

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"time"

	"redpacket/drills"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/money"
	"redpacket/system/pause"
)

var _ drills.Volley = (*System)(nil)

// answered is how long every request takes.
const answered = 2 * time.Millisecond

// Fire plays the whole load against the system at once, then lets the curve's time pass.
func (s *System) Fire(ctx context.Context, shot drills.Shot, tell func(drills.Progress)) (loadprofiles.Yield, error) {
	y, err := s.fire(shot)
	if err != nil {
		return y, err
	}
	began := time.Now()
	if err := s.begin(began); err != nil {
		return y, err
	}
	for at := time.Duration(0); at < y.Length; at = time.Since(began) {
		s.look(began.Add(at))
		got := 1.0
		if s.Shed != nil {
			got -= s.Shed(shot.Profile.Curve.Rate(at))
		}
		tell(drills.Progress{At: at + 1, Length: y.Length, Offered: float64(y.Owed) / y.Length.Seconds(), Wrong: s.Told,
			Answered: shot.Profile.Curve.Rate(at), Succeeded: got * shot.Profile.Curve.Rate(at)})
		if !pause.For(ctx, 50*time.Millisecond) {
			y.Stopped = true
			return y, nil
		}
	}
	return y, nil
}

// begin sets the zero of time, from which on callers call and the platform measures.
func (s *System) begin(at time.Time) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.began = at
	if s.Capacity != (config.Capacity{}) {
		s.platform = newPlatform(s.Capacity)
	}
	if len(s.Pool) > 0 {
		s.callers, err = newCallers(s.Pool)
	}
	return err
}

func (s *System) fire(shot drills.Shot) (loadprofiles.Yield, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	amounts := s.open()
	p := shot.Profile.Scaled(shot.Scale)
	crowd, counted, apart := p.Crowd(shot.Seed), tally.New(p.Curve.Length()), newCells(p)
	var lines []byte
	y := loadprofiles.Yield{Length: p.Curve.Length(), Conns: p.Conns.All(), Shards: 1, Stream: "made of memory", Valve: s.Valve}
	for n, at := range s.clicks(p, crowd, counted, &y) {
		click := crowd.Click(n)
		if s.Doors {
			s.doors.due = append(s.doors.due, arrival{click.User, at})
		}
		shed := s.Shed != nil && float64(n%100) < 100*s.Shed(shot.Profile.Curve.Rate(at))
		for range crowd.Statics(click, at) {
			y.Owed++
			counted.Record(at, answered, api.Static, api.Done)
		}
		byNew := s.Versions != nil && s.Versions.takes(click.User, at)
		for op := api.List; op <= click.Last; op++ {
			out, took := api.Done, answered
			if s.Versions != nil {
				took, out = s.Versions.answer(op, byNew, &click.Draw, out)
			}
			if shed {
				out = api.Shed
			}
			if op == api.Claim {
				a := loadprofiles.Attempt{User: click.User, Gift: click.Gift, Owed: at, Took: took, Outcome: out, Code: api.Busy}
				a = s.decide(a, amounts, byNew)
				out = a.Outcome
				lines = a.Append(lines)
			}
			y.Owed++
			counted.Record(at, took, tallied(op, click.Gift), out)
			apart.record(hit{at, took, click.User, op, out, byNew})
			if out != api.Done {
				break
			}
		}
	}
	y.Launched, y.Clicks.Launched, y.Exposures.Launched = y.Owed, y.Clicks.Owed, y.Exposures.Owed
	if s.Yield != nil {
		s.Yield(&y)
	}
	s.counted = counted
	return y, errors.Join(leave(shot.Dir, counted, lines), apart.leave(shot.Dir, p.Curve.Length()))
}

// clicks are the clicks of a load, by number and time. Who is kept away, who is shown the event, and who clicks is counted.
func (s *System) clicks(p loadprofiles.Profile, crowd *loadprofiles.Crowd, counted *tally.Tally, y *loadprofiles.Yield) iter.Seq2[uint64, time.Duration] {
	curve := p.Exposures()
	return func(yield func(uint64, time.Duration) bool) {
		for n := uint64(1); ; n++ {
			at, ok := curve.When(n)
			if !ok {
				return
			}
			if crowd.Withheld(n, at, s.Valve) {
				counted.Note(at, tally.Withheld)
				y.Withheld++
				continue
			}
			counted.Late(at, 0)
			if p.Funnel.Click > 0 {
				y.Exposures.Owed++
				if !crowd.Clicks(n) {
					continue
				}
				counted.Note(at, tally.Clicked)
			}
			if y.Clicks.Owed++; !yield(n, at) {
				return
			}
		}
	}
}

// tallied is what a request is counted as: those of a neighbour's gift are ops of their own.
func tallied(op api.Op, gift api.Gift) api.Op {
	if gift.Place() > 0 {
		return op.Beside()
	}
	return op
}

// decide answers a claim that nothing stood in the way of, in the words of the version that answers.
func (s *System) decide(a loadprofiles.Attempt, amounts map[api.Gift][]money.Fen, byNew bool) loadprofiles.Attempt {
	if a.Outcome == api.Done {
		a = s.attempt(a, claim{a.User, a.Gift}, amounts)
	}
	if byNew {
		a = s.Versions.told(a)
	}
	return a
}

var _ drills.Prober = (*System)(nil)

// Probe claims everything at once, and lets the time pass that it would have taken.
func (s *System) Probe(ctx context.Context, began time.Time, p drills.Pace) (all []loadprofiles.Probe, err error) {
	gift, _ := s.Activity.WatchedGift()
	next, stop := iter.Pull(activity.Probers(activity.A))
	defer stop()
	s.mu.Lock()
	amounts := s.open()
	for owed := time.Since(began); owed < p.Length; owed += p.Every {
		user, _ := next()
		one := loadprofiles.Probe{Sent: owed + 1, Answered: owed + answered, Attempt: loadprofiles.Attempt{User: user, Gift: gift, Owed: owed, Took: answered}}
		one.Attempt = s.attempt(one.Attempt, claim{user, gift}, amounts)
		all = append(all, one)
	}
	s.mu.Unlock()
	pause.Until(ctx, began.Add(p.Length))
	return all, nil
}

func (s *System) attempt(a loadprofiles.Attempt, c claim, amounts map[api.Gift][]money.Fen) loadprofiles.Attempt {
	g, code := s.claim(c, a.Owed, amounts)
	a.Outcome, a.Code, a.Order, a.Fen = code.Outcome(), code, g.Order, g.Fen
	return a
}

// leave writes the files that a volley leaves.
func leave(dir string, counted *tally.Tally, attempts []byte) error {
	f, err := os.Create(filepath.Join(dir, record.TallyFile))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := counted.Encode(f); err != nil {
		return err
	}
	j, err := os.Create(filepath.Join(dir, record.JournalFile))
	if err != nil {
		return err
	}
	defer j.Close()
	w, err := loadprofiles.NewJournalWriter(j)
	if err != nil {
		return err
	}
	if err := w.Write(attempts); err != nil {
		return err
	}
	return w.Close()
}
