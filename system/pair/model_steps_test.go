package pair

import "fmt"

func (s *state) stand() (Said, Places) { return Stand(s.own.said(), s.mir.said()) }

// claims: a user asks a, or b.
func (w *world) ask(s state) {
	now, _ := s.stand()
	for user := range uint8(users) {
		if s.bOwns {
			w.claimB(s, user)
		}
		i := 0
		for i < w.budget.claims && s.batch[i].phase != unborn {
			i++
		}
		if i == w.budget.claims || !now.Open || s.redis.epoch != uint8(now.Epoch) || w.needs(now.Mode) == 0 {
			continue
		}
		n := s
		if n.redis.order[user] == 0 {
			free := uint8(1)
			for free <= shares && (n.redis.order[0] == free || n.redis.order[1] == free) {
				free++
			}
			if free > shares {
				continue
			}
			n.redis.order[user] = free
		}
		n.redis.holds[user]++
		n.batch[i] = batch{phase: going, user: user, order: n.redis.order[user], epoch: uint8(now.Epoch), mode: now.Mode,
			own: n.own.fence, mir: n.mir.fence, spool: w.needs(now.Mode).Has(Spool)}
		w.emit(n, fmt.Sprintf("user %d claims at a: order %d, batch %d", user, n.redis.order[user], i))
	}
}

// claimB: b's own protocol is a's; here its grant is durable and acknowledged at once.
func (w *world) claimB(s state, user uint8) {
	order := s.redisB.order[user]
	if order == 0 {
		order = 3
		for order <= 4 && s.granted&(1<<order) != 0 {
			order++
		}
		if order > 4 {
			return
		}
		s.bUser[order-3] = user
		s.redisB.order[user] = order
	}
	s.granted |= 1 << order & 0b11000
	s.told[user] |= 1 << order
	w.emit(s, fmt.Sprintf("user %d claims at b: told order %d", user, order))
}

// work is the worker's next step with a batch.
func (w *world) work(s state, i int) {
	b := s.batch[i]
	if b.phase != going {
		return
	}
	now, _ := s.stand()
	if b.doubt && uint8(now.Epoch) == b.epoch && now.Open && (b.own != s.own.fence || b.mir != s.mir.fence) {
		n := s
		t := &n.batch[i]
		t.own, t.mir, t.mode, t.inOwn, t.inMir = s.own.fence, s.mir.fence, now.Mode, false, false
		t.spool = t.spool || w.needs(now.Mode).Has(Spool)
		w.emit(n, fmt.Sprintf("batch %d goes on under the new announcement", i))
	}
	if uint8(now.Epoch) > b.epoch {
		n := s
		n.batch[i].phase = over
		w.emit(n, fmt.Sprintf("batch %d is given up: the epoch has moved", i))
	}
	needs := w.needs(b.mode)
	switch {
	case needs.Has(Mirror) && !b.inMir:
		w.send(s, i, true)
	case needs.Has(Own) && !b.inOwn:
		w.send(s, i, false)
	default:
		n := s
		n.batch[i].phase = acked
		n.told[b.user] |= 1 << b.order
		w.emit(n, fmt.Sprintf("batch %d is acknowledged: user %d is told order %d", i, b.user, b.order))
	}
}

// send is one attempt at one log, and everything that can become of it.
func (w *world) send(s state, i int, mirror bool) {
	bit, name := uint8(1)<<i, "own log"
	pick := func(n *state) (*line, *batch, uint8, *bool, *uint8) {
		t := &n.batch[i]
		if mirror {
			return &n.mir, t, t.mir, &t.inMir, &t.lateM
		}
		return &n.own, t, t.own, &t.inOwn, &t.lateO
	}
	if mirror {
		name = "mirror"
	}
	n := s
	l, t, fence, in, _ := pick(&n)
	if l.fence == fence {
		l.has |= bit
		*in = true
		w.emit(n, fmt.Sprintf("batch %d is in the %s", i, name))
		*in, t.doubt = false, true
		w.emit(n, fmt.Sprintf("batch %d is in the %s, unheard", i, name))
	}
	n = s
	_, t, fence, _, late := pick(&n)
	t.doubt, *late = true, fence
	w.emit(n, fmt.Sprintf("batch %d hangs on its way to the %s", i, name))
	if first := !s.batch[i].doubt && !s.batch[i].inMir; first {
		w.refund(s, i, name)
	} else {
		n = s
		n.batch[i].doubt = true
		w.emit(n, fmt.Sprintf("batch %d is refused by the %s", i, name))
	}
}

// refund: no log has the batch, for certain. The share returns with its last hold.
func (w *world) refund(s state, i int, name string) {
	b := &s.batch[i]
	b.phase = over
	if s.redis.epoch == b.epoch && s.redis.order[b.user] == b.order {
		if s.redis.holds[b.user]--; s.redis.holds[b.user] == 0 {
			s.redis.order[b.user] = 0
		}
	}
	w.emit(s, fmt.Sprintf("batch %d is refused by the %s and given back", i, name))
}

// late: a copy that hung arrives.
func (w *world) late(s state, i int) {
	b := &s.batch[i]
	if b.lateM != 0 {
		n := s
		if n.mir.fence == b.lateM {
			n.mir.has |= 1 << i
		}
		n.batch[i].lateM = 0
		w.emit(n, fmt.Sprintf("a late copy of batch %d reaches the mirror", i))
	}
	if b.lateO != 0 {
		n := s
		if n.own.fence == b.lateO {
			n.own.has |= 1 << i
		}
		n.batch[i].lateO = 0
		w.emit(n, fmt.Sprintf("a late copy of batch %d reaches the own log", i))
	}
}

// wrong is what must never be, or "".
func (w *world) wrong(s *state) string {
	mir := s.mir.has &^ s.mir.void
	for user, told := range s.told {
		if told&(told-1) != 0 {
			return fmt.Sprintf("user %d has two acknowledged grants: %b", user, told)
		}
	}
	if both := s.told[0] & s.told[1]; both != 0 {
		return fmt.Sprintf("an order is acknowledged to two users: %b", both)
	}
	for i, b := range s.batch {
		bit := uint8(1) << i
		if b.phase != acked || b.order > shares {
			continue
		}
		if s.own.has&bit == 0 && !b.spool && s.mode == Mirrored {
			return fmt.Sprintf("b is lost, and with it the acknowledged batch %d", i)
		}
		if s.mode.Truth() == Mirror && mir&bit == 0 && !s.twin(i, mir) {
			return fmt.Sprintf("a is lost, and with it the acknowledged batch %d", i)
		}
		if s.mode.Truth() == Own && s.own.has&bit == 0 && !s.twin(i, s.own.has) {
			return fmt.Sprintf("the own log alone counts, and has not the acknowledged batch %d", i)
		}
	}
	if s.mode.Truth() == Mirror && s.own.has&^mir != 0 {
		return fmt.Sprintf("the own log delivers batches that the mirror has not: %b", s.own.has&^mir)
	}
	return s.contradicts("own log", s.own.has) + s.contradicts("mirror", mir)
}

// twin tells whether another batch with the same grant is among some.
func (s *state) twin(i int, among uint8) bool {
	for j, b := range s.batch {
		if among&(1<<j) != 0 && b.user == s.batch[i].user && b.order == s.batch[i].order {
			return true
		}
	}
	return false
}

// contradicts: no log may grant a share to two users, or two shares to one.
func (s *state) contradicts(name string, has uint8) string {
	for i, b := range s.batch {
		for j, c := range s.batch[:i] {
			if has&(1<<i) != 0 && has&(1<<j) != 0 && (b.user == c.user) != (b.order == c.order) {
				return fmt.Sprintf("the %s contradicts itself: batches %d and %d", name, i, j)
			}
		}
	}
	return ""
}
