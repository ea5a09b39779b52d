package wire

import "redpacket/system/api"

// answers is the half of a connection that answers: the ring, and what of it is on its way out; everything is guarded
// by the outbox' mu.
type answers struct {
	outbox
	ring
	front *Front
	index int // the connection's place in the front's tables
}

// put answers a slot with what was rendered beforehand; mu is held.
func (a *answers) put(s *slot, r *Response) {
	s.text = r.text
	a.count(s, r.code, true)
}

// fill renders the answer of a slot; mu is held. The oldest request's goes straight out.
func (a *answers) fill(n uint64, s *slot, reply *Reply) {
	a.count(s, reply.Code, false)
	said := answer{code: reply.Code, body: reply.Body, version: reply.version()}
	switch replies := a.front.door.Replies; {
	case len(reply.Body) == 0:
		s.text = replies.bareOf(said.code, said.version).text
	case n == a.head && !s.last:
		a.buf = replies.append(a.buf, said)
		a.head++
	default:
		s.text, s.borrowed = replies.append(a.borrow(), said), true
	}
}

// count notes what a slot came to; late: not by a reply. If its batch is still with the handler, settle tells its note
// later.
func (a *answers) count(s *slot, code api.Code, late bool) {
	s.answered, s.code = true, code
	a.front.counts[s.op][code].Add(1)
	if s.deadline != 0 && a.front.door.Settled != nil {
		a.front.door.Settled(Settled{Note: s.note, Via: s.via, Code: code, Late: late})
	}
}

// advance moves the answers whose turn has come to the buffer that leaves next; mu is held.
func (a *answers) advance() {
	for a.head != a.tail {
		s := a.at(a.head)
		if !s.answered {
			break
		}
		if s.last {
			a.buf = appendLast(a.buf, s.text)
		} else {
			a.buf = append(a.buf, s.text...)
		}
		if s.borrowed {
			a.giveBack(s.text)
		}
		s.text = nil
		a.head++
	}
}

// release lets go of mu after answers were put, and has them sent.
func (a *answers) release() {
	a.advance()
	a.kick()
	a.mu.Unlock()
}

// expire answers what is past its deadline, and notes when to look again. A slot whose batch is still with the handler
// has no deadline yet; its reader sets the next look itself.
func (a *answers) expire(now int64) {
	a.mu.Lock()
	next := int64(never)
	for n := a.head; n != a.tail; n++ {
		switch s := a.at(n); {
		case s.answered || s.deadline == 0:
		case s.deadline <= now:
			a.put(s, s.late)
		default:
			next = min(next, s.deadline)
		}
	}
	a.front.due[a.index].Store(next)
	a.release()
}

// drained waits until every answer has left, or the connection is dead.
func (a *answers) drained() {
	a.mu.Lock()
	for (a.head != a.tail || len(a.buf) > 0 || a.writing) && !a.dead {
		a.moved.Wait()
	}
	a.mu.Unlock()
}

// room waits until n more requests may be in flight; false: the connection is dead. mu is held. The reader stands still
// meanwhile, so TCP holds the client back. Whatever makes room is written afterwards, and that wakes it.
func (a *answers) room(n int) bool {
	for (a.head != a.tail && a.inFlight()+n > a.front.share() || len(a.buf) > backlog) && !a.dead {
		a.moved.Wait()
	}
	return !a.dead
}
