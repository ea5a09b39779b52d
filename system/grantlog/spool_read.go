package grantlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// recover finds where the last segment's whole records end, cuts what is behind, and makes it the current one.
func (s *Spool) recover() error {
	segments, err := listSegments(s.dir)
	if err != nil {
		return err
	}
	synced := readMark(s.dir)
	if len(segments) == 0 {
		if synced.segment > 0 {
			return synced.check(Segment{Path: segmentPath(s.dir, 0)}, 0)
		}
		return s.begin(1)
	}
	last := segments[len(segments)-1]
	whole, err := readSegment(last, func([]byte) error { return nil })
	if err != nil && !errors.Is(err, errTorn) {
		return err
	}
	if err := synced.check(last, whole); err != nil {
		return err
	}
	if s.file, err = s.disk.Open(last.Path, whole); err != nil {
		return err
	}
	s.number, s.length = last.Number, whole
	// A crash between making the file and syncing its directory could still lose the name.
	return s.disk.SyncDir(s.dir)
}

// readSegment scans one file of at most SegmentBytes and one group.
func readSegment(seg Segment, keep func(batch []byte) error) (whole int64, err error) {
	f, err := os.Open(seg.Path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	const most = SegmentBytes + 2*maxWaiting
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return 0, fmt.Errorf("read segment %s: %w", seg.Path, err)
	}
	if len(data) > most {
		return 0, fmt.Errorf("segment %s is longer than %d bytes; no spool wrote it", seg.Path, most)
	}
	return scan(seg.Path, data, keep)
}

// Read gives every batch of the spool in the order it was written, up to what is on disk now. It holds one segment in
// memory. A damaged or missing segment ends it with an error that names the file.
func (s *Spool) Read(ctx context.Context) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		segments, err := s.Segments()
		if err != nil {
			yield(Batch{}, err)
			return
		}
		for i, seg := range segments {
			last := i == len(segments)-1
			if err := yieldSegment(ctx, seg, last, yield); err != nil {
				if !errors.Is(err, errStopped) {
					yield(Batch{}, err)
				}
				return
			}
		}
	}
}

// errStopped says that the one who reads has had enough.
var errStopped = errors.New("stopped")

// yieldSegment gives one file's batches. Only the last file may end in the middle of a record: an earlier one was synced
// whole before its successor was made.
func yieldSegment(ctx context.Context, seg Segment, last bool, yield func(Batch, error) bool) error {
	_, err := readSegment(seg, func(encoded []byte) error {
		b, err := DecodeBatch(encoded)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !yield(b, nil) {
			err = errStopped
		}
		return err
	})
	switch {
	case errors.Is(err, errTorn) && last:
		return nil // an append that is under way
	case errors.Is(err, errTorn):
		return fmt.Errorf("segment %s ends in the middle of a record, and a later segment is there: take its grants from the log", seg.Path)
	case err == nil && seg.Bytes == 0 && !last:
		return fmt.Errorf("segment %s is empty, and a later segment is there: take its grants from the log", seg.Path)
	}
	return err
}
