package judge

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// Linearizable is the promise of one register a user and gift, asked of the users who claimed most often. It reads the
// journal only, twice, in about 4 MB and what it keeps of the chosen users' claims.
type Linearizable struct {
	Users int           // how many users: 1 … 1000
	Again int           // so many histories at least must hold two answers, or nobody could tell
	Skew  time.Duration // by how much the clocks of several generators may differ; 0: there was one
}

// The bounds of Linearizable.
const (
	mostUsers  = 1000
	mostClaims = 4096 // of the users of one crowd that are kept
	crowdBits  = 20
)

// String is the promise.
func (a Linearizable) String() string {
	return say("the histories of the %d hottest users are those of one register each: a gift once granted is the same share for ever", a.Users)
}

// Kind is Invariant.
func (Linearizable) Kind() Kind { return Invariant }

// Check puts each history of the chosen users to the register.
func (a Linearizable) Check(c *Case) (Finding, error) {
	if a.Users < 1 || a.Users > mostUsers || a.Skew < 0 || a.Skew > time.Hour {
		return Finding{}, errors.New(say("it asks about %d users; want 1 to %d, and a skew of 0 to 1 h", a.Users, mostUsers))
	}
	claims, cut, err := hottest(c, a.Users)
	if err != nil {
		return Finding{}, err
	}
	var wrong wrongs
	histories, again, tired := 0, 0, 0
	for from := 0; from < len(claims); {
		to := from + 1
		for to < len(claims) && claims[to].User == claims[from].User && claims[to].Gift == claims[from].Gift {
			to++
		}
		history := slices.DeleteFunc(claims[from:to:to], func(x loadprofiles.Attempt) bool { return !tells(x) })
		from = to
		histories++
		if answered(history) > 1 {
			again++
		}
		ok, gaveUp := explained(history, a.Skew)
		if ok {
			continue
		}
		switch why, found := contradiction(history, a.Skew); {
		case found:
			wrong.add(int64(history[0].Fen), "user %d, gift %d: %s", history[0].User, history[0].Gift, why)
		case gaveUp:
			tired++
		default:
			wrong.add(int64(history[0].Fen), "user %d, gift %d: no order of %d claims explains their answers", history[0].User, history[0].Gift, len(history))
		}
	}
	looked := uint64(len(claims))
	switch {
	case wrong.count > 0:
		return verdictOn(wrong, looked, ""), nil
	case cut > 0 || tired > 0:
		return unsure(looked, "%d histories are longer than %d claims, %d took more than %d steps", cut, mostClaims, tired, mostSteps), nil
	case again < a.Again:
		return unsure(looked, "%d histories hold two answers or more; want %d: too few asked again", again, a.Again), nil
	}
	return passed(looked, "%d histories, %d of them with two answers or more, explained by one share each", histories, again), nil
}

// answered counts the claims whose outcome is certain.
func answered(history []loadprofiles.Attempt) int {
	n := 0
	for _, a := range history {
		if !open(a) {
			n++
		}
	}
	return n
}

// hottest is the claims of the users who claimed most often, by user, gift and time; cut counts the crowds of whose claims
// some were left out. Users are counted in a million crowds, chosen by number, so memory does not grow with the users; who
// shares a crowd with a hot user is looked at too. Neither the crowds nor the claims depend on the journal's order.
func hottest(c *Case, users int) (claims []loadprofiles.Attempt, cut int, err error) {
	counts := make([]uint32, 1<<crowdBits)
	for a, err := range c.Attempts() {
		if err != nil {
			return nil, 0, err
		}
		if n := &counts[crowd(a.User)]; *n < 1<<32-1 {
			*n++
		}
	}
	kept := map[uint32]int{}
	for _, place := range most(counts, users) {
		kept[place] = 0
	}
	for a, err := range c.Attempts() {
		if err != nil {
			return nil, 0, err
		}
		place := crowd(a.User)
		n, chosen := kept[place]
		if !chosen {
			continue
		}
		if kept[place]++; n < mostClaims {
			claims = append(claims, a)
		} else if n == mostClaims {
			cut++
		}
	}
	slices.SortFunc(claims, inOrder)
	return claims, cut, nil
}

// inOrder sorts by user and gift first, so that histories stand together; the rest makes the order the only one.
func inOrder(a, b loadprofiles.Attempt) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Gift, b.Gift), cmp.Compare(a.Owed, b.Owed), cmp.Compare(a.Took, b.Took),
		cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Order, b.Order), cmp.Compare(a.Fen, b.Fen))
}

// crowd is the place of a user in the counts.
func crowd(u api.User) uint32 { return uint32(uint64(u) * 0x9e3779b97f4a7c15 >> (64 - crowdBits)) }

// most is the places of the n largest counts, the first of equals first; places without a count are left out.
func most(counts []uint32, n int) []uint32 {
	var best []uint32
	for place, count := range counts {
		if count == 0 || len(best) == n && count <= counts[best[n-1]] {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, count, func(p uint32, count uint32) int {
			if counts[p] >= count {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, at, uint32(place))
		best = best[:min(len(best), n)]
	}
	return best
}
