package l5

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// kept is a list as it lies on disk.
type kept struct {
	Role  string    `json:"role"`
	Saved time.Time `json:"saved"` // when the store had it
	Nodes []string  `json:"nodes"`
}

// maxKept is the most bytes of a list's file.
const maxKept = 1 << 20

// save replaces the file. It is not synced: a list that a power cut takes is like one that is too old.
func save(path, role string, now time.Time, names []string) error {
	text, err := json.Marshal(kept{Role: role, Saved: now.UTC(), Nodes: names})
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("keep it on disk: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep it on disk: %w", err)
	}
	return nil
}

// load reads a list that is at most so old; none, and no error, when there is no file.
func load(path, role string, now time.Time, limit time.Duration) (names []string, saved time.Time, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, saved, nil
	}
	if err == nil && info.Size() > maxKept {
		err = fmt.Errorf("it has %d bytes; at most %d", info.Size(), maxKept)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	var k kept
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	switch age := now.Sub(k.Saved); {
	case err != nil:
	case k.Role != role:
		err = fmt.Errorf("it lists %q", k.Role)
	case age > limit || age < -limit:
		err = fmt.Errorf("it is %s old; at most %s is believed", age.Round(time.Second), limit)
	}
	if err != nil {
		return nil, saved, fmt.Errorf("not read from %s: %w", path, err)
	}
	return k.Nodes, k.Saved, nil
}
