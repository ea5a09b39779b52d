package record

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
)

// ErrTorn says that a file of blocks ends too early or was changed.
var ErrTorn = errors.New("the file is torn or was changed")

// blocks is a form of file for many short things of one size: the magic, then blocks: the number of things (4 bytes), the
// things, and the CRC-32C of both. Only the last block with things in it is not full; a block of none ends the file, so a
// torn file is known as one. Numbers are big-endian.
type blocks struct {
	magic string
	size  int                 // of a thing, bytes
	sound func(b []byte) bool // says whether a writer can have written the thing
}

const blockMost = 2048 // things

// blockWriter writes things as they come. One goroutine may use it.
type blockWriter struct {
	form  blocks
	w     *bufio.Writer
	block []byte // 4 bytes for the number, then things
	count uint64
}

// write starts a file.
func (f blocks) write(w io.Writer) (*blockWriter, error) {
	b := &blockWriter{form: f, w: bufio.NewWriterSize(w, 1<<17), block: make([]byte, 4, 4+f.size*blockMost+4)}
	_, err := b.w.WriteString(f.magic)
	return b, err
}

// add takes one thing: put appends it.
func (b *blockWriter) add(put func([]byte) []byte) error {
	b.block = put(b.block)
	b.count++
	if len(b.block) >= 4+b.form.size*blockMost {
		return b.flush()
	}
	return nil
}

func (b *blockWriter) flush() error {
	binary.BigEndian.PutUint32(b.block, uint32((len(b.block)-4)/b.form.size))
	b.block = binary.BigEndian.AppendUint32(b.block, sum(b.block))
	_, err := b.w.Write(b.block)
	b.block = b.block[:4]
	return err
}

// Close ends the file; it does not close what is under it.
func (b *blockWriter) Close() error {
	if len(b.block) > 4 {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	return b.w.Flush()
}

// read gives every thing, in order, in memory that does not grow with the file; what it gives is valid until the next. The
// last pair carries the error, if there is one: ErrTorn when the bytes are not what was written.
func (f blocks) read(r io.Reader) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		in := bufio.NewReaderSize(r, 1<<17)
		magic := make([]byte, len(f.magic))
		if _, err := io.ReadFull(in, magic); err != nil || string(magic) != f.magic {
			yield(nil, fmt.Errorf("not a file that begins with %q: %w", f.magic, ErrTorn))
			return
		}
		block := make([]byte, 4+f.size*blockMost+4)
		for last := false; ; {
			things, err := f.block(in, block)
			if err == nil {
				err = inPlace(in, things, last)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(things) == 0 {
				return
			}
			last = len(things) < f.size*blockMost
			for ; len(things) > 0; things = things[f.size:] {
				if !yield(things[:f.size], nil) {
					return
				}
			}
		}
	}
}

// inPlace holds a block to where a writer puts it: only the last of those with things is not full, and nothing stands
// behind the empty one.
func inPlace(in io.Reader, things []byte, last bool) error {
	if len(things) > 0 {
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

func (f blocks) block(in io.Reader, block []byte) ([]byte, error) {
	if _, err := io.ReadFull(in, block[:4]); err != nil {
		return nil, ErrTorn
	}
	n := binary.BigEndian.Uint32(block)
	if n > blockMost {
		return nil, ErrTorn
	}
	end := 4 + f.size*int(n)
	if _, err := io.ReadFull(in, block[4:end+4]); err != nil {
		return nil, ErrTorn
	}
	if sum(block[:end]) != binary.BigEndian.Uint32(block[end:]) {
		return nil, ErrTorn
	}
	for at := 4; at < end; at += f.size {
		if !f.sound(block[at : at+f.size]) {
			return nil, ErrTorn
		}
	}
	return block[4:end], nil
}

func sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
