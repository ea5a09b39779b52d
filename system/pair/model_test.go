package pair

import "slices"

// The model: one home (a) with two users and two shares, its two logs, the witness, the other IDC (b) with two shares
// of its own, two workers' worth of batches, and keepers that may stop after any step, for good or to go on much later.
// Every message may be refused, answered, unheard, lost, or arrive long after. A breadth-first search walks through every
// history within the budgets and asks of each state what must never be untrue.

const (
	batches = 3
	users   = 2
	shares  = 2 // a's orders are 1 and 2, b's are 3 and 4
)

// line is one log: which batches it has, which of them are void, and its last announcement.
type line struct {
	has, void uint8 // bit i: batch i
	fence     uint8 // how many announcements it has
	epoch     uint8
	mode      Mode
	open      bool
	by        uint8
}

func (l line) said() Said {
	return Said{Epoch: uint32(l.epoch), Mode: l.mode, Open: l.open, By: string(rune('A' + l.by))}
}

// batch is one claim of one user on its way.
type batch struct {
	phase    phase
	user     uint8 // 0, 1
	order    uint8
	epoch    uint8
	mode     Mode
	own, mir uint8 // the fences it goes by
	inOwn    bool  // heard
	inMir    bool
	doubt    bool  // some attempt was not heard
	lateO    uint8 // a copy with this fence is still on its way; 0: none
	lateM    uint8
	spool    bool
}

type phase uint8

const (
	unborn phase = iota
	going
	acked
	over
)

// store is one Redis.
type store struct {
	epoch uint8 // 0: lost
	order [users]uint8
	holds [users]uint8
}

// keeper is one keeper process in the middle of a plan.
type keeper struct {
	plan     uint8 // index into world.plans + 1; 0: idle
	looked   bool  // it has the fences, and has not read the witness yet
	at       uint8
	own, mir uint8
	b        uint8 // the fence of b's shard
	rev      uint8 // 0: to be read again
	epoch    uint8
	by       uint8
}

// less puts two keepers in order, for they are alike.
func (k keeper) less(o keeper) bool {
	a := [...]uint8{k.plan, k.at, k.own, k.mir, k.rev, k.epoch, k.by}
	b := [...]uint8{o.plan, o.at, o.own, o.mir, o.rev, o.epoch, o.by}
	return slices.Compare(a[:], b[:]) < 0
}

// state is all of it; comparable, so that it can be looked up.
type state struct {
	mode     Mode // the witness
	rev      uint8
	own, mir line
	batch    [batches]batch
	redis    store
	redisB   store
	bOwns    bool
	bFence   uint8
	granted  uint8 // b's durable orders: bit order
	bUser    [shares]uint8
	told     [users]uint8 // orders acknowledged: bit order
	keeper   [4]keeper    // two of a, two of b
	foreign  bool
	lost     uint8 // Redis losses so far
	plans    uint8 // plans begun so far
	says     uint8 // decisions so far
}

// rules are what the model runs by; a test breaks one to see that the model notices.
type rules struct {
	needs    func(Mode) Places
	takeOver func(Mode) Plan
	giveBack func(Mode) Plan
	next     func(Sight) Plan
	may      func(home bool, from, to Mode) bool
	adopt    bool // Level takes in what an older epoch left in the mirror
	budget
}

// budget bounds the histories of one search.
type budget struct {
	first   Mode
	surplus bool  // user 0's claim is in the mirror and nowhere else, unheard
	claims  int   // at the home
	plans   uint8 // begun by keepers
	lost    uint8 // stores
	states  int   // 0: all
}

func sound(b budget) rules {
	return rules{needs: Mode.Needs, takeOver: TakeOver, giveBack: GiveBack, next: Next, may: may, budget: b}
}

// origin is a state at rest in a mode.
func origin(b budget) state {
	s := state{mode: b.first, rev: 1}
	l := line{fence: 1, epoch: 1, mode: Mirrored, open: true, by: 1}
	s.own, s.mir = l, l
	switch b.first {
	case Alone:
		s.own.mode, s.own.by = Alone, 2
	case Leaning:
		s.mir.mode, s.mir.by = Leaning, 2
	case Taken:
		s.mir.mode, s.mir.by, s.mir.open, s.mir.epoch, s.foreign, s.bOwns = Taken, 2, false, 2, true, true
	}
	s.redis.epoch, s.redisB.epoch, s.bFence = 1, 1, 1
	if b.surplus {
		s.batch[0] = batch{phase: going, order: 1, epoch: 1, mode: Mirrored, own: 1, mir: 1, doubt: true, spool: true}
		s.mir.has, s.redis.order[0], s.redis.holds[0] = 1, 1, 1
	}
	return s
}

// world is one search.
type world struct {
	rules
	list  []Plan // plans met so far; a keeper's plan is an index
	index map[string]uint8
	seen  map[state]int32
	queue []state
	from  []int32
	what  []string
	at    int32
	bad   string
	end   int32
}

// emit adds a state that the current one can become.
func (w *world) emit(s state, what string) {
	if w.bad != "" {
		return
	}
	s.canonical()
	if _, known := w.seen[s]; known {
		return
	}
	id := int32(len(w.queue))
	w.seen[s] = id
	w.queue, w.from, w.what = append(w.queue, s), append(w.from, w.at), append(w.what, what)
	if bad := w.wrong(&s); bad != "" {
		w.bad, w.end = bad, id
	}
}

// canonical forgets what no step can tell apart: numbers are only ever compared with the current ones.
func (s *state) canonical() {
	is := func(n *uint8, current uint8) { // 1: the current one; 0: an old one
		if *n != current {
			*n = 0
		} else {
			*n = 1
		}
	}
	for i := range s.batch {
		b := &s.batch[i]
		is(&b.lateO, s.own.fence)
		is(&b.lateM, s.mir.fence)
		is(&b.own, s.own.fence)
		is(&b.mir, s.mir.fence)
		if b.phase != going {
			*b = batch{phase: b.phase, user: b.user, order: b.order, epoch: b.epoch, spool: b.spool, lateO: b.lateO, lateM: b.lateM}
		}
	}
	by := [3]uint8{s.own.by, s.mir.by}
	for i := range s.keeper {
		k := &s.keeper[i]
		is(&k.own, s.own.fence)
		is(&k.mir, s.mir.fence)
		is(&k.b, s.bFence)
		is(&k.rev, s.rev)
		if k.plan == 0 {
			k.rev = 0
		}
		switch k.by {
		case 0:
		case by[0]:
			k.by = 1
		case by[1]:
			k.by = 2
		default:
			k.by = uint8(3 + i)
		}
	}
	s.own.by = 1
	if by[1] != by[0] {
		s.mir.by = 2
	} else {
		s.mir.by = 1
	}
	s.says, s.rev, s.bFence, s.own.fence, s.mir.fence = 9, 1, 1, 1, 1
	for i := 0; i < len(s.keeper); i += 2 {
		if a, b := s.keeper[i], s.keeper[i+1]; a.less(b) {
			s.keeper[i], s.keeper[i+1] = b, a
		}
	}
}

// trace is the history that led to the violation.
func (w *world) trace() (steps []string) {
	for id := w.end; id > 0; id = w.from[id] {
		steps = append([]string{w.what[id]}, steps...)
	}
	return steps
}

func (w *world) search() {
	w.seen, w.index = map[state]int32{}, map[string]uint8{}
	w.emit(origin(w.budget), "begin")
	for w.at = 0; int(w.at) < len(w.queue) && w.bad == "" && (w.states == 0 || len(w.queue) < w.states); w.at++ {
		s := w.queue[w.at]
		w.ask(s)
		for i := range s.batch {
			w.work(s, i)
			w.late(s, i)
		}
		for i, k := range s.keeper {
			if i%2 == 0 || k != s.keeper[i-1] { // else the other's steps are its own
				w.keep(s, i)
			}
		}
		if s.lost < w.budget.lost && s.redis.epoch != 0 {
			n := s
			n.redis, n.lost = store{}, n.lost+1
			w.emit(n, "a's Redis is lost")
		}
	}
}
