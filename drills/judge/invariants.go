package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"redpacket/drills/record"
	"redpacket/system/money"
)

// Promise is the time within which a granted share reaches its game.
const Promise = 48 * time.Hour

// MoneyConserved is M1.
type MoneyConserved struct{}

// String is the promise.
func (MoneyConserved) String() string {
	return "M1 funded = granted + remaining, for every prize and in all, to the fen"
}

// Kind is Invariant.
func (MoneyConserved) Kind() Kind { return Invariant }

// Check adds the activity's funds, the log's grants and what Redis says is left.
func (MoneyConserved) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	if !c.Drain.Settled {
		return unsettled(c, m.logged), nil
	}
	wrong := m.money
	var granted, remaining, funded money.Fen
	var looked uint64
	for _, s := range c.Summary.Stocks {
		g, ok := c.Activity.Gift(s.Gift)
		if !ok {
			return failed(looked+1, "Redis holds a stock of gift %d, which the activity does not offer", s.Gift), nil
		}
		looked++
		of, left := money.Fen(m.byGift[s.Gift].fen), s.Remaining+money.Fen(m.frozen[s.Gift].fen)
		granted, remaining, funded = granted+of, remaining+left, funded+g.Total
		if diff := of + left - g.Total; diff != 0 {
			wrong.add(int64(diff), "gift %d %q: funded %d fen, granted %d, remaining %d: %+d fen", s.Gift, g.Name, g.Total, of, left, diff)
		}
	}
	if len(c.Summary.Stocks) != len(m.grants.prizes) {
		return unsure(looked, "Redis told of %d stocks; the platform has %d", len(c.Summary.Stocks), len(m.grants.prizes)), nil
	}
	if c.Summary.Odd != "" {
		first, _, _ := strings.Cut(c.Summary.Odd, "\n")
		wrong.add(0, "%s", first)
	}
	f := verdictOn(wrong, looked, "%s funded = %s granted + %s remaining, over %d gifts", funded, granted, remaining, looked)
	if all := m.grants.prizes.funded(); funded != all {
		f.Status, f.Because = Fail, fmt.Sprintf("a gift is counted twice: %s of %s", funded, all)
	}
	return f, nil
}

// NoneBeyondStock is M2.
type NoneBeyondStock struct{}

// String is the promise.
func (NoneBeyondStock) String() string { return "M2 no prize is granted beyond its stock" }

// Kind is Invariant.
func (NoneBeyondStock) Kind() Kind { return Invariant }

// Check counts each gift's orders against its shares; every order must be a share of its own, with one holder.
func (NoneBeyondStock) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	wrong := m.stock
	soldOut := 0
	for _, s := range c.Summary.Stocks {
		if g, ok := c.Activity.Gift(s.Gift); ok {
			if s.Taken > g.Shares {
				wrong.add(int64(g.Total), "gift %d %q: Redis counts %d of %d shares taken", s.Gift, g.Name, s.Taken, g.Shares)
			}
			if m.byGift[s.Gift].grants >= uint64(g.Shares) {
				soldOut++
			}
		}
	}
	return verdictOn(wrong, m.logged, "%d orders, each a share of its own; %d gifts sold out", len(m.grants.all), soldOut), nil
}

// OneGrantEach is M3.
type OneGrantEach struct{}

// String is the promise.
func (OneGrantEach) String() string { return "M3 no user has more than one grant of a gift" }

// Kind is Invariant.
func (OneGrantEach) Kind() Kind { return Invariant }

// Check looks at every grant of the log beside the others of its user.
func (OneGrantEach) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	return verdictOn(m.twice, m.logged, "%d grants, each the only one of its user and gift; %d repeats in the log", len(m.grants.all), m.repeats), nil
}

// GrantsKept is M4.
type GrantsKept struct{}

// String is the promise.
func (GrantsKept) String() string {
	return "M4 every acknowledged grant is in the log, and is delivered once, or is queued and will be within 48 h"
}

// Kind is Invariant.
func (GrantsKept) Kind() Kind { return Invariant }

// Check follows each grant from its acknowledgement to the log, the lanes and the ledger.
func (GrantsKept) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	if len(c.Summary.Lanes) == 0 {
		return unsure(m.acked, "the log told of no lane, so nobody knows what was delivered"), nil
	}
	if c.Rules.DeliveryRate <= 0 {
		return unsure(m.acked, "no delivery rate is recorded, so nobody knows when the queue will be empty"), nil
	}
	wrong := m.lost
	var most, all uint64
	logs := map[uint8]bool{}
	for _, l := range c.Summary.Lanes {
		logs[l.Log] = true
	}
	rate := c.Rules.DeliveryRate / float64(len(logs)) // each log's courier has an even share of the games' limits
	byPlace := func(a, b lane) int { return cmp.Or(cmp.Compare(a.log, b.log), cmp.Compare(a.game, b.game)) }
	for _, in := range slices.SortedFunc(maps.Keys(m.queued), byPlace) {
		n := m.queued[in]
		most, all = max(most, n), all+n
		if hours := float64(n) / rate / 3600; hours > Promise.Hours() {
			wrong.add(int64(n), "game %d has %d grants queued: %.1f h at %g/s", in.game, n, hours, rate)
		}
	}
	drain := time.Duration(float64(most) / rate * float64(time.Second))
	return verdictOn(wrong, m.acked+m.paid+m.logged, "%d acknowledged, all in the log%s; %d delivered once; %d queued, the last in %s at the games' limit",
		m.acked, m.copies(), m.paid, all, drain.Round(time.Second)), nil
}

// RefusalsChangeNothing is M5.
type RefusalsChangeNothing struct{}

// String is the promise.
func (RefusalsChangeNothing) String() string {
	return "M5 a refused claim changed nothing; an unknown one happened wholly or not at all"
}

// Kind is Invariant.
func (RefusalsChangeNothing) Kind() Kind { return Invariant }

// Check wants each grant explained by a claim, and Redis and the log to hold the same grants.
func (RefusalsChangeNothing) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	if m.refused.count > 0 {
		return verdictOn(m.refused, m.attempts, ""), nil
	}
	if !c.Drain.Settled {
		return unsettled(c, m.attempts), nil
	}
	return verdictOn(m.halves, m.attempts+m.probed+m.held, "%d claims that were not acknowledged explain themselves; Redis and the log hold the same %d grants",
		m.attempts+m.probed-m.acked, m.held), nil
}

// NobodyDied is M8.
type NobodyDied struct{}

// String is the promise.
func (NobodyDied) String() string {
	return "M8 no container died that no fault killed, and no log holds a panic"
}

// Kind is Invariant.
func (NobodyDied) Kind() Kind { return Invariant }

// Check excuses the deaths of the faults' victims, and no panic.
func (NobodyDied) Check(c *Case) (Finding, error) {
	if !c.Autopsy {
		return unsure(0, "the containers were not looked at"), nil
	}
	var wrong []string
	for _, d := range c.Deaths {
		if d.Panic || !c.victim(d.Node) {
			wrong = append(wrong, d.Node+": "+strings.TrimSpace(d.Why))
		}
	}
	f := held(len(wrong) == 0, uint64(c.Nodes), "%d containers, %d deaths, %d of them by the drill's own hand", c.Nodes, len(c.Deaths), len(c.Deaths)-len(wrong))
	f.Examples = few(wrong)
	return f, nil
}

func (c *Case) victim(node string) bool {
	for _, e := range c.Events {
		if e.Track == record.Fault && e.Node == node {
			return true
		}
	}
	return false
}

func verdictOn(w wrongs, looked uint64, because string, args ...any) Finding {
	if w.count == 0 {
		return passed(looked, because, args...)
	}
	f := failed(looked, "%d violations", w.count)
	f.Examples = w.examples()
	return f
}

func unsettled(c *Case, looked uint64) Finding {
	return unsure(looked, "the books were taken while claims were still open: %s", c.Drain.Why)
}
