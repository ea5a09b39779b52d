package volley

import (
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// request is one hit of a volley whose hits are requests.
type request struct {
	click loadprofiles.Click
	n     uint64 // the click's number
	op    api.Op
	part  int // of a static part: which
}

// trailTime is how far the steps of one click are apart at the curve's peak; at a lower rate they are further apart, so
// that the mix stays what it is.
const trailTime = 100 * time.Millisecond

// deal lays the requests of successive clicks out in one line: the static parts and the list of click n, the select of
// the click that came trail clicks before, the claim of the one twice as far back, the receipt of the one three times as
// far back, each if that user gets so far. The line depends on the profile and the seed alone. It is for one goroutine
// at a time; a step costs the same wherever it is.
type deal struct {
	crowd   *loadprofiles.Crowd
	statics int
	trail   uint64
	dealt   uint64 // requests so far
	click   uint64 // the latest click
	place   int    // the next place in its round
	recent  []loadprofiles.Click
}

// later is how many steps may follow the list.
const later = int(api.Ops - api.Select)

func newDeal(p loadprofiles.Profile, crowd *loadprofiles.Crowd) *deal {
	d := &deal{crowd: crowd, statics: p.Funnel.Statics, place: p.Funnel.Statics + 1 + later}
	d.trail = max(1, uint64(p.Clicks().Peak()*trailTime.Seconds()))
	size := 1
	for uint64(size) <= d.trail*uint64(later) {
		size *= 2
	}
	d.recent = make([]loadprofiles.Click, size)
	return d
}

// to is request number hit (1 …) of the line; it only goes forward.
func (d *deal) to(hit uint64) (r request) {
	for d.dealt < hit {
		r = d.next()
		d.dealt++
	}
	return r
}

func (d *deal) next() request {
	for {
		if d.place == d.statics+1+later {
			d.place = 0
			d.click++
			*d.at(d.click) = d.crowd.Click(d.click)
		}
		part, op, back := d.place, api.Static, uint64(0)
		d.place++
		if part >= d.statics {
			back = uint64(part - d.statics)
			op = api.List + api.Op(back)
		}
		if back *= d.trail; back >= d.click {
			continue
		}
		n := d.click - back
		if c := d.at(n); (op == api.Static || op >= c.First) && op <= c.Last {
			return request{click: *c, n: n, op: op, part: part}
		}
	}
}

func (d *deal) at(click uint64) *loadprofiles.Click { return &d.recent[click&uint64(len(d.recent)-1)] }

// hash is the request's part in the hash of the stream, in which it is number hit.
func (r request) hash(hit uint64) uint64 {
	draw := loadprofiles.Draw(r.click.Hash(hit) + uint64(r.op)<<8 + uint64(r.part))
	return draw.Next()
}
