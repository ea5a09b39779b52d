package judge

import (
	"fmt"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
)

// audit is what one pass over the books and the journal found. It is shared by the money invariants.
type audit struct {
	grants   *ledger
	pair     duo
	attempts uint64           // claims in the journal
	probed   uint64           // claims of the prober
	acked    uint64           // of both, those that were acknowledged
	logged   uint64           // entries in the log, repeats included
	repeats  uint64           // of them, those of an order that is there already
	held     uint64           // holders in Redis
	paid     uint64           // deliveries in the ledger
	byGift   map[api.Gift]sum // what the log granted of each gift, by its number on the platform
	queued   map[lane]uint64
	mirrored uint64           // entries in the mirrors, repeats included
	marks    uint64           // shares of the other data centre that Redis knows of
	frozen   map[api.Gift]sum // of each gift, shares that nobody gives out: their data centre's users are taken over

	newcomers uint64 // grants of gifts for new users

	gone gone // acknowledged, and in no log any more

	money   wrongs // M1: an amount in the log is not the share's
	stock   wrongs // M2
	twice   wrongs // M3
	cheap   wrongs // M6
	leaks   wrongs // M7
	tagged  uint64 // writes of pressure users, on all shelves
	writes  uint64 // all writes looked at for M7
	lost    wrongs // M4
	refused wrongs // M5: a refusal changed something
	halves  wrongs // M5: Redis and the log disagree
}

// lane is one game's queue in one data centre's log.
type lane struct{ log, game uint8 }

type sum struct {
	grants uint64
	fen    int64
}

// audit reads the books and the journal once, however many assertions ask.
func (c *Case) audit() (*audit, error) {
	if c.money == nil && c.trying == nil {
		c.money, c.trying = newAudit(c)
	}
	return c.money, c.trying
}

// newAudit holds the log's grants, 36 bytes each, and streams everything else past them.
func newAudit(c *Case) (*audit, error) {
	shelves := []books.Shelf{books.Cmem, books.Log, books.Ledger}
	if c.Activity.Shadow {
		shelves = append(shelves, books.Shadow)
	}
	for _, s := range shelves {
		if _, read := c.Shelves[s]; !read {
			return nil, fmt.Errorf("the shelf %q was not read", s)
		}
	}
	if err := c.Activity.Check(); err != nil { // what stands in a file may ask for any amount of memory
		return nil, fmt.Errorf("the recorded activity is none: %w", err)
	}
	m := &audit{
		byGift: map[api.Gift]sum{},
		frozen: map[api.Gift]sum{},
		queued: map[lane]uint64{},
	}
	var err error
	if m.pair, err = duoOf(c); err != nil {
		return nil, err
	}
	if err := m.readLog(c); err != nil {
		return nil, fmt.Errorf("the log: %w", err)
	}
	if err := m.readCmem(c); err != nil {
		return nil, fmt.Errorf("the books of Redis: %w", err)
	}
	if err := m.readMarks(c.Record); err != nil {
		return nil, fmt.Errorf("the marks of Redis: %w", err)
	}
	for _, table := range shelves[2:] {
		if err := m.readLedger(c, table); err != nil {
			return nil, fmt.Errorf("the %s: %w", table, err)
		}
	}
	if err := m.readJournal(c); err != nil {
		return nil, fmt.Errorf("the journal: %w", err)
	}
	m.sweep(c)
	return m, nil
}

// readLog loads the grants, of the logs and their mirrors, and looks at each by itself: its gift, its amount, its holder.
func (m *audit) readLog(c *Case) error {
	if err := m.loadGrants(c.Record); err != nil {
		return err
	}
	if err := m.readMirrors(c.Record); err != nil {
		return fmt.Errorf("the mirrors: %w", err)
	}
	for at, g := range m.grants.prizes {
		var all sum
		amounts, of := g.of.Amounts(g.Gift), m.grants.ofPrize(at)
		m.frozen[g.number] = m.pair.frozen(g.Gift, amounts, of)
		for _, got := range of {
			m.look(storedIn(books.Log, api.Order(got.order)), got)
			all.grants++
			all.fen += int64(got.fen)
			if want := amounts[api.Order(got.order).Index()]; int64(want) != int64(got.fen) {
				m.money.add(int64(got.fen)-int64(want), "%s was granted %d fen; the share has %d", got, got.fen, want)
			}
			if g.For != activity.NewUsers {
				continue
			}
			if m.newcomers++; c.Activity.Registered(api.User(got.user), g.Game) {
				m.cheap.add(int64(got.fen), "%s, who is registered with game %d: a gift for new users of %d fen", got, g.Game, got.fen)
			}
		}
		m.byGift[g.number] = all
	}
	for a, b := range m.grants.sameUserAndGift() {
		m.twice.add(int64(b.fen), "user %d has two grants of gift %d: orders %d and %d", a.user, api.Order(a.order).Gift(), a.order, b.order)
	}
	return nil
}

func (m *audit) readCmem(c *Case) error {
	for e, err := range c.Entries(books.Cmem) {
		if err != nil {
			return err
		}
		m.held++
		m.look(storedIn(books.Cmem, e.Order), entryOf(e))
		switch g := m.grants.find(e.Order); {
		case g == nil:
			m.halves.add(int64(e.Fen), "%s is in Redis and not in the log", entryOf(e))
		case g.seen&inCmem != 0:
			m.stock.add(int64(e.Fen), "%s has a second holder in Redis: user %d", g, e.User)
		case g.user != uint64(e.User) || int64(g.fen) != int64(e.Fen):
			g.seen |= inCmem
			m.halves.add(int64(e.Fen), "%s is in Redis as %s", g, entryOf(e))
		default:
			g.seen |= inCmem
		}
	}
	return nil
}

func (m *audit) readLedger(c *Case, table books.Shelf) error {
	for e, err := range c.Entries(table) {
		if err != nil {
			return err
		}
		m.paid++
		m.look(stored{"the ledger", "table", table == books.Shadow}, entryOf(e))
		switch g := m.grants.find(e.Order); {
		case g == nil:
			m.lost.add(int64(e.Fen), "%s was delivered and is not in the log", entryOf(e))
		case g.seen&inLedger != 0:
			m.lost.add(int64(e.Fen), "%s was delivered twice", g)
		case g.user != uint64(e.User) || int64(g.fen) != int64(e.Fen):
			g.seen |= inLedger
			m.lost.add(int64(e.Fen), "%s was delivered as %s", g, entryOf(e))
		default:
			g.seen |= inLedger
		}
	}
	return nil
}

func (m *audit) readJournal(c *Case) error {
	for a, err := range c.Attempts() {
		if err != nil {
			return err
		}
		m.attempts++
		m.told(a, c.Activity.OrderOf(a.Gift, 0))
	}
	if c.Probes == nil {
		return nil
	}
	for p, err := range c.Probes() {
		if err != nil {
			return fmt.Errorf("of the prober: %w", err)
		}
		m.probed++
		m.told(p.Attempt, c.Activity.OrderOf(p.Attempt.Gift, 0))
	}
	return nil
}

// told takes in what a claim's user was told; gift is the order of the first share of what he asked for.
func (m *audit) told(a loadprofiles.Attempt, gift api.Order) {
	if a.Outcome == api.Done {
		m.acknowledged(a, gift)
		return
	}
	mark := inDoubt // unknown, or an answer the API does not promise: it may have happened
	if a.Outcome == api.Refused || a.Outcome == api.Shed {
		mark = wasRefused
	}
	for _, g := range m.grants.of(a.User, gift) {
		m.grants.all[g].seen |= mark
	}
}

func (m *audit) acknowledged(a loadprofiles.Attempt, gift api.Order) {
	m.acked++
	switch g := m.grants.find(a.Order); {
	case g == nil:
		m.gone.add(a)
		m.lost.add(int64(a.Fen), "order %d of %d fen was acknowledged to user %d and is not in the log", a.Order, a.Fen, a.User)
	case g.user != uint64(a.User) || int64(g.fen) != int64(a.Fen) || a.Order>>32 != gift>>32:
		g.seen |= wasAcked
		m.lost.add(int64(a.Fen), "order %d was acknowledged to user %d as %d fen of gift %d; the log has %s", a.Order, a.User, a.Fen, a.Gift, g)
	default:
		g.seen |= wasAcked
	}
}

// sweep asks of each grant what only the whole pass can tell.
func (m *audit) sweep(c *Case) {
	floors := map[lane]uint64{}
	for _, l := range c.Summary.Lanes {
		floors[lane{l.Log, l.Game}] = l.Floor
	}
	for i := range m.grants.all {
		g := &m.grants.all[i]
		m.paired(g)
		place, _ := m.grants.prizes.at(api.Order(g.order))
		of := m.grants.prizes[place]
		game := of.Game
		if log, seq := books.Place(g.pos); g.seen&inLedger == 0 {
			in := lane{log, game}
			m.queued[in]++
			if g.pos != 0 && seq <= floors[in] {
				m.lost.add(int64(g.fen), "%s stands at %d of the log, its game's delivery at %d, and it was never delivered", g, seq, floors[in])
			}
		}
		if g.seen&inCmem == 0 && !m.pair.taken(m.pair.home(api.Order(g.order))) {
			m.halves.add(int64(g.fen), "%s is in the log and not in Redis", g)
		}
		switch {
		case g.seen&(wasAcked|inDoubt) != 0:
		case of.primary && c.Activity.Watched(api.User(g.user), of.number): // a synthetic user's: att keeps no journal
		case g.seen&wasRefused != 0:
			m.refused.add(int64(g.fen), "%s: the user was refused and never told otherwise", g)
		default:
			m.refused.add(int64(g.fen), "%s: nobody asked for it", g)
		}
	}
}

func entryOf(e books.Entry) grant {
	return grant{order: uint64(e.Order), user: uint64(e.User), fen: uint32(e.Fen)}
}
