package selftest

import (
	"slices"

	"redpacket/drills/drillstest"
	"redpacket/drills/record"
	"redpacket/faults/node"
	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
)

// step is the fault of the good record that kills.
func step(a *drillstest.Apart) *record.Event { return event(a, node.Killed{Node: killed}.String()) }

// event is the one of a name.
func event(a *drillstest.Apart, what string) *record.Event {
	i := slices.IndexFunc(a.Events, func(e record.Event) bool { return e.What == what })
	return &a.Events[i]
}

// forgetRepeat takes away an attempt that is not the only one of its user and gift.
func forgetRepeat(a *drillstest.Apart) {
	i := again(a, func(loadprofiles.Attempt) bool { return true })
	a.Attempts = slices.Delete(a.Attempts, i, i+1)
}

// otherShare shows the user who asked most often, and was granted a share, another one the last time.
func otherShare(a *drillstest.Apart) {
	hottest(a, func(hot func(api.User) bool) bool {
		i := again(a, func(t loadprofiles.Attempt) bool { return t.Outcome == api.Done && hot(t.User) })
		if i >= 0 {
			a.Attempts[i].Order = unclaimed(a)
		}
		return i >= 0
	})
}

// hottest tries something with the users who asked most often, and with ever more users until it has done it.
func hottest(a *drillstest.Apart, try func(hot func(api.User) bool) (done bool)) {
	asked, most := map[api.User]int{}, 0
	for _, t := range a.Attempts {
		asked[t.User]++
		most = max(most, asked[t.User])
	}
	for done := false; most > 0 && !done; most-- {
		done = try(func(u api.User) bool { return asked[u] >= most })
	}
}

// again is the first attempt of a kind that has one of that kind before it, of the same user and gift; -1: there is none.
func again(a *drillstest.Apart, kind func(loadprofiles.Attempt) bool) int {
	type claim struct {
		user api.User
		gift api.Gift
	}
	seen := map[claim]bool{}
	return slices.IndexFunc(a.Attempts, func(t loadprofiles.Attempt) bool {
		if !kind(t) {
			return false
		}
		known := seen[claim{t.User, t.Gift}]
		seen[claim{t.User, t.Gift}] = true
		return known
	})
}

// unclaimed is an order of a gift that the drill's users never ask for: the first of those for new users.
func unclaimed(a *drillstest.Apart) api.Order { return api.OrderOf(a.Activity.ID, 10, 7) }

// stranger is an entry in the hands of a user whom the drill has never seen.
func stranger(e books.Entry) books.Entry {
	e.User = 1 << 40
	return e
}

func logged(a *drillstest.Apart, e books.Entry) {
	e.Pos = uint64(len(a.Books[books.Log]) + 1)
	a.Books[books.Log] = append(a.Books[books.Log], e)
}

func delivered(a *drillstest.Apart, e books.Entry) {
	e.Pos = 0
	a.Books[books.Ledger] = append(a.Books[books.Ledger], e)
}

// once is the last grant of the log, not yet delivered, whose user claimed its gift exactly once and was answered.
func once(a *drillstest.Apart) (books.Entry, int) {
	return onceOf(a, func(books.Entry) bool { return true })
}

// onceOf is the last such grant.
func onceOf(a *drillstest.Apart, which func(books.Entry) bool) (books.Entry, int) {
	log := a.Books[books.Log]
	for i := len(log) - 1; i >= 0; i-- {
		if log[i].Order.Shadow() || !which(log[i]) {
			continue
		}
		asked, at := 0, -1
		for n, t := range a.Attempts {
			if t.User == log[i].User && t.Gift == log[i].Order.Gift() {
				asked, at = asked+1, n
			}
		}
		if asked == 1 && a.Attempts[at].Outcome == api.Done {
			return log[i], at
		}
	}
	return books.Entry{}, -1
}

// dearToRegistered gives a share of a gift for new users to a stranger who is registered with its game, in every book and in
// the journal, so that the books agree.
func dearToRegistered(a *drillstest.Apart) {
	user := api.User(1 << 40)
	for !a.Activity.Registered(user, a.Activity.Gifts[dearGift].Game) {
		user++
	}
	alike(a, func(e books.Entry) bool { return e.Order.Gift() == dearGift }, func(g *api.Grant) { g.User = user })
}

// everywhere changes one grant in every book and in the journal alike, so that the books agree.
func everywhere(a *drillstest.Apart, change func(*api.Grant)) {
	alike(a, func(books.Entry) bool { return true }, change)
}

func alike(a *drillstest.Apart, which func(books.Entry) bool, change func(*api.Grant)) {
	of, at := onceOf(a, which)
	for _, shelf := range a.Books {
		for i := range shelf {
			if shelf[i].Order == of.Order {
				change(&shelf[i].Grant)
			}
		}
	}
	told := api.Grant{Order: a.Attempts[at].Order, User: a.Attempts[at].User, Fen: a.Attempts[at].Fen}
	change(&told)
	a.Attempts[at].Order, a.Attempts[at].User, a.Attempts[at].Fen = told.Order, told.User, told.Fen
}

// twoShares gives a hot user, who holds a share, one more of the same gift, in every book but the ledger: it is still queued.
func twoShares(a *drillstest.Apart) {
	of, at := books.Entry{}, -1
	hottest(a, func(hot func(api.User) bool) bool {
		of, at = onceOf(a, func(e books.Entry) bool { return hot(e.User) })
		return at >= 0
	})
	stock := &a.Summary.Stocks[of.Order.Gift()]
	second := of
	second.Order = api.OrderOf(a.Activity.ID, of.Order.Gift(), stock.Taken)
	second.Fen = a.Activity.Amounts(a.Activity.Gifts[of.Order.Gift()])[stock.Taken]
	stock.Taken++
	stock.Remaining -= second.Fen
	logged(a, second)
	a.Books[books.Cmem] = append(a.Books[books.Cmem], second)
	told := a.Attempts[at]
	told.Order, told.Fen = second.Order, second.Fen
	a.Attempts = append(a.Attempts, told)
}

// forgotten takes a grant out of the log and out of Redis, whose stock has it back: only the journal knows it.
func forgotten(a *drillstest.Apart) {
	of, _ := once(a)
	for _, shelf := range []books.Shelf{books.Log, books.Cmem} {
		a.Books[shelf] = slices.DeleteFunc(a.Books[shelf], func(e books.Entry) bool { return e.Order == of.Order })
	}
	stock := &a.Summary.Stocks[of.Order.Gift()]
	stock.Taken--
	stock.Remaining += of.Fen
}

// refuseOne makes the answer to a user's only claim of a gift a refusal; with another user's name, nobody asked.
func refuseOne(a *drillstest.Apart, name api.User) {
	_, at := once(a)
	t := &a.Attempts[at]
	t.Outcome, t.Code, t.Order, t.Fen = api.Refused, api.SoldOut, 0, 0
	if name != 0 {
		t.User = name
	}
}

// watcherTookAnother gives a share to a synthetic user, though not of the gift that those claim, and nobody asked for it.
func watcherTookAnother(a *drillstest.Apart) {
	own, _ := a.Activity.WatchedGift()
	_, at := onceOf(a, func(e books.Entry) bool { return e.Order.Gift() != own })
	order := a.Attempts[at].Order
	a.Attempts[at].Outcome, a.Attempts[at].Code, a.Attempts[at].Order, a.Attempts[at].Fen = api.Refused, api.SoldOut, 0, 0
	for _, shelf := range a.Books {
		for i := range shelf {
			if shelf[i].Order == order {
				shelf[i].User = activity.WatchersOf(activity.A)[0]
			}
		}
	}
}
