package tally

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"redpacket/system/api"
)

// Cells are tallies of one volley side by side, for requests that are to be told apart by more than op and outcome. They are
// kept as a stream that grows while the volley runs: pieces of tallies, each of some slots, which are added up when they are
// read.
type Cells struct {
	Of    []*Tally
	Until time.Duration // since the volley began: what was owed before is there; a volley in several shards is there up to its fastest
}

// Over is several tallies asked as one.
type Over []*Tally

const (
	cellsMagic = "RPCELLS1"
	maxCells   = 1 << 8
	endOfCells = maxCells // in the place of a cell: the stream is whole
)

// ErrTorn says that a stream of cells has no end: whoever writes it is still writing, or was killed. What came before is
// whole.
var ErrTorn = errors.New("cells have no end: their writer was killed or is still writing")

// CellsWriter writes a stream of cells. It is for one goroutine.
type CellsWriter struct{ to io.Writer }

// NewCellsWriter begins a stream; the error is to's. Close it, or its reader finds it torn.
func NewCellsWriter(to io.Writer) (*CellsWriter, error) {
	_, err := io.WriteString(to, cellsMagic)
	return &CellsWriter{to}, err
}

// Write adds a piece, as Piece made it.
func (w *CellsWriter) Write(piece []byte) error {
	_, err := w.to.Write(piece)
	return err
}

// Close writes the end. It does not close what the stream is written to.
func (w *CellsWriter) Close() error { return w.Write(binary.AppendUvarint(nil, endOfCells)) }

// Slots is how many slots there are.
func (t *Tally) Slots() int { return len(t.slots) }

// Piece is the slots from … to-1 of a cell's tally in the stream's form, added to dst. It packs them. Slots beyond the last
// one are empty.
func (t *Tally) Piece(dst []byte, cell, from, to int) []byte {
	cut := &Tally{slots: make([]slot, max(0, to))}
	for at := max(0, from); at < min(to, len(t.slots)); at++ {
		t.pack(at)
		cut.slots[at].packed = t.slots[at].packed
	}
	var text bytes.Buffer
	if cut.Encode(&text) != nil { // a buffer takes everything
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(cell))
	dst = binary.AppendUvarint(dst, uint64(text.Len()))
	return append(dst, text.Bytes()...)
}

// ReadCells adds up a stream of so many cells, where what was owed before from may be missing. Without an end the error
// wraps ErrTorn, and the cells are those of the pieces that are whole; any other error means that it is no such stream.
func ReadCells(r io.Reader, cells int, from time.Duration) (all Cells, err error) {
	for range cells {
		all.Of = append(all.Of, New(0))
	}
	in := bufio.NewReader(io.LimitReader(r, maxFile))
	begin := make([]byte, len(cellsMagic))
	if _, err := io.ReadFull(in, begin); err != nil || string(begin) != cellsMagic {
		return Cells{}, fmt.Errorf("these are no cells: they do not begin with %s", cellsMagic)
	}
	for {
		cell, err := binary.ReadUvarint(in)
		if err != nil {
			return all, ErrTorn
		}
		if cell == endOfCells {
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				return Cells{}, errors.New("cells: something stands behind their end")
			}
			return all, nil
		}
		if cell >= uint64(cells) {
			return Cells{}, fmt.Errorf("cells: a piece is of cell %d of %d", cell, cells)
		}
		text, err := readPiece(in)
		if err != nil {
			return all, err
		}
		if lengthOf(text) <= from {
			continue
		}
		piece, err := Decode(bytes.NewReader(text))
		if err != nil {
			return all, err
		}
		all.Of[cell].Merge(piece)
		all.Until = max(all.Until, piece.Length())
	}
}

func readPiece(in *bufio.Reader) ([]byte, error) {
	length, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, ErrTorn
	}
	if length > maxFile {
		return nil, fmt.Errorf("cells: a piece of %d bytes", length)
	}
	var text bytes.Buffer // it grows with what there is, whatever the length says
	if n, err := io.CopyN(&text, in, int64(length)); err != nil || n < int64(length) {
		return nil, ErrTorn
	}
	return text.Bytes(), nil
}

// lengthOf is the length of a tally before it is decoded, by what it says of its slots.
func lengthOf(text []byte) time.Duration {
	slots, _ := binary.Uvarint(text[min(len(magic), len(text)):])
	return time.Duration(min(slots, maxSlots)) * Slot
}

// Sum is how many requests of any of the ops, owed in a window, came to any of the outcomes; nil means all.
func (o Over) Sum(from, to time.Duration, ops []api.Op, outcomes []api.Outcome) (sum uint64) {
	for _, t := range o {
		sum += t.Sum(from, to, ops, outcomes)
	}
	return sum
}

// Within is Tally.Within of all of them together.
func (o Over) Within(w Window, q float64) (time.Duration, bool) {
	all, sum := make([]int64, counts), uint64(0)
	for _, t := range o {
		some, n := t.gather(w.From, w.To, chosen(w.Ops, w.Outcomes))
		sum += n
		for i, k := range some {
			all[i] += k
		}
	}
	return quantile(all, sum, q)
}
