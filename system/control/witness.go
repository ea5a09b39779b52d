package control

import (
	"context"
	"errors"
	"fmt"

	"redpacket/system/pair"
)

// Witness is the store as the third place of two data centres.
func (s *Store) Witness() pair.Witness { return witness{s} }

type witness struct{ store *Store }

func (w witness) Read(ctx context.Context, key string) (string, uint64, error) {
	e, err := w.store.Read(ctx, key)
	return string(e.Value), e.Revision, err
}

func (w witness) CAS(ctx context.Context, key, value string, revision uint64) (uint64, error) {
	now, err := w.store.CAS(ctx, key, []byte(value), revision)
	if errors.Is(err, ErrMoved) {
		err = fmt.Errorf("%w: %w", pair.ErrMoved, err)
	}
	return now, err
}
