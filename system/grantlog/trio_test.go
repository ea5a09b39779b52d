package grantlog

import (
	"errors"
	"sync/atomic"
	"testing"

	"redpacket/system/pair"
)

func TestTrio(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode               pair.Mode
		spool, mirror, own error
		doubted            bool // by the mirror, from an earlier attempt
		want               error
		asked              [3]int32 // spool (-1: at any time), mirror, own
	}{
		"mirrored":                          {pair.Mirrored, nil, nil, nil, false, nil, [3]int32{-1, 1, 1}},
		"mirrored, the spool is broken":     {pair.Mirrored, ErrRefused, nil, nil, false, nil, [3]int32{-1, 1, 1}},
		"mirrored, no mirror":               {pair.Mirrored, nil, ErrRefused, nil, false, ErrNowhere, [3]int32{-1, 1, 0}},
		"mirrored, no mirror, asked before": {pair.Mirrored, nil, ErrRefused, nil, true, ErrDoubt, [3]int32{-1, 1, 0}},
		"mirrored, the mirror is fenced":    {pair.Mirrored, nil, ErrFenced, nil, false, ErrNowhere, [3]int32{-1, 1, 0}},
		"mirrored, the mirror is silent":    {pair.Mirrored, nil, ErrDoubt, nil, false, ErrDoubt, [3]int32{-1, 1, 0}},
		"mirrored, no own log":              {pair.Mirrored, nil, nil, ErrRefused, false, ErrDoubt, [3]int32{-1, 1, 1}},
		"mirrored, the own log is fenced":   {pair.Mirrored, nil, nil, ErrFenced, false, ErrDoubt, [3]int32{-1, 1, 1}},
		"alone":                             {pair.Alone, nil, ErrRefused, nil, false, nil, [3]int32{1, 0, 1}},
		"alone, no spool":                   {pair.Alone, ErrRefused, nil, nil, false, ErrNowhere, [3]int32{1, 0, 0}},
		"alone, no log, asked before":       {pair.Alone, nil, nil, ErrRefused, true, ErrDoubt, [3]int32{1, 0, 1}},
		"leaning":                           {pair.Leaning, nil, nil, ErrRefused, false, nil, [3]int32{1, 1, 0}},
		"leaning, no spool":                 {pair.Leaning, ErrRefused, nil, nil, false, ErrNowhere, [3]int32{1, 0, 0}},
		"taken":                             {pair.Taken, nil, nil, nil, false, ErrNowhere, [3]int32{0, 0, 0}},
		"rejoining, asked before":           {pair.Rejoining, nil, nil, nil, true, ErrDoubt, [3]int32{0, 0, 0}},
	} {
		var asked [3]atomic.Int32
		trio := Trio{Mode: c.mode, Spool: answers{err: c.spool, asked: &asked[0]},
			Mirror: answers{err: c.mirror, doubted: c.doubted, asked: &asked[1]}, Own: answers{err: c.own, asked: &asked[2]}}
		err := trio.Append(t.Context(), some(1, 1))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
		if errors.Is(c.want, ErrDoubt) && errors.Is(err, ErrNowhere) && !c.doubted {
			t.Errorf("%s: %v is both", name, err)
		}
		for i := range asked {
			if got := asked[i].Load(); c.asked[i] >= 0 && got != c.asked[i] {
				t.Errorf("%s: place %d was asked %d times; want %d", name, i, got, c.asked[i])
			}
		}
	}
}

// Again asks the logs alone, and is done only when all that count have the batch.
func TestTrioAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode        pair.Mode
		mirror, own error
		ok          bool
	}{
		"mirrored": {pair.Mirrored, nil, nil, true}, "no own log": {pair.Mirrored, nil, ErrFenced, false},
		"no mirror": {pair.Mirrored, ErrDoubt, nil, false}, "alone": {pair.Alone, ErrRefused, nil, true},
		"leaning": {pair.Leaning, nil, ErrRefused, true}, "taken": {pair.Taken, nil, nil, false},
	} {
		var asked atomic.Int32
		trio := Trio{Mode: c.mode, Spool: answers{err: errors.New("the spool is asked"), asked: &asked},
			Mirror: answers{err: c.mirror, asked: new(atomic.Int32)}, Own: answers{err: c.own, asked: new(atomic.Int32)}}
		if err := trio.Again(t.Context(), some(1, 1)); (err == nil) != c.ok || errors.Is(err, ErrNowhere) || asked.Load() != 0 {
			t.Errorf("%s: %v, with the spool asked %d times", name, err, asked.Load())
		}
	}
}
