package grantlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// markFile says how far the spool was synced when it was last written: number of the segment u64, its length u64, CRC32C
// of both u32, little-endian. It is written after each sync and never synced itself, so it may be older than the truth,
// after a power cut, but never ahead of it: what it calls synced was on disk before its bytes were made. So a bad record
// below it is damage, though no later record proves it.
const (
	markFile = "synced"
	markLen  = 8 + 8 + 4
)

// mark is how far a spool was synced.
type mark struct {
	segment uint64
	length  int64
}

func (m mark) encode() []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(le.AppendUint64(make([]byte, 0, markLen), m.segment), uint64(m.length))
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// readMark is the zero mark when there is none to be trusted.
func readMark(dir string) mark {
	b, err := os.ReadFile(filepath.Join(dir, markFile))
	le := binary.LittleEndian
	if err != nil || len(b) != markLen || crc32.Checksum(b[:16], castagnoli()) != le.Uint32(b[16:]) {
		return mark{}
	}
	return mark{le.Uint64(b), int64(le.Uint64(b[8:]))}
}

// check holds what is left of the last segment against what was on disk once.
func (m mark) check(last Segment, whole int64) error {
	switch {
	case m.segment > last.Number:
		return fmt.Errorf("segment %s is missing, and was written to: bring it back", segmentPath(filepath.Dir(last.Path), m.segment))
	case m.segment == last.Number && m.length > whole:
		return fmt.Errorf("segment %s is damaged at byte %d of the %d that were on disk: keep a copy of it, and take the grants "+
			"from the log", last.Path, whole, m.length)
	}
	return nil
}

// note writes the mark. That it fails does not matter to what is durable: it is then older than the truth.
func (s *Spool) note() {
	if s.marks != nil {
		_, _ = s.marks.WriteAt(mark{s.number, s.length}.encode(), 0)
	}
}
