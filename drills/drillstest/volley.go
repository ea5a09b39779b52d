package drillstest

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"redpacket/drills"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/money"
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
	for at := time.Duration(0); at < y.Length; at = time.Since(began) {
		tell(drills.Progress{At: at + 1, Length: y.Length, Offered: float64(y.Owed) / y.Length.Seconds()})
		timer := time.NewTimer(50 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			y.Stopped = true
			return y, nil
		}
	}
	return y, nil
}

func (s *System) fire(shot drills.Shot) (loadprofiles.Yield, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	amounts := s.open()
	p := shot.Profile.Scaled(shot.Scale)
	crowd, clicks, counted := p.Crowd(shot.Seed), p.Clicks(), tally.New(p.Curve.Length())
	var lines []byte
	y := loadprofiles.Yield{Length: p.Curve.Length(), Conns: p.Conns.All(), Shards: 1, Stream: "made of memory"}
	for n := uint64(1); ; n++ {
		at, ok := clicks.When(n)
		if !ok {
			break
		}
		y.Clicks.Owed++
		click := crowd.Click(n)
		shed := s.Shed != nil && float64(n%100) < 100*s.Shed(shot.Profile.Curve.Rate(at))
		for op := api.Static; op <= click.Last; op++ {
			out := api.Done
			if shed && op > api.Static {
				out = api.Shed
			}
			if op == api.Claim {
				a := loadprofiles.Attempt{User: click.User, Gift: click.Gift, Owed: at, Took: answered, Outcome: out, Code: api.Busy}
				if out == api.Done {
					a = s.attempt(a, claim{click.User, click.Gift}, amounts)
				}
				out = a.Outcome
				lines = a.Append(lines)
			}
			y.Owed++
			counted.Record(at, answered, op, out)
			if out != api.Done {
				break
			}
		}
	}
	y.Launched, y.Clicks.Launched = y.Owed, y.Clicks.Owed
	if s.Yield != nil {
		s.Yield(&y)
	}
	return y, leave(shot.Dir, counted, lines)
}

func (s *System) attempt(a loadprofiles.Attempt, c claim, amounts map[api.Gift][]money.Fen) loadprofiles.Attempt {
	g, code := s.claim(c, amounts)
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
