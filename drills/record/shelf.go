package record

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"math"

	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// A shelf's file is the magic, then blocks: the number of entries (4 bytes), the entries (32 bytes each), and the CRC-32C
// of both. A block of no entries ends the file, so a torn file is known as one. Numbers are big-endian.
const (
	shelfMagic = "redpacket shelf 1\n"
	entryLen   = 32
	blockMost  = 2048 // entries
)

// ErrTorn says that a shelf's file ends too early or was changed.
var ErrTorn = errors.New("the file is torn or was changed")

// ShelfWriter writes the entries of one shelf as they come. One goroutine may use it.
type ShelfWriter struct {
	w     *bufio.Writer
	block []byte // 4 bytes for the number, then entries
	count uint64
}

// NewShelfWriter starts a shelf's file.
func NewShelfWriter(w io.Writer) (*ShelfWriter, error) {
	s := &ShelfWriter{w: bufio.NewWriterSize(w, 1<<17), block: make([]byte, 4, 4+entryLen*blockMost+4)}
	_, err := s.w.WriteString(shelfMagic)
	return s, err
}

// Keep adds an entry. An amount that does not fit its field (0 … 1<<32-1 fen) is an error.
func (s *ShelfWriter) Keep(e books.Entry) error {
	if e.Fen < 0 || e.Fen > math.MaxUint32 {
		return fmt.Errorf("order %d: %d fen do not fit a record", e.Order, e.Fen)
	}
	s.block = binary.BigEndian.AppendUint64(s.block, uint64(e.Order))
	s.block = binary.BigEndian.AppendUint64(s.block, uint64(e.User))
	s.block = binary.BigEndian.AppendUint32(s.block, uint32(e.Fen))
	s.block = binary.BigEndian.AppendUint32(s.block, uint32(e.Server))
	s.block = binary.BigEndian.AppendUint64(s.block, e.Pos)
	s.count++
	if len(s.block) >= 4+entryLen*blockMost {
		return s.flush()
	}
	return nil
}

// Count is how many entries were kept.
func (s *ShelfWriter) Count() uint64 { return s.count }

func (s *ShelfWriter) flush() error {
	binary.BigEndian.PutUint32(s.block, uint32((len(s.block)-4)/entryLen))
	s.block = binary.BigEndian.AppendUint32(s.block, sum(s.block))
	_, err := s.w.Write(s.block)
	s.block = s.block[:4]
	return err
}

// Close ends the file; it does not close what is under it.
func (s *ShelfWriter) Close() error {
	if len(s.block) > 4 {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.w.Flush()
}

// ReadShelf reads what ShelfWriter wrote, in order; its memory does not grow with the file. The last pair carries the
// error, if there is one: ErrTorn when the bytes are not what was written.
func ReadShelf(r io.Reader) iter.Seq2[books.Entry, error] {
	return func(yield func(books.Entry, error) bool) {
		in := bufio.NewReaderSize(r, 1<<17)
		magic := make([]byte, len(shelfMagic))
		if _, err := io.ReadFull(in, magic); err != nil || string(magic) != shelfMagic {
			yield(books.Entry{}, fmt.Errorf("not a shelf's file: %w", ErrTorn))
			return
		}
		block := make([]byte, 4+entryLen*blockMost+4)
		for last := false; ; {
			entries, err := readBlock(in, block)
			if err == nil {
				err = inPlace(in, entries, last)
			}
			if err != nil {
				yield(books.Entry{}, err)
				return
			}
			if len(entries) == 0 {
				return
			}
			last = len(entries) < entryLen*blockMost
			for ; len(entries) > 0; entries = entries[entryLen:] {
				if !yield(entry(entries), nil) {
					return
				}
			}
		}
	}
}

// inPlace holds a block to where a writer puts it: only the last of those with entries is not full, and nothing stands
// behind the empty one.
func inPlace(in io.Reader, entries []byte, last bool) error {
	if len(entries) > 0 {
		if last {
			return ErrTorn
		}
		return nil
	}
	var behind [1]byte
	if n, err := in.Read(behind[:]); n > 0 || !errors.Is(err, io.EOF) {
		return ErrTorn
	}
	return nil
}

func readBlock(in io.Reader, block []byte) ([]byte, error) {
	if _, err := io.ReadFull(in, block[:4]); err != nil {
		return nil, ErrTorn
	}
	n := binary.BigEndian.Uint32(block)
	if n > blockMost {
		return nil, ErrTorn
	}
	end := 4 + entryLen*int(n)
	if _, err := io.ReadFull(in, block[4:end+4]); err != nil {
		return nil, ErrTorn
	}
	if sum(block[:end]) != binary.BigEndian.Uint32(block[end:]) {
		return nil, ErrTorn
	}
	for at := 4; at < end; at += entryLen {
		if binary.BigEndian.Uint16(block[at+20:]) != 0 { // a server has two bytes of its four
			return nil, ErrTorn
		}
	}
	return block[4:end], nil
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

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
