package cmem

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"strconv"

	"github.com/redis/rueidis"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
	"redpacket/system/mutant"
)

// ErrConflict says that the log grants one share to two users, or two shares of one gift to one user. No shard may be
// opened over that: it must be shown to a person.
var ErrConflict = errors.New("the log contradicts itself")

// The sizes of an installation's steps: one step is one script call, and holds Redis for less than a millisecond.
const (
	stepGrants  = 500
	stepShares  = 1 << 16 // amounts written by one step
	stepIndexes = 2000
	stepsAtOnce = 16
)

// Install makes the node the shard's primary of an epoch: empty, stocked with a part of every gift, with every grant in
// its holder's hands, and open for Turns of that epoch as the last step. grants may repeat itself and come in any order; a
// grant of another part is a mark if the stock has Marks, else ErrConflict. ErrEpoch: the node is at this epoch or a later one already, or another keeper is
// at work on it. After an error the node is closed; try again under a new epoch.
func (s *Store) Install(ctx context.Context, stock Stock, epoch uint32, grants iter.Seq2[api.Grant, error]) error {
	in := installation{store: s, activity: stock.Activity, part: stock.Part, marks: stock.Marks, epoch: strconv.FormatUint(uint64(epoch), 10)}
	if err := s.scripts.begin.Exec(ctx, s.client, nil, []string{in.epoch}).Error(); err != nil {
		return meaning("empty the node", err)
	}
	if err := in.stock(ctx); err != nil {
		return err
	}
	if err := in.hand(ctx, grants); err != nil {
		return err
	}
	if err := in.settleStocks(ctx); err != nil {
		return err
	}
	return meaning("open the node", s.scripts.open.Exec(ctx, s.client, nil, []string{in.epoch}).Error())
}

// Stock is what a shard gives out: a part of every gift of an activity, and of the rest of its platform.
type Stock struct {
	Activity activity.Activity
	Part     activity.Part
	Only     []activity.Offer // for Books: of these alone; nil: of the whole platform
	Marks    bool             // users may hold shares of another part: they got them there, and get them again here, from nobody's stock
}

// installation is one run of Install.
type installation struct {
	store    *Store
	activity activity.Activity
	part     activity.Part
	marks    bool
	epoch    string
	shelves  map[api.Gift]*shelf // by the gift's number
	steps    []rueidis.LuaExec
	expect   []int64 // what each step must answer; -1: anything
}

// shelf is one gift while it is installed.
type shelf struct {
	first   uint32              // the index of the part's first share
	amounts []byte              // 4 bytes a share of the part
	others  []money.Fen         // what every share of the gift is worth; only where there are marks
	marked  map[uint32]api.User // who holds a share of another part
	holders []api.User          // by place in the part, as far as the highest one granted; 0 is nobody
	fields  []byte              // users and values of grants not yet sent
	waiting int
}

// stock sends the amounts of every share of the part. They stand at the share's place in the whole gift; what is before
// them is nobody's to give here, and is never looked at.
func (in *installation) stock(ctx context.Context) error {
	in.shelves = map[api.Gift]*shelf{}
	for _, o := range in.activity.Offers() {
		for _, g := range o.Gifts {
			if err := in.stockGift(ctx, o.Base+g.ID, g, o.Amounts(g)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *installation) stockGift(ctx context.Context, number api.Gift, g activity.Gift, amounts []money.Fen) error {
	sh := &shelf{}
	first, end := in.part.Range(g.Shares)
	packed := make([]byte, 0, 4*(end-first))
	if in.marks {
		sh.others, sh.marked = amounts, map[uint32]api.User{}
	}
	for i, fen := range amounts[first:end] {
		if fen < 1 || fen > math.MaxInt32 {
			return fmt.Errorf("stock gift %d: share %d of %s does not fit its field", number, int(first)+i, fen)
		}
		packed = binary.BigEndian.AppendUint32(packed, uint32(fen))
	}
	if mutant.Is(mutant.OneShareMore) && len(packed) > 0 {
		packed = append(packed, packed[:4]...)
	}
	sh.first, sh.amounts, in.shelves[number] = first, packed, sh
	for from := 0; from < len(packed); from += 4 * stepShares {
		part := packed[from:min(len(packed), from+4*stepShares)]
		at := strconv.Itoa(4*int(first) + from)
		if err := in.step(ctx, -1, "SETRANGE", key("amounts", number), at, string(part)); err != nil {
			return err
		}
	}
	return nil
}

// hand gives every grant of the log to its holder.
func (in *installation) hand(ctx context.Context, grants iter.Seq2[api.Grant, error]) error {
	for g, err := range grants {
		if err != nil {
			return fmt.Errorf("read the log's grants: %w", err)
		}
		if err := in.grant(ctx, g); err != nil {
			return err
		}
	}
	for gift := range in.shelves {
		if err := in.sendHolders(ctx, gift); err != nil {
			return err
		}
	}
	return nil
}

func (in *installation) grant(ctx context.Context, g api.Grant) error {
	gift, ok := in.activity.Number(g.Order)
	if ok && in.marks && isMark(&in.activity, in.part, g) {
		return in.mark(ctx, gift, g)
	}
	def, _ := in.activity.Gift(gift)
	if !ok || !in.part.Has(def, g.Order) || g.User == 0 || g.Poisoned() {
		return fmt.Errorf("%w: order %d of user %d is not of this shard's part of activity %d", ErrConflict, g.Order, g.User, in.activity.ID)
	}
	sh := in.shelves[gift]
	index := g.Order.Index() - sh.first
	if want := binary.BigEndian.Uint32(sh.amounts[4*index:]); uint32(g.Fen) != want {
		return fmt.Errorf("%w: order %d is worth %d fen in the log, %d in the activity", ErrConflict, g.Order, g.Fen, want)
	}
	for int(index) >= len(sh.holders) {
		sh.holders = append(sh.holders, 0)
	}
	switch sh.holders[index] {
	case g.User:
		return nil
	case 0:
		sh.holders[index] = g.User
	default:
		return fmt.Errorf("%w: order %d is granted to user %d and to user %d", ErrConflict, g.Order, sh.holders[index], g.User)
	}
	return in.holder(ctx, gift, g)
}

// holder queues a grant for its holder.
func (in *installation) holder(ctx context.Context, gift api.Gift, g api.Grant) error {
	sh := in.shelves[gift]
	sh.fields = binary.BigEndian.AppendUint64(sh.fields, uint64(g.User))
	sh.fields = held(sh.fields, g, 1)
	if sh.waiting++; sh.waiting == stepGrants {
		return in.sendHolders(ctx, gift)
	}
	return nil
}

// sendHolders queues a gift's waiting grants. Every field must be new: an old one is a user with two shares of the gift.
func (in *installation) sendHolders(ctx context.Context, gift api.Gift) error {
	sh := in.shelves[gift]
	if sh.waiting == 0 {
		return nil
	}
	args, fields := append(make([]string, 0, 3+2*sh.waiting), "HSET", key("who", gift)), string(sh.fields)
	for ; len(fields) > 0; fields = fields[userSize+answerSize:] {
		args = append(args, fields[:userSize], fields[userSize:userSize+answerSize])
	}
	n := int64(sh.waiting)
	sh.fields, sh.waiting = sh.fields[:0], 0
	return in.step(ctx, n, args...)
}

// settleStocks sets where every stock goes on, and puts back the shares below that nobody holds.
func (in *installation) settleStocks(ctx context.Context) error {
	for gift, sh := range in.shelves {
		holders, first := sh.holders, int(sh.first)
		if err := in.step(ctx, -1, "HSET", "taken", strconv.Itoa(int(gift)), strconv.Itoa(first+len(holders))); err != nil {
			return err
		}
		var free []string
		for index, user := range holders {
			if user == 0 {
				free = append(free, strconv.Itoa(first+index))
			}
			if len(free) == stepIndexes || index == len(holders)-1 {
				if err := in.putBack(ctx, gift, free); err != nil {
					return err
				}
				free = nil
			}
		}
	}
	return in.flush(ctx)
}

func (in *installation) putBack(ctx context.Context, gift api.Gift, free []string) error {
	if len(free) == 0 {
		return nil
	}
	if err := in.step(ctx, -1, append([]string{"RPUSH", key("returned", gift)}, free...)...); err != nil {
		return err
	}
	return in.step(ctx, -1, "INCRBY", "back", strconv.Itoa(len(free)))
}

// step queues one command, to be run only while the installation is ours.
func (in *installation) step(ctx context.Context, expect int64, command ...string) error {
	in.steps = append(in.steps, rueidis.LuaExec{Args: append([]string{in.epoch}, command...)})
	in.expect = append(in.expect, expect)
	if len(in.steps) < stepsAtOnce {
		return nil
	}
	return in.flush(ctx)
}

func (in *installation) flush(ctx context.Context) error {
	if len(in.steps) == 0 {
		return nil
	}
	for i, reply := range in.store.scripts.load.ExecMulti(ctx, in.store.client, in.steps...) {
		what := in.steps[i].Args[1] + " " + in.steps[i].Args[2]
		if err := reply.Error(); err != nil {
			return meaning(what, err)
		}
		if got, _ := reply.AsInt64(); in.expect[i] >= 0 && got != in.expect[i] {
			return fmt.Errorf("%w: %s: %d of %d grants are second shares of the same user", ErrConflict, what, in.expect[i]-got, in.expect[i])
		}
	}
	in.steps, in.expect = in.steps[:0], in.expect[:0]
	return nil
}

func key(name string, gift api.Gift) string { return name + ":" + strconv.Itoa(int(gift)) }
