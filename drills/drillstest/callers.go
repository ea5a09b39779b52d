package drillstest

import (
	"fmt"
	"time"

	"redpacket/system/api"
	"redpacket/system/l5"
)

// callers send the load's reads to the instances of a pool, each in its turn, and judge those by what comes back, as the
// gateways do: with l5 itself. An instance that was hurt answers nothing, and the next one is asked.
type callers struct {
	names []string
	peers *l5.Peers
	made  int // calls so far
	turn  int
}

func newCallers(names []string) (*callers, error) {
	peers, err := l5.New(l5.Drill(), names)
	return &callers{names: names, peers: peers}, err
}

// call makes the calls that are there by now, in all.
func (c *callers) call(now time.Time, all int, runs func(node string) bool) {
	for ; c.made < all; c.made++ {
		for range c.names {
			i := c.turn % len(c.names)
			if c.turn++; !c.peers.Takes(i) {
				continue
			}
			if runs(c.names[i]) {
				c.peers.Answered(i, 1)
				break
			}
			c.peers.Failed(i, 1)
		}
	}
	c.peers.Step(now)
}

// show adds what a gateway shows of the instances.
func (c *callers) show(tgw map[string]float64) {
	for i, name := range c.names {
		seen := c.peers.Seen(i)
		for what, n := range map[string]uint64{"answered": seen.Answered, "failures": seen.Failures, "ejections": seen.Ejections,
			"reopens": seen.Reopens, "probes": seen.Probes} {
			tgw[fmt.Sprintf("redpacket_l5_%s_total{peer=%q}", what, name)] = float64(n)
		}
	}
}

// look has the callers make the calls that the load asks for by now, the doors count, and the platform measure.
func (s *System) look(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.callers != nil {
		reads := s.until(api.List) + s.until(api.Select) + s.until(api.Receipt)
		s.callers.call(now, int(reads), func(node string) bool { _, hurt := s.doing[node]; return !hurt })
	}
	s.doors.open(now.Sub(s.began))
	if s.platform != nil {
		s.platform.look(now, s.samples())
	}
}
