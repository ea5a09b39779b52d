package record

import (
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// A shelf's file is blocks of entries.
const (
	shelfMagic = "redpacket shelf 1\n"
	entryLen   = 32
)

func shelfForm() blocks {
	return blocks{shelfMagic, entryLen, func(b []byte) bool {
		return binary.BigEndian.Uint16(b[20:]) == 0 // a server has two bytes of its four
	}}
}

// ShelfWriter writes the entries of one shelf as they come. One goroutine may use it.
type ShelfWriter struct{ *blockWriter }

// NewShelfWriter starts a shelf's file; the error is w's. What is written is complete once it is closed.
func NewShelfWriter(w io.Writer) (*ShelfWriter, error) {
	b, err := shelfForm().write(w)
	return &ShelfWriter{b}, err
}

// Keep adds an entry. An amount that does not fit its field (0 … 1<<32-1 fen) is an error.
func (s *ShelfWriter) Keep(e books.Entry) error {
	if e.Fen < 0 || e.Fen > math.MaxUint32 {
		return fmt.Errorf("order %d: %d fen do not fit a record", e.Order, e.Fen)
	}
	return s.add(func(b []byte) []byte {
		b = binary.BigEndian.AppendUint64(b, uint64(e.Order))
		b = binary.BigEndian.AppendUint64(b, uint64(e.User))
		b = binary.BigEndian.AppendUint32(b, uint32(e.Fen))
		b = binary.BigEndian.AppendUint32(b, uint32(e.Server))
		return binary.BigEndian.AppendUint64(b, e.Pos)
	})
}

// Count is how many entries were kept.
func (s *ShelfWriter) Count() uint64 { return s.count }

// ReadShelf reads what ShelfWriter wrote, in order; its memory does not grow with the file. The last pair carries the
// error, if there is one: ErrTorn when the bytes are not what was written.
func ReadShelf(r io.Reader) iter.Seq2[books.Entry, error] { return read(shelfForm(), r, entry) }

// read reads the things of a form of file.
func read[T any](f blocks, r io.Reader, decode func([]byte) T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for b, err := range f.read(r) {
			var t T
			if err == nil {
				t = decode(b)
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func entry(b []byte) books.Entry {
	return books.Entry{
		Grant: api.Grant{
			Order:  api.Order(binary.BigEndian.Uint64(b)),
			User:   api.User(binary.BigEndian.Uint64(b[8:])),
			Fen:    money.Fen(binary.BigEndian.Uint32(b[16:])),
			Server: uint16(binary.BigEndian.Uint32(b[20:])),
		},
		Pos: binary.BigEndian.Uint64(b[24:]),
	}
}
