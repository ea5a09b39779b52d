package judge

import (
	"slices"
	"strings"

	"redpacket/drills/record"
	"redpacket/system/api"
	"redpacket/system/books"
)

// stored is where a write was found: which store, what of it, and whether that is the shadow's.
type stored struct {
	store, kind string
	shadow      bool
}

// storedIn is where Redis and the log have what belongs to an order: the order was read from a key of this kind, or is
// the mark itself.
func storedIn(s books.Shelf, o api.Order) stored {
	if s == books.Log {
		return stored{"the log", "records", o.Shadow()}
	}
	return stored{"Redis", "keys", o.Shadow()}
}

// look holds one write to M7. Whether a write is tagged goes by its user, whose id no hop can change: it is signed.
func (m *audit) look(at stored, g grant) {
	m.writes++
	tagged := api.User(g.user).IsPressure()
	if tagged {
		m.tagged++
	}
	switch {
	case tagged && !at.shadow:
		m.leaks.add(int64(g.fen), "%s, who is of pressure traffic, is in the real %s of %s", g, at.kind, at.store)
	case !tagged && at.shadow:
		m.leaks.add(int64(g.fen), "%s, who is a real user, is in the shadow %s of %s", g, at.kind, at.store)
	}
}

// TagsApart is M7.
type TagsApart struct {
	Tagged uint64 // so many writes of pressure users must have been looked at
}

// String is the promise.
func (a TagsApart) String() string {
	text := "M7 no tagged write is in real storage, and no untagged one in shadow storage"
	if a.Tagged > 0 {
		text += say(", over %d tagged writes", a.Tagged)
	}
	return text
}

// Kind is Invariant.
func (TagsApart) Kind() Kind { return Invariant }

// Check looks at every entry of Redis, the log and both tables of the ledger.
func (a TagsApart) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	if m.leaks.count == 0 && m.tagged < a.Tagged {
		return unsure(m.writes, "%d writes, %d of them tagged; want %d", m.writes, m.tagged, a.Tagged), nil
	}
	return verdictOn(m.leaks, m.writes, "%d writes in Redis, the log and the ledger, %d of them tagged, each where it belongs", m.writes, m.tagged), nil
}

// Writers are who refuses a request, and then a write, whose user and tag contradict each other, in the order of the path.
func Writers() []string {
	return []string{"tgw", "ams-light", "ams-heavy", "cmem", "log", "courier", "idip", "ledger"}
}

// TagsArrive asks whether the tag reached every writer: none had to refuse a write because it was lost on the way. A system
// that refuses such a write has kept M7, and has a hop that must be mended.
type TagsArrive struct{}

// String is the promise.
func (TagsArrive) String() string {
	return "M7 the tag reaches every writer: none refused a write for the want of it"
}

// Kind is Invariant.
func (TagsArrive) Kind() Kind { return Invariant }

// Check reads what the writers counted, at the end.
func (TagsArrive) Check(c *Case) (Finding, error) {
	var wrong []string
	var looked, refused uint64
	for _, at := range Writers() {
		line := c.Series(record.PoisonedAt(at), everything())
		if len(line) == 0 {
			return unsure(looked, "nobody could tell what %s refused", at), nil
		}
		looked++
		if n := uint64(slices.MaxFunc(line, func(x, y record.Point) int { return int(x.Value) - int(y.Value) }).Value); n > 0 {
			refused += n
			wrong = append(wrong, say("%s refused %d", at, n))
		}
	}
	if refused > 0 {
		return failed(looked, "%d writes lost their tag on the way: %s", refused, strings.Join(wrong, ", ")), nil
	}
	return passed(looked, "%d writers compared users and tags, and refused nothing", looked), nil
}
