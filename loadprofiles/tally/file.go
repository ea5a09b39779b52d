package tally

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	magic   = "RPTALLY1"
	maxFile = 256 << 20 // ten times what ten minutes of the night take
)

// Encode writes the tally: magic, number of slots, each slot as its length and its packed bytes, CRC-32C of all of it.
func (t *Tally) Encode(w io.Writer) error {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	out := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)
	// The buffer keeps the first error for Flush.
	_, _ = out.WriteString(magic)
	_, _ = out.Write(binary.AppendUvarint(nil, uint64(len(t.slots))))
	for at := range t.slots {
		t.pack(at)
		_, _ = out.Write(binary.AppendUvarint(nil, uint64(len(t.slots[at].packed))))
		_, _ = out.Write(t.slots[at].packed)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write tally: %w", err)
	}
	if _, err := w.Write(sum.Sum(nil)); err != nil {
		return fmt.Errorf("write tally: %w", err)
	}
	return nil
}

// Decode reads a tally. It refuses what Encode cannot have written, and takes no more memory than a small multiple of
// what it reads.
func Decode(r io.Reader) (*Tally, error) {
	file, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read tally: %w", err)
	}
	if len(file) > maxFile {
		return nil, fmt.Errorf("tally is larger than %d bytes", maxFile)
	}
	body, found := bytes.CutPrefix(file, []byte(magic))
	if !found || len(body) < 4 {
		return nil, fmt.Errorf("this is no tally: it does not begin with %s", magic)
	}
	end := len(file) - 4
	if crc32.Checksum(file[:end], crc32.MakeTable(crc32.Castagnoli)) != binary.BigEndian.Uint32(file[end:]) {
		return nil, errors.New("tally: checksum is wrong, the file was cut or changed")
	}
	return decode(body[:len(body)-4])
}

func decode(b []byte) (*Tally, error) {
	slots, size := binary.Uvarint(b)
	if size <= 0 || slots > maxSlots || slots > uint64(len(b)) {
		return nil, fmt.Errorf("tally of %d bytes names %d slots", len(b), slots)
	}
	b = b[size:]
	t := &Tally{slots: make([]slot, slots), keep: 1, oldest: int(slots)}
	all := uint64(0)
	for at := range t.slots {
		length, size := binary.Uvarint(b)
		if size <= 0 || length > uint64(len(b)-size) {
			return nil, fmt.Errorf("tally ends within slot %d of %d", at, slots)
		}
		packed := b[size : size+int(length)]
		b = b[size+int(length):]
		if err := walk(packed, func(_, _ int, count int64) { all += uint64(count) }); err != nil {
			return nil, fmt.Errorf("tally, slot %d: %w", at, err)
		}
		t.slots[at].packed = packed
	}
	if len(b) > 0 || all > 1<<60 {
		return nil, fmt.Errorf("tally has %d bytes too many, or counts %d requests", len(b), all)
	}
	return t, nil
}
