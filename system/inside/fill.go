package inside

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"redpacket/system/pause"
)

// Fill is a volume without a free byte. Only a volume of a stated size is filled: a larger one may be the machine's own disk.
type Fill struct {
	Dir string `json:"dir"`
}

const (
	mostFilled = 1 << 30 // bytes of the largest volume that is filled
	fillAgain  = 50 * time.Millisecond
	chunk      = 256 << 10
)

func (f *Fill) path(name string) string { return filepath.Join(f.Dir, ".full-"+name) }

// do writes until the disk takes no more.
func (f *Fill) do(_ context.Context, name string) (string, error) {
	size, _, err := f.room()
	if err != nil {
		return "", err
	}
	if size > mostFilled {
		return "", fmt.Errorf("the volume at %s has %d bytes, so it may be the machine's own disk; give the node a volume of a stated size, %d at most", f.Dir, size, mostFilled)
	}
	if err := f.write(name); err != nil {
		return "", err
	}
	_, free, err := f.room()
	if err != nil || free > 0 {
		return "", errors.Join(err, fmt.Errorf("the volume at %s still has %d bytes", f.Dir, free))
	}
	return fmt.Sprintf("none of %d bytes is free", size), nil
}

// room is how large the volume is, and how much of it is free.
func (f *Fill) room() (size, free uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(f.Dir, &s); err != nil {
		return 0, 0, fmt.Errorf("look at the volume at %s: %w", f.Dir, err)
	}
	return s.Blocks * uint64(s.Bsize), s.Bavail * uint64(s.Bsize), nil
}

// write appends to our file until there is no space left.
func (f *Fill) write(name string) error {
	file, err := os.OpenFile(f.path(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if errors.Is(err, syscall.ENOSPC) {
		return nil // full by somebody else, to the last entry of a directory
	}
	if err != nil {
		return fmt.Errorf("fill the volume: %w", err)
	}
	defer file.Close()
	zeros := make([]byte, chunk)
	for {
		if _, err = file.Write(zeros); errors.Is(err, syscall.ENOSPC) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("fill the volume: %w", err)
		}
	}
}

// keep fills what others free.
func (f *Fill) keep(ctx context.Context, name string) {
	for pause.For(ctx, fillAgain) {
		_ = f.write(name) // at the worst there is room for a moment longer
	}
}

// undo removes our file.
func (f *Fill) undo(name string) (string, error) {
	err := os.Remove(f.path(name))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("free the volume: %w", err)
	}
	_, free, err := f.room()
	return fmt.Sprintf("%d bytes are free", free), err
}
