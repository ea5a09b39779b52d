package ams

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/admin"
	"redpacket/system/api"
	"redpacket/system/control"
	"redpacket/system/optional"
	"redpacket/system/wire"
)

// lists answers gift lists in the order that recommend says, or in the default order. An order is one of a fixed few, the
// activity's tastes, each rendered beforehand: to choose one costs some 0.3 µs a list in batches of 64, with the
// question, its answer and the other side (BenchmarkAskOverLoopback), and to render one would cost more each time.
type lists struct {
	now     clock
	menus   []menu                   // by the activity's place on the platform
	asker   *optional.Asker[waiting] // nil: this system has no recommend, and nothing is missing
	out     outgoing                 // of settle
	doubted atomic.Int64

	switches *control.Current
}

// menu is the lists of one activity.
type menu struct {
	plain   []byte // the default order
	missing []byte // the same, and that recommend is missing
	short   []byte // without what a page can do without: while the switches say so, nobody is asked
	orders  [activity.Tastes][]byte
}

func newLists(l *light) *lists {
	s := &lists{now: l.now, switches: l.switches, out: outgoing{counts: &l.answers}}
	for _, a := range slices.Insert(slices.Clone(l.cfg.Activity.Beside), 0, l.cfg.Activity) {
		m := menu{plain: listBody(a.Gifts, ""), missing: listBody(a.Gifts, "recommend"), short: shortList(a)}
		for taste := range m.orders {
			m.orders[taste] = listBody(a.Ordered(taste), "")
		}
		s.menus = append(s.menus, m)
	}
	return s
}

// dial links to recommend until ctx ends; it is called before the first call comes, if at all. within is how long an answer
// may take.
func (s *lists) dial(ctx context.Context, addrs []string, within time.Duration) {
	if len(addrs) == 0 {
		return
	}
	s.asker = optional.New(optional.Rules{Within: within, Linger: askLinger, Most: readBatch, Open: readLine / 2},
		func(w waiting) wire.Call { return wire.Call{Op: api.List, User: w.call.User} }, s.settle, s.now)
	s.asker.Dial(ctx, addrs)
}

// answer answers lists, now or within the deadline; out takes the answers of those that are answered now.
func (s *lists) answer(asked []waiting, out *outgoing) {
	trimmed := s.switches.Now().TrimValues
	if len(asked) == 0 || !trimmed && s.asker != nil && s.asker.Ask(asked) {
		return
	}
	if !trimmed && s.asker != nil {
		s.doubted.Add(int64(len(asked)))
	}
	for i := range asked {
		m := &s.menus[asked[i].call.Gift.Place()]
		body := m.plain
		switch {
		case trimmed:
			body = m.short
		case s.asker != nil:
			body = m.missing
		}
		out.add(asked[i].from, listed(&asked[i], body))
	}
}

// listed is a list's answer. What the call waited in line was noted in the call when it left the line: the time that
// recommend took is no queue, and the gateway must not shed by it.
func listed(w *waiting, body []byte) wire.Reply {
	return wire.Reply{ID: w.call.ID, Code: api.OK, Queued: w.call.Waited, Body: body}
}

func (s *lists) settle(batch []optional.Asked[waiting]) {
	for i := range batch {
		m := &s.menus[batch[i].Of.call.Gift.Place()]
		body := m.missing
		if q := &batch[i]; q.Answered && q.Code == api.OK && q.Value >= 0 && q.Value < len(m.orders) {
			body = m.orders[q.Value]
		} else {
			s.doubted.Add(1)
		}
		s.out.add(batch[i].Of.from, listed(&batch[i].Of, body))
	}
	s.out.send()
}

func (s *lists) metrics(m admin.Registry) { asking(m, "recommend", s.asker, &s.doubted) }

// mostListed is the most gifts one list shows; a page shows no more, and a reply must stay below its 4 KiB.
const mostListed = 200

// listBody is a gift list: each gift's id and the fen of its mean share. missing, unless empty, names the optional part
// that the order had to do without; it stands first, where a client finds it without parsing the list.
func listBody(gifts []activity.Gift, missing string) []byte {
	ids, fen := []byte(`{"code":"ok",`), []byte(`],"fen":[`)
	if missing != "" {
		ids = append(ids, `"degraded":["`+missing+`"],`...)
	}
	ids = append(ids, `"gifts":[`...)
	for i, g := range gifts[:min(len(gifts), mostListed)] {
		if i > 0 {
			ids, fen = append(ids, ','), append(fen, ',')
		}
		ids = strconv.AppendUint(ids, uint64(g.ID), 10)
		fen = strconv.AppendInt(fen, int64(g.Total)/int64(g.Shares), 10)
	}
	return append(append(ids, fen...), "]}"...)
}
