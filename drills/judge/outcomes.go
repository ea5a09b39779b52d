package judge

import (
	"errors"
	"fmt"
	"strings"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// counts is how many requests came to each outcome.
type counts [api.Outcomes]uint64

func (n counts) all() uint64 {
	var sum uint64
	for _, k := range n {
		sum += k
	}
	return sum
}

// String lists the outcomes that occurred.
func (n counts) String() string {
	var words []string
	for _, out := range []api.Outcome{api.Done, api.Refused, api.Shed, api.Failed, api.Doubt} {
		if n[out] > 0 {
			words = append(words, fmt.Sprintf("%d %s", n[out], out))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// outcomes counts the requests of a window.
func (c *Case) outcomes(window string, ops []api.Op) (counts, error) {
	s, err := c.where(window)
	if err != nil {
		return counts{}, err
	}
	if c.Tally == nil {
		return counts{}, errors.New("no tally was kept")
	}
	return count(c.Tally, s, ops), nil
}

func count(t record.Tally, s record.Span, ops []api.Op) counts {
	var n counts
	for out := range api.Outcomes {
		n[out] = t.Count(s, record.Which{Ops: ops, Outcomes: []api.Outcome{out}})
	}
	return n
}
