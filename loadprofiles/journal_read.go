package loadprofiles

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
)

// ReadJournal reads a claim journal as a stream, in constant memory. It ends with one error when the journal is not
// whole: ErrTorn when its end is missing, another when its bytes are wrong. What came before an error was well formed,
// but only a journal read to its end without one is what its writer wrote.
func ReadJournal(r io.Reader) iter.Seq2[Attempt, error] {
	return func(yield func(Attempt, error) bool) {
		in := journalReader{from: bufio.NewReaderSize(r, 1<<16)}
		if err := in.header(); err != nil {
			yield(Attempt{}, err)
			return
		}
		for {
			a, err := in.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

type journalReader struct {
	from  *bufio.Reader
	sum   uint32
	count uint64
	table *crc32.Table
}

func (in *journalReader) header() error {
	in.table = castagnoli()
	b, err := in.from.Peek(headerSize)
	if err != nil || string(b[:4]) != journalMagic {
		return fmt.Errorf("this is no claim journal: it does not begin with %s", journalMagic)
	}
	version, size := binary.LittleEndian.Uint16(b[4:]), binary.LittleEndian.Uint16(b[6:])
	if version != 1 || size != AttemptSize {
		return fmt.Errorf("claim journal version %d with records of %d bytes; this build reads 1 and %d", version, size, AttemptSize)
	}
	return in.take(b)
}

// next returns io.EOF after the trailer, which is shorter than a record: what is left of the file tells them apart.
func (in *journalReader) next() (Attempt, error) {
	b, err := in.from.Peek(AttemptSize + trailerSize)
	if len(b) >= AttemptSize {
		a, err := decode(b[:AttemptSize])
		if err != nil {
			return a, fmt.Errorf("journal, record %d: %w", in.count, err)
		}
		in.count++
		return a, in.take(b[:AttemptSize])
	}
	if !errors.Is(err, io.EOF) {
		return Attempt{}, fmt.Errorf("read journal: %w", err)
	}
	return Attempt{}, in.end(b)
}

func (in *journalReader) end(b []byte) error {
	if len(b) != trailerSize || string(b[:4]) != trailerMagic {
		return fmt.Errorf("%w (after %d records)", ErrTorn, in.count)
	}
	if n := binary.LittleEndian.Uint64(b[4:]); n != in.count {
		return fmt.Errorf("journal says it has %d records and has %d", n, in.count)
	}
	if sum := crc32.Update(in.sum, in.table, b[:12]); sum != binary.LittleEndian.Uint32(b[12:]) {
		return fmt.Errorf("journal of %d records: checksum is wrong, the file was changed", in.count)
	}
	return io.EOF
}

func (in *journalReader) take(b []byte) error {
	in.sum = crc32.Update(in.sum, in.table, b)
	_, err := in.from.Discard(len(b))
	return err
}
