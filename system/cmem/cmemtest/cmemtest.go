// Package cmemtest asks a real Redis the questions that the claim path relies on: what cmem promises, promise by promise.
package cmemtest

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/cmem"
	"redpacket/system/money"
)

// Scenario is one promise; Run empties the Redis at addr, and returns nil when the promise held. It takes milliseconds.
type Scenario struct {
	Name string
	Run  func(ctx context.Context, addr string) error
}

// Scenarios are all promises, in an order in which a reader can follow them.
func Scenarios() []Scenario {
	return []Scenario{
		{"a claim is granted once and repeated with the same share", repeats},
		{"a stock sells out exactly, with the exact sum", sellsOut},
		{"two claims of one user in one batch are one share", doubles},
		{"another epoch is refused and changes nothing", wrongEpoch},
		{"settle tells the answers of a batch that happened", settleHappened},
		{"a batch settled as never happened can never apply", settleNever},
		{"finished batches leave no record, open ones are leftovers", leftovers},
		{"a returned share goes to the next user, once", returns},
		{"a share that another attempt joined is not returned", returnsJoined},
		{"an installation gives the log's grants to their holders", installs},
		{"an installation refuses a log that contradicts itself", installsNothingFalse},
		{"a shard with a part of the stock gives out that part and no more", partOfStock},
		{"a neighbour and a shadow have stocks of their own", platform},
		{"users who got a share elsewhere get it again, from nobody's stock", marks},
		{"an older keeper cannot touch a newer installation", oldKeeper},
		{"receipts tell who holds what, and nothing while closed", receipts},
		{"the books sum to what was funded", booksSum},
	}
}

// Behaves runs every scenario against the Redis at addr, whose data it deletes, and joins what was broken.
func Behaves(ctx context.Context, addr string) error {
	var errs []error
	for _, s := range Scenarios() {
		if err := s.Run(ctx, addr); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	return errors.Join(errs...)
}

// small is an activity of three gifts: five equal shares, a hundred lucky ones, and three.
func small() activity.Activity {
	return activity.Activity{ID: 9, Seed: 1, Games: 1, Gifts: []activity.Gift{
		{ID: 0, Name: "equal", Shares: 5, Total: 52},
		{ID: 1, Name: "lucky", Shares: 100, Total: 10_000, Lucky: true},
		{ID: 2, Name: "few", Shares: 3, Total: 600},
	}}
}

// all is the whole stock of the small activity.
func all() cmem.Stock { return cmem.Stock{Activity: small()} }

// stage is one freshly installed node and a writer on it.
type stage struct {
	store *cmem.Store
	addr  string
	epoch uint32
	batch uint64
}

// open installs the node at addr with the grants, one epoch above the one it has.
func open(ctx context.Context, addr string, grants ...api.Grant) (*stage, error) {
	store, err := cmem.Dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	seen, err := store.Look(ctx)
	if err != nil {
		store.Close()
		return nil, err
	}
	st := &stage{store: store, addr: addr, epoch: max(seen.Epoch, seen.Installing) + 1}
	if err := store.Install(ctx, all(), st.epoch, each(grants)); err != nil {
		store.Close()
		return nil, err
	}
	return st, nil
}

func each(grants []api.Grant) iter.Seq2[api.Grant, error] {
	return func(yield func(api.Grant, error) bool) {
		for _, g := range grants {
			if !yield(g, nil) {
				return
			}
		}
	}
}

// turn is the next batch's.
func (st *stage) turn() cmem.Turn {
	st.batch++
	return cmem.Turn{Epoch: st.epoch, Writer: "ams-heavy-1", Batch: st.batch}
}

// claim claims one gift for each of the users.
func (st *stage) claim(ctx context.Context, gift api.Gift, users ...api.User) ([]cmem.Share, error) {
	return st.store.Claim(ctx, st.turn(), asks(gift, users...))
}

func asks(gift api.Gift, users ...api.User) []cmem.Ask {
	list := make([]cmem.Ask, len(users))
	for i, u := range users {
		list[i] = cmem.Ask{User: u, Gift: gift, Server: uint16(u) + 100}
	}
	return list
}

// grant is a share of the small activity as the log would hold it.
func grant(gift api.Gift, index uint32, user api.User) api.Grant {
	a := small()
	return api.Grant{Order: api.OrderOf(a.ID, gift, index), User: user, Fen: a.Amounts(a.Gifts[gift])[index], Server: uint16(user) + 100}
}

// held reads the books into a map of order -> user, and checks that they sum up.
func (st *stage) held(ctx context.Context) (map[api.Order]api.User, []books.Stock, error) {
	holders, granted := map[api.Order]api.User{}, money.Fen(0)
	epoch, stocks, err := cmem.Books(ctx, st.addr, all(), func(e books.Entry) error {
		holders[e.Order] = e.User
		granted += e.Fen
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	remaining := money.Fen(0)
	for _, s := range stocks {
		remaining += s.Remaining
	}
	if funded := small().Funded(); granted+remaining != funded || epoch != st.epoch {
		return nil, nil, fmt.Errorf("epoch %d: granted %s + remaining %s != funded %s", epoch, granted, remaining, funded)
	}
	return holders, stocks, nil
}

// same is an error unless got is want.
func same[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: got %v, want %v", what, got, want)
	}
	return nil
}
