package grantlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A spool's record, little-endian: length of the batch u32, CRC32C of everything after this field u32, the segment's
// length that was already on disk when the record was written u64, and the encoded batch.
//
// That third field is what tells a torn tail from damage. A crash may tear what was never synced; it cannot touch what
// was. So a bad record is a torn tail unless a later whole record, or the spool's mark, says that the place was already on
// disk.
const recordHead = 4 + 4 + 8

// Segment is one file of a spool.
type Segment struct {
	Path   string
	Number uint64 // the files of a spool count up without a gap
	Bytes  int64
}

// segmentSuffix tells the spool's files from whatever else is in the directory.
const segmentSuffix = ".spool"

// segmentPath pads the number, so that a listing of the directory is in order.
func segmentPath(dir string, number uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%016d%s", number, segmentSuffix))
}

// listSegments returns the segments of dir in order. A gap in the numbers is an error that names the missing file.
func listSegments(dir string) ([]Segment, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var segments []Segment
	for _, f := range files {
		name, ours := strings.CutSuffix(f.Name(), segmentSuffix)
		if !ours {
			continue
		}
		number, err := strconv.ParseUint(name, 10, 64)
		if err != nil || number == 0 || number+1 == 0 || f.Name() != filepath.Base(segmentPath(dir, number)) {
			return nil, fmt.Errorf("%s is not a segment's name; move it away", filepath.Join(dir, f.Name()))
		}
		info, err := f.Info()
		if err != nil {
			return nil, err
		}
		segments = append(segments, Segment{filepath.Join(dir, f.Name()), number, info.Size()})
	}
	slices.SortFunc(segments, func(a, b Segment) int { return int(int64(a.Number) - int64(b.Number)) })
	return segments, gapless(dir, segments)
}

// gapless finds a file that somebody took away: its grants would be silently missing from every reading.
func gapless(dir string, segments []Segment) error {
	for i := 1; i < len(segments); i++ {
		if want := segments[i-1].Number + 1; segments[i].Number != want {
			return fmt.Errorf("segment %s is missing, and later ones are there: bring it back", segmentPath(dir, want))
		}
	}
	return nil
}

// appendRecord appends a record of an encoded batch; synced is the segment's length on disk.
func appendRecord(dst []byte, batch []byte, synced int64) []byte {
	start := len(dst)
	le := binary.LittleEndian
	dst = le.AppendUint64(le.AppendUint32(le.AppendUint32(dst, uint32(len(batch))), 0), uint64(synced))
	dst = append(dst, batch...)
	le.PutUint32(dst[start+4:], crc32.Checksum(dst[start+8:], castagnoli()))
	return dst
}

// record takes one record off the front of data: its batch's bytes, what was synced before it, and its length.
func record(data []byte) (batch []byte, synced int64, length int, ok bool) {
	if len(data) < recordHead {
		return nil, 0, 0, false
	}
	size := binary.LittleEndian.Uint32(data)
	if size < headLen || size > MaxEncoded || int(size) > len(data)-recordHead {
		return nil, 0, 0, false
	}
	length = recordHead + int(size)
	if crc32.Checksum(data[8:length], castagnoli()) != binary.LittleEndian.Uint32(data[4:]) {
		return nil, 0, 0, false
	}
	return data[recordHead:length], int64(binary.LittleEndian.Uint64(data[8:])), length, true
}

// errTorn says that a segment ends in a record that was never finished.
var errTorn = errors.New("torn tail")

// scan calls keep with every whole batch of a segment's bytes and returns where the whole records end. The error is
// errTorn when what follows was never on disk for certain, keep's own, or says where the segment is damaged.
func scan(name string, data []byte, keep func(batch []byte) error) (whole int64, err error) {
	at := 0
	for at < len(data) {
		batch, synced, length, ok := record(data[at:])
		if !ok || synced > int64(at) {
			return int64(at), afterBad(name, data, at)
		}
		if err := keep(batch); err != nil {
			return int64(at), err
		}
		at += length
	}
	return int64(at), nil
}

// afterBad tells a torn tail from damage: a later whole record that proves that byte bad was on disk means damage.
func afterBad(name string, data []byte, bad int) error {
	for at := bad + 1; at+recordHead+headLen <= len(data); at++ {
		if string(data[at+recordHead:at+recordHead+3]) != "RPG" {
			continue
		}
		if _, synced, _, ok := record(data[at:]); ok && synced > int64(bad) && synced <= int64(at) {
			return fmt.Errorf("segment %s is damaged at byte %d, before records that are whole: keep a copy of it, and "+
				"take the grants from the log", name, bad)
		}
	}
	return errTorn
}
