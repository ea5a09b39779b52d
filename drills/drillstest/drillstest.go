// Package drillstest is a red packet system, and a load for it, made of memory: the whole chain from a drill to its
// report is tested with it, without a container.
package drillstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/config"
	"redpacket/system/money"
)

// System is the cluster and the volley of a test. It grants at once, logs what it grants, and delivers half of it. The
// zero value without an activity grants nothing.
type System struct {
	faultstest.Hurts // that do nothing but be told of

	Activity activity.Activity
	// Shed is the share of journeys that are shed at a rate (requests/s of the whole event); nil: none.
	Shed func(rate float64) float64
	// Lie is what a shelf says of an entry: nothing, another, or two; nil: the truth.
	Lie func(books.Shelf, books.Entry) []books.Entry
	// Yield changes what the generator says of itself, such as how late it was; nil: it was honest.
	Yield func(*loadprofiles.Yield)
	// Playbooks are those in force.
	Playbooks []string
	// Alarm is raised all the time, as the monitor tells it; empty: none.
	Alarm string
	// Deaf is why the monitor cannot be asked; nil: it can.
	Deaf error
	// Versions is a new version beside the old one; nil: there is none.
	Versions *Versions
	// Wrong is what the stores tell of the money; nil, or empty: nothing is wrong.
	Wrong func() string
	// Told is the first contradiction that the generator sees; empty: none.
	Told string
	// Stuck is why the levers mend nothing; empty: they do.
	Stuck string
	// Hops are the links to hurt, which nothing of the system goes through; nil: none.
	Hops func(victim string) ([]faults.Link, error)
	// Unhealthy keeps the shard closed.
	Unhealthy bool
	// Pool is the instances that callers send the reads to and judge; none: nobody judges.
	Pool []string
	// Capacity is what the platform believes can be carried, and activates playbooks by; the zero value: there is no platform.
	Capacity config.Capacity

	// Doors has two data centres' front doors count who comes, by the weights that a drill asks for.
	Doors bool
	// Valve is what the generator hears of the promotion's valve: the load is played before the drill turns it.
	Valve loadprofiles.Turns

	doors    doors
	callers  *callers
	platform *platform

	mu     sync.Mutex
	grants []granted
	taken  map[api.Gift]uint32
	holder map[claim]api.Order
	epoch  float64
	doing  map[string]faults.State // of the nodes that are not running
	dead   []record.Death

	counted *tally.Tally // of the whole load, once it was fired
	began   time.Time
}

type claim struct {
	user api.User
	gift api.Gift
}

var _ drills.Cluster = (*System)(nil)

// Shift sets the weights by which a region's users come to the front doors.
func (s *System) Shift(_ context.Context, region string, weights map[string]int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doors.weights == nil {
		s.doors.weights = map[string]map[string]int{}
	}
	s.doors.weights[region] = weights
	return nil
}

// TakeOver does nothing: the system is one data centre.
func (s *System) TakeOver(context.Context, string) error { return nil }

// GiveBack does nothing.
func (s *System) GiveBack(context.Context, string) error { return nil }

// Activate notes the playbook.
func (s *System) Activate(_ context.Context, playbook string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Playbooks = append(s.Playbooks, playbook)
	return nil
}

// RollBack forgets the playbook.
func (s *System) RollBack(_ context.Context, playbook string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Playbooks = slices.DeleteFunc(s.Playbooks, func(p string) bool { return p == playbook })
	return nil
}

// Scrape shows the gauges of a system at rest.
func (s *System) Scrape(context.Context) (drills.Samples, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.samples(), nil
}

// samples are the gauges now.
func (s *System) samples() drills.Samples {
	open := 1.0
	if s.Unhealthy {
		open = 0
	}
	tgw := map[string]float64{"redpacket_queue_wait_seconds": 0.002, "redpacket_admitted_share": 1}
	for op := range api.Ops {
		tgw[fmt.Sprintf(`redpacket_requests_total{code="any",op="%s"}`, op)] = s.until(op)
	}
	for _, at := range judge.Writers() {
		tgw[`redpacket_poisoned_total{at="`+at+`"}`] = s.Versions.poisoned(at)
	}
	answered := []api.Outcome{api.Done, api.Refused}
	light := s.until(api.List, answered...) + s.until(api.Select, answered...) + s.until(api.Receipt, answered...)
	samples := drills.Samples{
		"tgw":         tgw,
		"ams-light-1": {`redpacket_degraded_total{part="recommend"}`: 0, `redpacket_answers_total{code="any"}`: light},
		"ams-heavy-1": {"redpacket_claims_unsettled": 0, "redpacket_grants_total": float64(len(s.grants)),
			`redpacket_answers_total{code="any"}`: s.until(api.Claim, answered...)},
		"keeper":  {`redpacket_shard_epoch{idc="a"}`: 1 + s.epoch, `redpacket_shard_open{idc="a"}`: open},
		"courier": {`redpacket_backlog{game="0"}`: 3, `redpacket_backlog{game="1"}`: 4},
	}
	for game, n := range s.delivered() {
		samples["courier"][fmt.Sprintf(`redpacket_delivered_total{game="%d"}`, game)] = n
	}
	if s.callers != nil {
		s.callers.show(tgw)
	}
	if s.Doors {
		s.doors.show(samples)
	}
	if s.platform != nil {
		samples["zhiyun"] = s.platform.show()
	}
	if s.Versions != nil {
		answered := s.Versions.answeredBy(time.Since(s.began))
		samples["gray-ams-light-1"] = map[string]float64{`redpacket_answers_total{code="ok"}`: answered}
		samples["tgw"][`redpacket_l5_answered_total{peer="gray-ams-light-1"}`] = answered
	}
	return samples
}

// until is how many requests of an op have been answered until now, evenly within a tenth of a second.
func (s *System) until(op api.Op, outcomes ...api.Outcome) float64 {
	if s.counted == nil || s.began.IsZero() {
		return 0
	}
	now := time.Since(s.began)
	whole := now.Truncate(tally.Slot)
	part := s.counted.Sum(whole, whole+tally.Slot, []api.Op{op}, outcomes)
	return float64(s.counted.Sum(0, whole, []api.Op{op}, outcomes)) + float64(part)*float64(now-whole)/float64(tally.Slot)
}

// CPU says that every node is idle.
func (s *System) CPU(context.Context) (map[string]time.Duration, error) {
	return map[string]time.Duration{"tgw": time.Second, "keeper": time.Second}, nil
}

// Alarms tells of the one alarm there is, and that it was looked for all the time.
func (s *System) Alarms(_ context.Context, from, to time.Time) (all drills.Noticed, err error) {
	if s.Deaf != nil {
		return all, s.Deaf
	}
	all.Looked = []drills.Stretch{{From: from, To: to}}
	if s.Alarm != "" {
		all.Alarms = []drills.Alarm{{What: s.Alarm, Level: "page", Playbook: "P1", From: from.Add(-time.Second), To: to}}
	}
	return all, nil
}

// Money tells what Wrong does.
func (s *System) Money(context.Context) (string, error) {
	if s.Wrong == nil {
		return "", nil
	}
	return s.Wrong(), nil
}

// Autopsy tells of the killed.
func (s *System) Autopsy(context.Context) ([]record.Death, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.dead), nil
}

// Books reads the three shelves. The first half of the log is delivered.
func (s *System) Books(_ context.Context, keep books.Keep) (books.Summary, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	half := uint64(len(s.grants)+1) / 2
	for i, g := range s.grants {
		pos := uint64(i + 1)
		for _, shelf := range []books.Shelf{books.Cmem, books.Log, books.Ledger} {
			e := books.Entry{Grant: g.Grant}
			if shelf == books.Log {
				e.Pos = pos
			}
			if shelf == books.Ledger && pos > half {
				continue
			}
			if shelf == books.Ledger && g.Order.Shadow() {
				shelf = books.Shadow
			}
			if err := s.tell(shelf, e, keep); err != nil {
				return books.Summary{}, err
			}
		}
	}
	sum := books.Summary{Epoch: uint32(1 + s.epoch)}
	for game := range s.Activity.Games {
		sum.Lanes = append(sum.Lanes, books.Lane{Game: game, Floor: half, Last: uint64(len(s.grants))})
	}
	sum.Stocks = s.stocks()
	return sum, nil
}

func (s *System) tell(shelf books.Shelf, e books.Entry, keep books.Keep) error {
	said := []books.Entry{e}
	if s.Lie != nil {
		said = s.Lie(shelf, e)
	}
	for _, e := range said {
		if err := keep(shelf, e); err != nil {
			return fmt.Errorf("tell the %s: %w", shelf, err)
		}
	}
	return nil
}

func (s *System) stocks() []books.Stock {
	var stocks []books.Stock
	for _, o := range s.Activity.Offers() {
		for _, g := range o.Gifts {
			number := o.Base + g.ID
			stock := books.Stock{Gift: number, Shares: g.Shares, Taken: s.taken[number]}
			for _, amount := range o.Amounts(g)[stock.Taken:] {
				stock.Remaining += amount
			}
			stocks = append(stocks, stock)
		}
	}
	return stocks
}

// claim grants a share at a time, or repeats one.
func (s *System) claim(c claim, at time.Duration, amounts map[api.Gift][]money.Fen) (api.Grant, api.Code) {
	if o, ok := s.holder[c]; ok {
		return api.Grant{Order: o, User: c.user, Fen: amounts[c.gift][o.Index()]}, api.OK
	}
	gift, _ := s.Activity.Gift(c.gift)
	if code := s.Activity.MayClaim(c.gift, !s.Activity.Registered(c.user, gift.Game)); code != api.OK {
		return api.Grant{}, code
	}
	if int(s.taken[c.gift]) >= len(amounts[c.gift]) {
		return api.Grant{}, api.SoldOut
	}
	i := s.taken[c.gift]
	s.taken[c.gift]++
	g := api.Grant{Order: s.Activity.OrderOf(c.gift, i), User: c.user, Fen: amounts[c.gift][i], Server: 1}
	s.holder[c] = g.Order
	s.grants = append(s.grants, granted{g, at})
	return g, api.OK
}

func (s *System) open() map[api.Gift][]money.Fen {
	if s.taken == nil {
		s.taken, s.holder = map[api.Gift]uint32{}, map[claim]api.Order{}
	}
	amounts := map[api.Gift][]money.Fen{}
	for _, o := range s.Activity.Offers() {
		for _, g := range o.Gifts {
			amounts[o.Base+g.ID] = o.Amounts(g)
		}
	}
	return amounts
}
