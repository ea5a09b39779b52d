package tgw

import (
	"slices"
	"strconv"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/control"
	"redpacket/system/overload"
	"redpacket/system/wire"
)

// defaults answer the list and select calls that are sampled out: what a page needs to go on, from memory.
type defaults struct {
	lists   []*wire.Response // by the activity's place
	servers []*wire.Response // by game
}

// listed is the most gifts one list shows.
const listed = 200

// newDefaults renders the gifts in their default order, without their amounts, and each game's servers.
func newDefaults(a activity.Activity, r *wire.Replies) defaults {
	const head = `{"code":"ok","degraded":["sampled"],`
	var d defaults
	for _, of := range slices.Insert(slices.Clone(a.Beside), 0, a) {
		ids := make([]int, 0, listed)
		for _, g := range of.Gifts[:min(len(of.Gifts), listed)] {
			ids = append(ids, int(g.ID))
		}
		d.lists = append(d.lists, r.With(api.OK, appendNumbers([]byte(head+`"gifts":`), ids)))
	}
	var servers []int
	for s := range activity.Servers {
		servers = append(servers, s+1)
	}
	for game := range a.Games {
		body := strconv.AppendUint([]byte(head+`"game":`), uint64(game), 10)
		d.servers = append(d.servers, r.With(api.OK, appendNumbers(append(body, `,"servers":`...), servers)))
	}
	return d
}

// appendNumbers ends an object with an array of numbers.
func appendNumbers(b []byte, numbers []int) []byte {
	for i, n := range numbers {
		b = append(b, "[,"[min(i, 1)])
		b = strconv.AppendInt(b, int64(n), 10)
	}
	if len(numbers) == 0 {
		b = append(b, '[')
	}
	return append(b, "]}"...)
}

// otherDraw makes the choice of the sampled users another than that of their instance.
const otherDraw api.User = 0x9e3779b97f4a7c15

// instead is the default answer to a call that is sampled out; nil: it is to be carried out. The same users are served
// each time.
func (t *turn) instead(op api.Op, gift api.Gift, user api.User) *wire.Response {
	if overload.Place(user^otherDraw, int(t.sample)) == 0 {
		return nil
	}
	switch op {
	case api.List:
		return t.defaults.lists[gift.Place()]
	case api.Select:
		if of, there := t.offer.Gift(gift); there {
			return t.defaults.servers[of.Game]
		}
	}
	return nil
}

// apply renders the refusals anew when the window over which users are asked to come back is another.
func (g *gateway) apply(s control.Settings) {
	g.replies.Spread(max(g.rules.Spread.D(), time.Duration(s.SpreadMS)*time.Millisecond))
}
