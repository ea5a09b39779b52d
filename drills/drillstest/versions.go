package drillstest

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/gray"
)

// Versions is a new version beside the old one. The load is played before the drill's steps are taken, so who gets it when is told
// beforehand; a drill that takes it back sees it all the same.
type Versions struct {
	Percent func(at time.Duration) int // of the users, by the time at which a request is owed
	Slow    float64                    // its answers take so many times as long; 0: as long
	Errs    float64                    // of its reads, this share gets an answer that the API does not promise
	Fen     api.Gift                   // it tells one fen too much of this gift; see Odd
	Odd     bool
	Uneven  bool // where half of the users were to have it, 49 % have
	Tagless bool // it loses the tag of a pressure claim, which Redis refuses

	released int
	now      time.Duration   // when the click that is played is owed
	answered []time.Duration // when its requests were owed, in order
}

// answeredBy is how many requests it has answered by a time.
func (v *Versions) answeredBy(now time.Duration) float64 {
	n, _ := slices.BinarySearch(v.answered, now)
	return float64(n)
}

// takes says whether a user gets the new version at a time.
func (v *Versions) takes(user api.User, at time.Duration) bool {
	v.now = at
	percent := v.Percent(at)
	if percent == 50 && v.Uneven {
		percent = 49
	}
	return gray.Bucket(user) < percent
}

// poisoned is how many writes a writer has refused since the new version lost their tag.
func (v *Versions) poisoned(writer string) float64 {
	if v != nil && v.Tagless && v.released > 0 && writer == "cmem" {
		return 1
	}
	return 0
}

// slow is how long an answer takes: about 2 ms, with a tail.
func slow(draw *loadprofiles.Draw) time.Duration {
	u, w := float64(draw.Next()>>11+1)/(1<<53), float64(draw.Next()>>11)/(1<<53)
	return time.Duration(float64(answered) * math.Exp(0.4*math.Sqrt(-2*math.Log(u))*math.Cos(2*math.Pi*w)))
}

// answer is how a request of a click comes out: what took and out would be by the old version may be otherwise by the new.
func (v *Versions) answer(op api.Op, byNew bool, draw *loadprofiles.Draw, out api.Outcome) (time.Duration, api.Outcome) {
	took := slow(draw)
	if !byNew {
		return took, out
	}
	v.answered = append(v.answered, v.now)
	if v.Slow > 0 {
		took = time.Duration(float64(took) * v.Slow)
	}
	if op != api.Claim && float64(draw.Next()>>11)/(1<<53) < v.Errs {
		out = api.Failed
	}
	return took, out
}

// told is what the new version tells of a granted claim.
func (v *Versions) told(a loadprofiles.Attempt) loadprofiles.Attempt {
	a.Gray = true
	if v.Odd && a.Gift == v.Fen && a.Outcome == api.Done {
		a.Fen++
	}
	return a
}

// Release notes the share.
func (s *System) Release(_ context.Context, percent int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Versions != nil {
		s.Versions.released = percent
	}
	return nil
}

// Released is the share that was asked for last.
func (s *System) Released() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Versions.released
}

// cells counts requests apart; nil where the profile does not.
type cells struct {
	of  [gray.Buckets]uint8
	all []*tally.Tally
}

func newCells(p loadprofiles.Profile) *cells {
	c := &cells{of: p.CohortOf()}
	for range p.Cells() {
		c.all = append(c.all, tally.New(p.Curve.Length()))
	}
	return c
}

// hit is one request that ended.
type hit struct {
	at, took time.Duration
	user     api.User
	op       api.Op
	out      api.Outcome
	byNew    bool
}

func (c *cells) record(h hit) {
	if len(c.all) > 0 && h.op != api.Static {
		c.all[loadprofiles.CellOf(int(c.of[gray.Bucket(h.user)]), h.byNew)].Record(h.at, h.took, h.op, h.out)
	}
}

// leave writes the cells, whole.
func (c *cells) leave(dir string, length time.Duration) error {
	if len(c.all) == 0 {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, record.CellsFile))
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := tally.NewCellsWriter(f)
	if err != nil {
		return err
	}
	for i, t := range c.all {
		if err := w.Write(t.Piece(nil, i, 0, int(length/tally.Slot)+1)); err != nil {
			return err
		}
	}
	return w.Close()
}
