package pair

import (
	"context"
	"errors"
	"fmt"
)

// ErrMoved says that a key of the witness was written since it was read: nothing was changed, look again.
var ErrMoved = errors.New("the witness was written since it was read")

// Witness is the third place: a small store that both IDCs reach, and that outlives either. Read gives a key's value
// and its revision; "" and 0 for a key never written. CAS writes the value if the key is still at the revision, and returns
// its new one; ErrMoved if it is not, for certain; after any other error it may have been written. Both wait until ctx ends at most.
type Witness interface {
	Read(ctx context.Context, key string) (value string, revision uint64, err error)
	CAS(ctx context.Context, key, value string, revision uint64) (now uint64, err error)
}

// Agreement is one home's mode in the witness, as it was read.
type Agreement struct {
	Home     string // the IDC whose users it is about
	Mode     Mode
	revision uint64
}

// Key is where the witness keeps a home's mode.
func Key(home string) string { return "pair." + home }

// ReadAgreement asks the witness once. A value that is no mode is an error: nobody may guess who grants.
func ReadAgreement(ctx context.Context, w Witness, home string) (Agreement, error) {
	value, revision, err := w.Read(ctx, Key(home))
	if err != nil {
		return Agreement{}, fmt.Errorf("ask the witness for %s: %w", Key(home), err)
	}
	a := Agreement{Home: home, revision: revision}
	if value == "" && revision == 0 {
		return a, nil
	}
	if err := a.Mode.UnmarshalText([]byte(value)); err != nil {
		return Agreement{}, fmt.Errorf("the witness' %s: %w", Key(home), err)
	}
	return a, nil
}

// Move writes the next mode, if by (an IDC) may and nobody wrote since a was read, and returns what is agreed then. After
// an error that is not ErrMoved the mode may have moved all the same: read it again.
func (a Agreement) Move(ctx context.Context, w Witness, by string, to Mode) (Agreement, error) {
	if !may(by == a.Home, a.Mode, to) {
		return a, fmt.Errorf("%s may not move %s from %s to %s", by, Key(a.Home), a.Mode, to)
	}
	now, err := w.CAS(ctx, Key(a.Home), to.String(), a.revision)
	if err != nil {
		return a, fmt.Errorf("move %s from %s to %s: %w", Key(a.Home), a.Mode, to, err)
	}
	return Agreement{a.Home, to, now}, nil
}
