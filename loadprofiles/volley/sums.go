package volley

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
)

// progress adds the shards up as they are now. Its quantiles are the worst shard's.
func (v *volley) progress(now time.Duration) Progress {
	p := Progress{At: now}
	p.Clicks.Owed = min(uint64(v.curve.Due(now)), v.curve.Arrivals())
	for _, s := range v.shards {
		e := s.engine
		e.mu.Lock()
		p.Clicks.Launched += e.counts.hits
		p.Clicks.Owed -= min(p.Clicks.Owed, e.counts.withheld)
		p.Launched += e.counts.launched
		for outcome, n := range e.counts.outcomes {
			p.Outcomes[outcome] += n
			p.Critical[outcome] += e.counts.critical[outcome]
		}
		if p.Wrong == "" {
			p.Wrong = e.told.wrong
		}
		p99, _ := e.tally.Within(tally.Window{From: now - tellTime, To: now}, 0.99)
		late, _ := e.tally.LateQuantile(now-tellTime, now, 0.99)
		e.mu.Unlock()
		p.P99, p.LateP99 = max(p.P99, p99), max(p.LateP99, late)
	}
	return p
}

// yield adds the shards up when all is over.
func (v *volley) yield(stopped time.Duration) (loadprofiles.Yield, *tally.Tally) {
	until := v.curve.Length()
	if stopped > 0 {
		until = min(until, stopped)
	}
	all := v.shards[0].engine.tally
	sum, read, sent := counts{}, reading{}, beats{}
	y := loadprofiles.Yield{Cores: v.job.Cores, Shards: len(v.shards), Began: v.zero, Stopped: stopped > 0 && stopped < v.curve.Length()}
	for i, s := range v.shards {
		hits, clicks := s.missing(until)
		sum.add(s.engine.counts)
		y.Clicks.Owed += s.engine.counts.clicks + clicks
		y.Exposures.Owed += s.engine.counts.hits + hits
		read.looked, read.late = read.looked+s.read.looked, read.late+s.read.late
		sent.merge(s.engine.sent)
		y.Conns += s.conns()
		if i > 0 {
			all.Merge(s.engine.tally)
		}
	}
	y.Exposures.Launched = sum.hits
	if v.profile.Funnel.Click == 0 {
		y.Exposures = loadprofiles.Launches{}
	}
	y.Clicks.Launched, y.Owed, y.Launched, y.Unsent = sum.clicks, sum.owed, sum.launched, sum.unsent
	y.Retries, y.Dropped, y.TooLate, y.Garbled = sum.retries, sum.dropped, sum.tooLate, sum.garbled
	y.LateMax = sum.lateMax
	y.Withheld = sum.withheld
	y.Valve, y.Unheard = v.valve.heard()
	y.LateP99, _ = all.LateQuantile(0, all.Length(), 0.99)
	y.LateOver = float64(sum.lateOver) / float64(max(1, sum.hits))
	y.Bunched = sent.bunched(v.curve, until)
	y.ReadLate = float64(read.late) / float64(max(1, read.looked))
	y.Vegeta = v.shards[0].vegeta
	y.Stream = fmt.Sprintf("%016x", sum.stream)
	first, _ := v.curve.When(1)
	y.Length = max(0, sum.last-first)
	y.Moved, y.Unresolved = v.moved, v.unresolved
	return y, all
}

// conns is how many connections the shard kept, or had at most when Vegeta opens them as it needs them.
func (s *shard) conns() (n int) {
	if s.stock != nil {
		return min(s.stock.most, stockWorkers) // a result may be under way while its worker is at the next hit
	}
	for range s.engine.conns() {
		n++
	}
	return n
}

// dueBy is how many of the shard's clicks are owed until a time; at the curve's end that is all of them.
func (p plan) dueBy(until, length time.Duration) uint64 {
	if until >= length {
		return p.total()
	}
	return p.due(until)
}

// missing counts the hits that were owed and never left: of a click, what its journey would have asked for if nothing had
// been refused; and their part of the stream. It returns how many they are, and how many of them would have been clicks.
func (s *shard) missing(until time.Duration) (hits, clicks uint64) {
	c := &s.engine.counts
	for seq := c.passed(); seq < s.plan.dueBy(until, s.plan.curve.Length()); seq++ {
		n := s.plan.number(seq)
		if s.engine.valve.keepsAway(s.engine.crowd, n, s.plan.owed(seq)) {
			s.engine.tally.Note(s.plan.owed(seq), tally.Withheld)
			c.withheld++
			continue
		}
		hits++
		if s.engine.deal != nil {
			c.owed++
			c.stream += s.engine.deal.to(n).hash(n)
			clicks++
			continue
		}
		if !s.engine.crowd.Clicks(n) {
			continue
		}
		click := s.engine.crowd.Click(n)
		statics := s.engine.crowd.Statics(click, s.plan.owed(seq))
		c.owed += uint64(statics+s.engine.profile.Funnel.Asked()) + uint64(click.Last-click.First)
		c.stream += click.Hash(n)
		clicks++
	}
	return hits, clicks
}

func (c *counts) add(d counts) {
	c.hits += d.hits
	c.withheld += d.withheld
	c.clicks += d.clicks
	c.owed += d.owed
	c.launched += d.launched
	c.unsent += d.unsent
	c.retries += d.retries
	c.tooLate += d.tooLate
	c.garbled += d.garbled
	c.dropped += d.dropped
	c.lateOver += d.lateOver
	c.stream += d.stream
	c.lateMax = max(c.lateMax, d.lateMax)
	c.last = max(c.last, d.last)
}

// leave writes the tally and the yield; the journal is there already.
func leave(dir string, y loadprofiles.Yield, all *tally.Tally) error {
	file, err := os.Create(filepath.Join(dir, TallyFile))
	if err != nil {
		return fmt.Errorf("create the tally: %w", err)
	}
	if err := errors.Join(all.Encode(file), file.Close()); err != nil {
		return err
	}
	text, err := json.MarshalIndent(y, "", "  ")
	if err != nil {
		return fmt.Errorf("write the yield down: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, YieldFile), text, 0o644); err != nil {
		return fmt.Errorf("write the yield: %w", err)
	}
	return nil
}
