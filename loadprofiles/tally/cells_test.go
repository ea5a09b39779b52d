package tally

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/system/api"
)

// Whatever is written in pieces while a volley runs reads back as what was counted; cut anywhere it reads as what was whole by then.
func TestCellsInPiecesAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.IntRange(1, 4).Draw(t, "cells")
		counted, whole := make([]*Tally, cells), New(0)
		for i := range counted {
			counted[i] = New(300 * time.Millisecond)
		}
		var text bytes.Buffer
		w, err := NewCellsWriter(&text)
		if err != nil {
			t.Fatal(err)
		}
		told := make([]int, cells)
		for n := range rapid.IntRange(1, 60).Draw(t, "requests") {
			at := time.Duration(n) * 50 * time.Millisecond
			took := time.Duration(rapid.IntRange(0, 5000).Draw(t, "took")) * time.Microsecond
			cell := rapid.IntRange(0, cells-1).Draw(t, "cell")
			counted[cell].Record(at, took, api.List, api.Done)
			whole.Record(at, took, api.List, api.Done)
			if upTo := counted[cell].Slots() - 3; upTo > told[cell] {
				if err := w.Write(counted[cell].Piece(nil, cell, told[cell], upTo)); err != nil {
					t.Fatal(err)
				}
				told[cell] = upTo
			}
		}
		for i, c := range counted {
			if err := w.Write(c.Piece(nil, i, told[i], c.Slots())); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		read, err := ReadCells(bytes.NewReader(text.Bytes()), cells, -1)
		if err != nil {
			t.Fatal(err)
		}
		all := Window{To: time.Hour}
		if got, want := Over(read.Of).Sum(0, time.Hour, nil, nil), whole.Sum(0, time.Hour, nil, nil); got != want {
			t.Fatalf("%d requests, want %d", got, want)
		}
		for _, q := range []float64{0.5, 0.99, 1} {
			got, _ := Over(read.Of).Within(all, q)
			if want, _ := whole.Within(all, q); got != want {
				t.Fatalf("quantile %g is %s, want %s", q, got, want)
			}
		}
		for i := range counted {
			if got, want := read.Of[i].Sum(0, time.Hour, nil, nil), counted[i].Sum(0, time.Hour, nil, nil); got != want {
				t.Fatalf("cell %d has %d, want %d", i, got, want)
			}
		}
		cut := rapid.IntRange(len(cellsMagic), text.Len()-1).Draw(t, "cut")
		some, err := ReadCells(bytes.NewReader(text.Bytes()[:cut]), cells, -1)
		if !errors.Is(err, ErrTorn) || Over(some.Of).Sum(0, time.Hour, nil, nil) > whole.Sum(0, time.Hour, nil, nil) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	})
}

func TestCellsRefuseWhatIsNone(t *testing.T) {
	piece := New(0).Piece(nil, 3, 0, 0)
	for name, text := range map[string]string{
		"nothing": "", "another file": "RPTALLY1", "a cell too many": cellsMagic + string(piece),
		"something behind the end": cellsMagic + "\x80\x02x", "a huge piece": cellsMagic + "\x00\xff\xff\xff\xff\xff\x0f",
		"a piece that is no tally": cellsMagic + "\x00\x03abc",
	} {
		if c, err := ReadCells(bytes.NewReader([]byte(text)), 3, -1); err == nil || errors.Is(err, ErrTorn) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}
