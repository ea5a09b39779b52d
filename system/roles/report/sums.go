package report

import (
	"sync"

	"redpacket/system/report"
)

// What may become of a datagram.
const (
	taken     = iota
	late      // a newer one of the process has come before
	malformed // it is none
	refused   // one process or one series more than there is room for
	outcomes
)

// The bounds of what strangers can make the collector hold.
const (
	maxNodes  = 256
	maxSeries = 1024
)

// sums adds up what processes report. A process that began anew counts on from where its last life was last heard.
type sums struct {
	mu      sync.Mutex
	senders map[string]*sender
	sum     map[string]uint64
	counts  [outcomes]uint64
	lost    uint64
}

// sender is one process as it was last heard.
type sender struct {
	life   int64
	number uint64
	totals map[string]uint64
}

func newSums() *sums { return &sums{senders: map[string]*sender{}, sum: map[string]uint64{}} }

func (s *sums) count(outcome int) {
	s.mu.Lock()
	s.counts[outcome]++
	s.mu.Unlock()
}

// take adds what has come since the process' last datagram.
func (s *sums) take(d report.Datagram) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.senders[d.Node]
	switch {
	case from == nil && len(s.senders) >= maxNodes || s.beyond(d.Totals):
		s.counts[refused]++
		return
	case from == nil:
		from = &sender{totals: map[string]uint64{}}
		s.senders[d.Node] = from
	case d.Life < from.life || d.Life == from.life && d.Number <= from.number:
		s.counts[late]++
		return
	}
	if d.Life != from.life {
		*from = sender{life: d.Life, number: d.Number - 1, totals: map[string]uint64{}} // before this one nobody knows what was sent
	}
	s.counts[taken]++
	s.lost += d.Number - from.number - 1
	from.number = d.Number
	for series, total := range d.Totals {
		if before := from.totals[series]; total > before { // a total never falls; one that does is not believed
			s.sum[series] += total - before
			from.totals[series] = total
		}
	}
}

// beyond says that the totals name more new series than there is room for.
func (s *sums) beyond(totals map[string]uint64) bool {
	fresh := 0
	for series := range totals {
		if _, known := s.sum[series]; !known {
			fresh++
		}
	}
	return fresh > 0 && len(s.sum)+fresh > maxSeries
}

func (s *sums) outcomes(yield func(string, float64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for outcome, name := range [outcomes]string{"taken", "late", "malformed", "refused"} {
		yield(name, float64(s.counts[outcome]))
	}
}

func (s *sums) totals(yield func(string, float64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for series, total := range s.sum {
		yield(series, float64(total))
	}
}

func (s *sums) missing() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(s.lost)
}

func (s *sums) nodes() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return float64(len(s.senders))
}
