package cmem

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// ErrDisagree says that the node's own figures contradict each other. The books are complete all the same.
var ErrDisagree = errors.New("the stocks in Redis disagree with themselves")

// scanCount is how many holders one HSCAN asks for.
const scanCount = 2000

// Books reads who holds what of a stock, and what is left, out of the node at addr; keep's error stops it. What remains is summed
// over the shares that nobody holds, not taken from the script's own counters; where those, or the amounts, tell
// otherwise, the books come with an error that is ErrDisagree. Read a node at rest: Books is not a snapshot.
func Books(ctx context.Context, addr string, stock Stock, keep func(books.Entry) error) (epoch uint32, stocks []books.Stock, err error) {
	s, err := Dial(ctx, addr)
	if err != nil {
		return 0, nil, err
	}
	defer s.Close()
	seen, err := s.Look(ctx)
	if err == nil && seen.Epoch == 0 {
		err = ErrEpoch
	}
	if err != nil {
		return 0, nil, fmt.Errorf("books of redis %s: %w", addr, err)
	}
	var odd []error
	offers := stock.Only
	if offers == nil {
		offers = stock.Activity.Offers()
	}
	for _, o := range offers {
		for _, g := range o.Gifts {
			c := count{store: s, activity: o.ID, number: o.Base + g.ID, gift: g, marks: stock.Marks, keep: keep}
			c.first, c.end = stock.Part.Range(g.Shares)
			c.funded = activity.Sum(o.Amounts(g)[c.first:c.end])
			of, err := c.run(ctx)
			if err != nil {
				return seen.Epoch, nil, fmt.Errorf("books of redis %s, gift %d of activity %d: %w", addr, g.ID, o.ID, err)
			}
			stocks, odd = append(stocks, of), append(odd, c.odd)
		}
	}
	return seen.Epoch, stocks, errors.Join(odd...)
}

// count takes the stock of one gift.
type count struct {
	store    *Store
	activity uint16 // the shadow's, where it is one
	number   api.Gift
	gift     activity.Gift
	first    uint32    // the part's first share
	end      uint32    // the share behind its last
	funded   money.Fen // the money of the part
	marks    bool      // holders of other parts' shares are none of ours
	keep     func(books.Entry) error
	amounts  string
	holders  []api.User // by index; those before first are nobody's
	users    uint32
	odd      error // the first disagreement found
}

func (c *count) run(ctx context.Context) (books.Stock, error) {
	var err error
	c.amounts, err = c.store.client.Do(ctx, c.store.client.B().Get().Key(key("amounts", c.number)).Build()).ToString()
	if err != nil && (c.first < c.end || !rueidis.IsRedisNil(err)) { // an empty part has no amounts
		return books.Stock{}, fmt.Errorf("read the amounts: %w", err)
	}
	c.holders = make([]api.User, len(c.amounts)/4)
	if err := c.store.holders(ctx, c.number, c.page); err != nil {
		return books.Stock{}, err
	}
	stock := c.sum()
	return stock, c.compare(ctx, stock)
}

// holders gives every holder of a gift, some at a time, to page: user and share by turns. One may be given twice.
func (s *Store) holders(ctx context.Context, gift api.Gift, page func([]string) error) error {
	for cursor := uint64(0); ; {
		got, err := s.client.Do(ctx, s.client.B().Hscan().Key(key("who", gift)).Cursor(cursor).Count(scanCount).Build()).AsScanEntry()
		if err != nil {
			return fmt.Errorf("read the holders: %w", err)
		}
		if err := page(got.Elements); err != nil {
			return err
		}
		if cursor = got.Cursor; cursor == 0 {
			return nil
		}
	}
}

// page keeps the holders of one page. A scan may show a holder twice; the same user with the same share is one.
func (c *count) page(elements []string) error {
	for i := 0; i+1 < len(elements); i += 2 {
		id, sh, err := holding(elements[i], elements[i+1])
		if err != nil {
			return err
		}
		if c.marks && c.marked(sh) {
			continue // the other part's, and in its books
		}
		known := int(sh.Index) < len(c.holders)
		if known && id != 0 && c.holders[sh.Index] == id {
			continue
		}
		c.users++
		switch {
		case !known:
			c.say("user %d holds share %d of %d", id, sh.Index, len(c.holders))
		case id == 0:
			c.say("share %d is held by user 0, who is nobody", sh.Index)
		case c.holders[sh.Index] != 0:
			c.say("users %d and %d both hold share %d", c.holders[sh.Index], id, sh.Index)
		case sh.Fen != c.amount(int(sh.Index)):
			c.say("user %d holds %d fen by share %d, worth %d", id, sh.Fen, sh.Index, c.amount(int(sh.Index)))
		}
		if known {
			c.holders[sh.Index] = id
		}
		if err := c.keep(c.entry(id, sh)); err != nil {
			return err
		}
	}
	return nil
}

// holding is one user and his share as Redis holds them.
func holding(user, value string) (api.User, Share, error) {
	if len(user) != userSize || len(value) != answerSize {
		return 0, Share{}, fmt.Errorf("%w: a holder of %d and %d bytes", errRecord, len(user), len(value))
	}
	return api.User(binary.BigEndian.Uint64([]byte(user))), share(value), nil
}

// marked says that a share is another part's.
func (c *count) marked(s Share) bool {
	return (s.Index < c.first || s.Index >= c.end) && s.Index < c.gift.Shares
}

func (c *count) entry(user api.User, s Share) books.Entry {
	return books.Entry{Grant: api.Grant{Order: api.OrderOf(c.activity, c.gift.ID, s.Index), User: user, Fen: s.Fen, Server: s.Server}}
}

// Marks reads who has which shares of other parts by the node at addr. A mark may be given to keep twice; keep's error stops
// it.
func Marks(ctx context.Context, addr string, stock Stock, keep func(books.Entry) error) error {
	s, err := Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, o := range stock.Activity.Offers() {
		for _, g := range o.Gifts {
			c := count{activity: o.ID, number: o.Base + g.ID, gift: g, keep: keep}
			c.first, c.end = stock.Part.Range(g.Shares)
			if err := s.holders(ctx, c.number, c.pageOfMarks); err != nil {
				return fmt.Errorf("marks of redis %s, gift %d of activity %d: %w", addr, g.ID, o.ID, err)
			}
		}
	}
	return nil
}

// pageOfMarks keeps the marks of one page.
func (c *count) pageOfMarks(elements []string) error {
	for i := 0; i+1 < len(elements); i += 2 {
		id, sh, err := holding(elements[i], elements[i+1])
		if err == nil && c.marked(sh) {
			err = c.keep(c.entry(id, sh))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *count) amount(index int) money.Fen {
	return money.Fen(binary.BigEndian.Uint32([]byte(c.amounts[4*index : 4*index+4])))
}

func (c *count) sum() books.Stock {
	stock := books.Stock{Gift: c.number, Shares: uint32(max(0, len(c.holders)-int(c.first)))}
	var all money.Fen
	for index, user := range c.holders {
		switch {
		case user != 0 && index < int(c.first):
			c.say("user %d holds share %d, which is before the part's first, %d", user, index, c.first)
			stock.Taken++
			continue
		case user != 0:
			stock.Taken++
		case index >= int(c.first):
			stock.Remaining += c.amount(index)
		}
		all += c.amount(index)
	}
	if all != c.funded || stock.Shares != c.end-c.first {
		c.say("%d shares of %s in all; the activity funds %d of %s", stock.Shares, all, c.end-c.first, c.funded)
	}
	return stock
}

// compare asks the script's own counters: what was ever given out, less what came back, must be held by somebody.
func (c *count) compare(ctx context.Context, stock books.Stock) error {
	b := c.store.client.B()
	replies := c.store.client.DoMulti(ctx, b.Hget().Key("taken").Field(strconv.Itoa(int(c.number))).Build(), b.Llen().Key(key("returned", c.number)).Build())
	text, err := replies[0].ToString()
	if err != nil && !rueidis.IsRedisNil(err) {
		return fmt.Errorf("read the counter: %w", err)
	}
	back, err := replies[1].AsInt64()
	if err != nil {
		return fmt.Errorf("read the returned shares: %w", err)
	}
	taken, _ := strconv.ParseInt(text, 10, 64)
	taken -= int64(c.first)
	if taken-back != int64(stock.Taken) || c.users != stock.Taken {
		c.say("the counter says %d taken and %d returned; %d users hold %d shares", taken, back, c.users, stock.Taken)
	}
	return nil
}

func (c *count) say(format string, args ...any) {
	if c.odd == nil {
		c.odd = fmt.Errorf("%w: gift %d of activity %d: %s", ErrDisagree, c.gift.ID, c.activity, fmt.Sprintf(format, args...))
	}
}
