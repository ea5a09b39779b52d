package record

import (
	"bufio"
	"os"
	"slices"
	"time"

	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

// counted is a volley's tally, as judges ask it.
type counted struct{ *tally.Tally }

// TallyOf lets judges ask a volley's tally.
func TallyOf(t *tally.Tally) Tally { return counted{t} }

// Count is the requests owed in the span.
func (c counted) Count(s Span, of Which) uint64 {
	return c.Sum(s.From, s.To, orAll(of.Ops), orAll(of.Outcomes))
}

// Quantile is the wait of a share of them.
func (c counted) Quantile(s Span, of Which, q float64) time.Duration {
	took, _ := c.Within(tally.Window{From: s.From, To: s.To, Ops: orAll(of.Ops), Outcomes: orAll(of.Outcomes)}, q)
	return took
}

// Happened is how often something happened in the span.
func (c counted) Happened(s Span, f tally.Fact) uint64 { return c.Facts(s.From, s.To, f) }

// orAll turns an empty list into nil, which the tally reads as all.
func orAll[T api.Op | api.Outcome](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return slices.Clip(list)
}

// OpenTally reads the tally that a volley left, whole, into memory; a file that is none is an error.
func OpenTally(path string) (Tally, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	t, err := tally.Decode(bufio.NewReader(f))
	if err != nil {
		return nil, err
	}
	return counted{t}, nil
}
