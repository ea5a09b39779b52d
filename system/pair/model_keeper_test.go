package pair

import "fmt"

// keep is a keeper's next step: it looks, reads the witness and makes a plan, does the plan's next act, or dies.
func (w *world) keep(s state, i int) {
	k := s.keeper[i]
	home := i < 2
	switch {
	case k.plan == 0 && !k.looked:
		if s.plans < w.budget.plans {
			s.keeper[i] = keeper{looked: true, own: s.own.fence, mir: s.mir.fence, b: s.bFence}
			s.plans++
			w.emit(s, fmt.Sprintf("keeper %d looks", i))
		}
	case k.looked:
		w.decide(s, i, home)
		s.keeper[i] = keeper{}
		w.emit(s, fmt.Sprintf("keeper %d has nothing to do", i))
	default:
		w.act(s, i)
		s.keeper[i] = keeper{}
		w.emit(s, fmt.Sprintf("keeper %d dies", i))
	}
}

// decide starts every plan that what the keeper sees allows, whatever it believes of who is up.
func (w *world) decide(s state, i int, home bool) {
	if !home {
		w.start(s, i, w.takeOver(s.mode))
		w.start(s, i, w.giveBack(s.mode))
		return
	}
	if k := s.keeper[i]; k.own != s.own.fence || k.mir != s.mir.fence {
		return // what it saw is old; its first announcement would be refused, and it would look again
	}
	own, mir := s.own.said(), s.mir.said()
	for up := range 16 {
		w.start(s, i, w.next(Sight{Own: own, Mirror: mir, OwnUp: up&1 > 0, MirrorUp: up&2 > 0, OwnLost: up&4 > 0, MirrorLost: up&8 > 0, Agreed: s.mode}))
	}
	if now, by := s.stand(); s.redis.epoch != uint8(now.Epoch) || !now.Open {
		if now.Mode == s.mode || by != Own|Mirror || own.Mode == mir.Mode {
			w.start(s, i, Refill(now.Mode))
		}
	}
}

func (w *world) start(s state, i int, p Plan) {
	if p.None() {
		return
	}
	name := fmt.Sprint(p)
	at, known := w.index[name]
	if !known {
		w.list = append(w.list, p)
		at = uint8(len(w.list))
		w.index[name] = at
	}
	k := &s.keeper[i]
	k.looked, k.plan, k.rev, k.epoch = false, at, s.rev, max(s.own.epoch, s.mir.epoch)
	if p.NewEpoch {
		k.epoch++
	}
	s.says++
	k.by = s.says
	w.emit(s, fmt.Sprintf("keeper %d begins %v", i, p.Steps))
}

// act does the next act of the plan; a refused one ends it.
func (w *world) act(s state, i int) {
	k := &s.keeper[i]
	p := w.list[k.plan-1]
	if int(k.at) == len(p.Steps) {
		*k = keeper{}
		w.emit(s, fmt.Sprintf("keeper %d is done", i))
		return
	}
	step := p.Steps[k.at]
	k.at++
	ok := true
	switch step.Act {
	case Write:
		w.write(s, i, step.Mode)
		return
	case CloseMirror:
		ok = say(&s.mir, &k.mir, line{epoch: k.epoch, mode: step.Mode, by: k.by})
		s.foreign = s.foreign || step.Mode == Taken
	case CloseOwn:
		ok = say(&s.own, &k.own, line{epoch: k.epoch, mode: step.Mode, by: k.by})
	case OpenMirror:
		ok = say(&s.mir, &k.mir, line{epoch: k.epoch, mode: step.Mode, open: true, by: k.by})
	case OpenOwn:
		ok = say(&s.own, &k.own, line{epoch: k.epoch, mode: step.Mode, open: true, by: k.by})
	case Level:
		w.level(s, i, step.Mode)
		return
	case Fill:
		ok = s.fill(k.epoch, step.Mode)
	case Mark:
		s.mark()
	case Widen:
		if ok = s.bFence == k.b; ok {
			s.bFence, s.bOwns = s.bFence+1, true
		}
	case Narrow:
		if ok = s.bFence == k.b; ok {
			s.bFence, s.bOwns = s.bFence+1, false
			k.b = s.bFence
		}
	}
	if ok {
		w.emit(s, fmt.Sprintf("keeper %d: %v", i, step))
	}
}

// write is a compare-and-set. A keeper that does not hear of its own dies, here.
func (w *world) write(s state, i int, to Mode) {
	k := &s.keeper[i]
	if s.rev != k.rev || !w.may(i < 2, s.mode, to) {
		return
	}
	s.mode, s.rev, k.rev = to, s.rev+1, s.rev+1
	w.emit(s, fmt.Sprintf("keeper %d writes %v", i, to))
}

// say announces, if the keeper has seen the last announcement.
func say(l *line, fence *uint8, to line) bool {
	if l.fence != *fence {
		return false
	}
	to.has, to.void, to.fence = l.has, l.void, l.fence+1
	*l, *fence = to, to.fence
	return true
}

// level copies one batch at a time; each copy is published behind the fence that the keeper knows.
func (w *world) level(s state, i int, m Mode) {
	k := &s.keeper[i]
	surplus := s.mir.has &^ s.mir.void &^ s.own.has
	missing := s.own.has &^ s.mir.has
	if m.Truth() == Mirror {
		missing = 0
	}
	for j := range batches {
		bit := uint8(1) << j
		n := s
		switch {
		case missing&bit != 0 && n.mir.fence == k.mir:
			n.mir.has |= bit
		case surplus&bit != 0 && n.own.fence == k.own && (m.Truth() == Mirror || w.adopt || n.batch[j].epoch == k.epoch):
			n.own.has |= bit
		case surplus&bit != 0 && n.mir.fence == k.mir && m.Truth() == Own && n.batch[j].epoch != k.epoch:
			n.mir.void |= bit
			n.mir.fence++
			n.keeper[i].mir++
		default:
			continue
		}
		n.keeper[i].at--
		w.emit(n, fmt.Sprintf("keeper %d levels batch %d", i, j))
		return
	}
	if missing|surplus == 0 {
		w.emit(s, fmt.Sprintf("keeper %d: the logs are level", i))
	}
}

// fill is Install: an older keeper must not touch what a newer one filled.
func (s *state) fill(epoch uint8, m Mode) bool {
	if s.redis.epoch >= epoch {
		return false
	}
	has := s.own.has
	if m.Truth() == Mirror {
		has = s.mir.has &^ s.mir.void
	}
	s.redis = store{epoch: epoch}
	for i, b := range s.batch {
		if has&(1<<i) != 0 {
			s.redis.order[b.user], s.redis.holds[b.user] = b.order, 1
		}
	}
	for order := uint8(3); order <= 4; order++ {
		if s.foreign && s.granted&(1<<order) != 0 {
			user := s.bUser[order-3]
			s.redis.order[user], s.redis.holds[user] = order, 1
		}
	}
	return true
}

// mark teaches b's store what the mirror says.
func (s *state) mark() {
	for i, b := range s.batch {
		if (s.mir.has&^s.mir.void)&(1<<i) != 0 && s.redisB.order[b.user] == 0 {
			s.redisB.order[b.user] = b.order
		}
	}
}
