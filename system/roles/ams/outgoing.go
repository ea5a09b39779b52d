package ams

import (
	"sync/atomic"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/wire"
)

// outgoing collects answers by caller, so that each caller's leave in one piece. It belongs to one goroutine.
type outgoing struct {
	counts *tallies
	to     []answerer // few: a caller is one link of one tgw
	have   [][]wire.Reply
	bodies []byte
}

// tallies counts the answers by code.
type tallies [api.Codes]atomic.Int64

// refuse adds an answer that is a code alone.
func (o *outgoing) refuse(w *waiting, code api.Code, now time.Duration) {
	o.add(w.from, wire.Reply{ID: w.call.ID, Code: code, Queued: queued(w, now)})
}

// grant adds the answer that tells a share.
func (o *outgoing) grant(w *waiting, a *activity.Activity, s cmem.Share, now time.Duration) {
	from := len(o.bodies)
	o.bodies = appendShare(o.bodies, a, w.call.Gift, s)
	o.add(w.from, wire.Reply{ID: w.call.ID, Code: api.OK, Queued: queued(w, now), Body: o.bodies[from:]})
}

// add notes one answer; its body must stay as it is until send.
func (o *outgoing) add(to answerer, r wire.Reply) {
	if o.counts != nil {
		o.counts[r.Code].Add(1)
	}
	for i, known := range o.to {
		if known == to {
			o.have[i] = append(o.have[i], r)
			return
		}
	}
	o.to = append(o.to, to)
	if len(o.have) < len(o.to) {
		o.have = append(o.have, nil)
	}
	o.have[len(o.to)-1] = append(o.have[len(o.to)-1][:0], r)
}

// send gives everyone their answers, and forgets them.
func (o *outgoing) send() {
	for i, to := range o.to {
		to.Reply(o.have[i])
	}
	clear(o.to)
	o.to, o.bodies = o.to[:0], o.bodies[:0]
}

// queued is how long a call has waited in this process' own line, µs: what tgw takes for overload. What it waits for Redis
// is not; to shed lists for it would not help.
func queued(w *waiting, now time.Duration) uint32 {
	if w.left > 0 {
		now = w.left
	}
	return uint32(min(max(now-w.at, 0)/time.Microsecond, 1<<32-1))
}
