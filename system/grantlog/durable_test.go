package grantlog

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
)

// answers is a Place that gives one answer and counts its questions.
type answers struct {
	err     error
	doubted bool
	asked   *atomic.Int32
}

func (a answers) String() string                      { return "a test's place" }
func (a answers) Doubts(Batch) bool                   { return a.doubted }
func (a answers) Append(context.Context, Batch) error { a.asked.Add(1); return a.err }

// early: Append need not wait for every log.
const early = -1

func TestDurable(t *testing.T) {
	t.Parallel()
	odd := errors.New("something else")
	for name, c := range map[string]struct {
		need   int
		places []error
		want   error
		logs   int // how many logs are asked
	}{
		"both":                           {2, []error{nil, nil}, nil, 1},
		"spool refuses":                  {2, []error{ErrRefused, nil}, ErrNowhere, 0},
		"spool breaks":                   {2, []error{ErrDoubt, nil}, ErrNowhere, 0},
		"log refuses":                    {2, []error{nil, ErrRefused}, ErrNowhere, 1},
		"fenced: the spool's is void":    {2, []error{nil, ErrFenced}, ErrNowhere, 1},
		"log in doubt":                   {2, []error{nil, ErrDoubt}, ErrDoubt, 1},
		"log says something else":        {2, []error{nil, odd}, ErrDoubt, 1},
		"one of one":                     {1, []error{nil}, nil, 0},
		"three of two places":            {3, []error{nil, nil}, ErrNowhere, 0},
		"no places":                      {1, nil, ErrNowhere, 0},
		"spool and one of two logs":      {2, []error{nil, ErrRefused, nil}, nil, early},
		"both logs, no spool":            {2, []error{ErrRefused, nil, nil}, nil, 2},
		"one log of two, no spool":       {2, []error{ErrRefused, nil, ErrRefused}, ErrDoubt, 2},
		"no log of two":                  {2, []error{nil, ErrRefused, ErrFenced}, ErrNowhere, 2},
		"one log refuses, one in doubt":  {2, []error{nil, ErrRefused, ErrDoubt}, ErrDoubt, 2},
		"doubt and refusal in one error": {2, []error{nil, errors.Join(ErrDoubt, ErrRefused)}, ErrDoubt, 1},
	} {
		asked := make([]atomic.Int32, len(c.places)+1)
		d := Durable{Need: c.need}
		for i, err := range c.places {
			d.Places = append(d.Places, answers{err: err, asked: &asked[i]})
		}
		err := d.Append(t.Context(), some(1, 1))
		logs := 0
		for i := range asked[1:] {
			logs += int(asked[i+1].Load())
		}
		if !errors.Is(err, c.want) || (logs != c.logs && c.logs != early) {
			t.Errorf("%s: %v with %d logs asked; want %v with %d", name, err, logs, c.want, c.logs)
		}
		for _, other := range []error{ErrNowhere, ErrDoubt} {
			if other != c.want && errors.Is(err, other) {
				t.Errorf("%s: %v is %v, too", name, err, other)
			}
		}
	}
}

// A batch whose first attempt may be in the log is not nowhere because the spool has failed since.
func TestDurableAsksTheLogThatDoubts(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	spool := answers{err: ErrRefused, asked: new(atomic.Int32)}
	for err, want := range map[error]error{nil: ErrDoubt, ErrFenced: ErrNowhere, ErrDoubt: ErrDoubt} {
		d := Durable{[]Place{spool, answers{err: err, doubted: true, asked: &asked}}, 2}
		if got := d.Append(t.Context(), some(1, 1)); !errors.Is(got, want) {
			t.Errorf("the log says %v: %v; want %v", err, got, want)
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("the log was asked %d times of 3", n)
	}
}
