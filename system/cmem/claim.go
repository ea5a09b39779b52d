package cmem

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"

	"redpacket/system/api"
)

// Claim decides a batch in one atomic step, in the order of asks; a user who has the gift gets the same share again. The
// errors ErrEpoch and ErrVoid are certain: nothing changed. After any other the outcome is unknown: see Settle. The asks
// must number 1 to MaxBatch.
func (s *Store) Claim(ctx context.Context, t Turn, asks []Ask) ([]Share, error) {
	p := s.packers.Get().(*packer)
	defer s.packers.Put(p)
	packed, err := p.pack(asks)
	if err != nil {
		return nil, err
	}
	args := append(make([]string, 0, 4+len(p.gifts)+len(t.Finished)), t.epoch(), t.Writer, t.batch(), packed)
	args = append(args, p.gifts...)
	for _, done := range t.Finished {
		args = append(args, strconv.FormatUint(done, 10))
	}
	reply, err := s.scripts.claim.Exec(ctx, s.client, nil, args).ToString()
	if err != nil {
		return nil, meaning("claim batch "+t.batch(), err)
	}
	_, shares, err := unpack(packed + reply)
	return shares, err
}

// Settle finds out what became of a batch whose Claim had no certain answer: its shares when it happened, nil when it did
// not. After nil it never will: a call that is still on its way is refused. ErrEpoch: the shard was rebuilt or will be,
// out of the log, so Redis' part in the batch is over. Any other error: ask again.
func (s *Store) Settle(ctx context.Context, t Turn) ([]Share, error) {
	record, err := s.scripts.settle.Exec(ctx, s.client, nil, []string{t.epoch(), t.Writer, t.batch()}).ToString()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	if err != nil {
		return nil, meaning("settle batch "+t.batch(), err)
	}
	_, shares, err := unpack(record)
	return shares, err
}

// Return takes back a batch that certainly is not durable. A share goes back to its stock unless another attempt of the
// same user, durable or on its way, holds it too. It says how many went back; a second call for the batch changes nothing.
func (s *Store) Return(ctx context.Context, t Turn, asks []Ask, shares []Share) (back int, err error) {
	args := []string{t.epoch(), t.Writer, t.batch(), packHeld(asks, shares)}
	n, err := s.scripts.giveBack.Exec(ctx, s.client, nil, args).AsInt64()
	return int(n), meaning("return batch "+t.batch(), err)
}

// Receipts answers who holds what; NotFound for a gift the user does not hold, ErrEpoch while the node is being
// installed. It says what Redis decided, which may not be durable yet. The asks must number 1 to MaxBatch.
func (s *Store) Receipts(ctx context.Context, asks []Ask) ([]Share, error) {
	p := s.packers.Get().(*packer)
	defer s.packers.Put(p)
	packed, err := p.pack(asks)
	if err != nil {
		return nil, err
	}
	reply, err := s.scripts.receipts.Exec(ctx, s.client, nil, []string{packed}).ToString()
	if err != nil {
		return nil, meaning("read receipts", err)
	}
	_, shares, err := unpack(packed + reply)
	for i := range shares {
		if shares[i].Code == api.SoldOut {
			shares[i].Code = api.NotFound
		}
	}
	return shares, err
}

// Leftover is a batch that Redis decided and whose writer did not say how it ended.
type Leftover struct {
	Batch  uint64
	Asks   []Ask
	Shares []Share
}

// Leftovers lists the writer's open batches below t.Batch, oldest first: those of a previous life.
func (s *Store) Leftovers(ctx context.Context, t Turn) ([]Leftover, error) {
	records, err := s.scripts.leftovers.Exec(ctx, s.client, nil, []string{t.epoch(), t.Writer}).AsStrMap()
	if err != nil {
		return nil, meaning("list leftovers of "+t.Writer, err)
	}
	var left []Leftover
	for field, record := range records {
		batch, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list leftovers of %s: batch %q: %w", t.Writer, field, errRecord)
		}
		if batch >= t.Batch {
			continue
		}
		asks, shares, err := unpack(record)
		if err != nil {
			return nil, fmt.Errorf("list leftovers of %s: batch %d: %w", t.Writer, batch, err)
		}
		left = append(left, Leftover{Batch: batch, Asks: asks, Shares: shares})
	}
	slices.SortFunc(left, func(a, b Leftover) int { return cmp.Compare(a.Batch, b.Batch) })
	return left, nil
}

func (t Turn) epoch() string { return strconv.FormatUint(uint64(t.Epoch), 10) }

func (t Turn) batch() string { return strconv.FormatUint(t.Batch, 10) }
