package overload

const (
	recall     = 4    // steps in which the best rate of completions counts as the capacity
	silentFor  = 4    // steps without any reply that are more than a stall
	margin     = 0.98 // of the capacity is admitted while calls queue
	doubt      = 0.01 // less of it with each step that a queue stands for longer than recall
	mostDoubt  = 0.8  // … but never less than this
	drainIn    = 0.5  // seconds in which a standing queue is to be gone
	least      = 0.1  // of the capacity is admitted even while a long queue drains
	near       = 0.95 // of the capacity: up to here the share may jump, from here it creeps
	creep      = 1.02 // a step
	severe     = 4    // targets: so long a wait is acted on at once, a shorter one when it was seen twice
	mostGrowth = 1.5  // a step, when nothing is known about the capacity
)

// pool is the controller of one pool: arithmetic only. Rates are per second.
type pool struct {
	target   float64 // s
	recent   [recall]float64
	step     int
	capacity float64 // the best completions that were seen; while calls queue, of the last few steps
	backlog  float64 // calls that were sent and are not replied to
	above    int     // steps in a row with a wait above target
	calm     int     // … below
	silent   int     // … in which calls were sent, and no reply came
}

// wish is the share that this pool would like, given the share that it had while the sample was taken, and the reach: the
// share of the users who could come to it at all, since other pools shed as well.
//
// A queue that stands: the pool gets what it completes, a little less, less what drains the queue within 0.5 s. Both are
// rates that were measured, so neither a short stall nor a load of ten times the capacity makes the share overshoot:
// after a stall the pool completes its backlog at full speed, which shows its capacity. The new share is found from what
// was sent, not from what arrived: users who are refused do not come to the next page of their journey, so arrivals
// there shrink with the share, and dividing by them would open the gate too wide.
//
// No queue: the share jumps to where 0.95 of the known capacity would be sent, and from there creeps up by 2 % a step
// until a queue shows. So a load that has gone is noticed at once.
func (p *pool) wish(share, reach, length float64, s Sample) float64 {
	sent, wait := float64(s.Sent)/length, s.Wait.Seconds()
	p.note(float64(s.Served)/length, s)
	switch {
	case p.silent >= silentFor:
		return share / 2
	case p.silent > 0:
		return share // a stall says nothing about capacity
	case p.above >= 2 || wait > severe*p.target:
		p.calm = 0
		p.capacity = p.best()
		return reach * min(p.sustainable(wait)/max(sent, 1), mostGrowth)
	case p.above > 0:
		return share
	}
	p.calm++
	return p.raise(share, sent)
}

// note takes in a step's measurements.
func (p *pool) note(served float64, s Sample) {
	p.recent[p.step%recall] = served
	p.step++
	p.capacity = max(p.capacity, served)
	wait := s.Wait.Seconds()
	if s.Replied > 0 && wait <= p.target {
		// Those who came through found no queue. So what is missing from before is not queueing: its link broke, and it
		// will never be replied to.
		p.backlog = min(p.backlog, p.capacity*max(wait, p.target/2))
	}
	p.backlog = max(0, p.backlog+float64(s.Sent-s.Replied))
	if p.capacity > 0 {
		p.backlog = min(p.backlog, p.capacity) // what is older than 1 s was given up long ago
	}
	switch {
	case s.Sent > 0 && s.Replied == 0:
		p.silent++
		return
	case wait > p.target:
		p.above++
	default:
		p.above = 0
	}
	p.silent = 0
}

func (p *pool) best() float64 {
	most := 0.0
	for _, r := range p.recent {
		most = max(most, r)
	}
	return most
}

// sustainable is the rate to send at while a queue stands. The backlog is known at once, the wait only when those who
// waited are through; part of the wait is counted in any case, because the queue may be others' too. The best of the last
// steps is more than a service that works unevenly can do on the whole, which a queue that will not go away shows.
func (p *pool) sustainable(wait float64) float64 {
	excess := max(p.backlog, p.capacity*wait/2) - p.capacity*p.target/2
	fair := max(margin-doubt*float64(max(0, p.above-recall)), mostDoubt)
	return max(fair*p.capacity-max(0, excess)/drainIn, least*p.capacity)
}

func (p *pool) raise(share, sent float64) float64 {
	if share >= 1 {
		return 1
	}
	grown := share * creep
	if sent < near*p.capacity {
		grown = max(grown, share*near*p.capacity/max(sent, 1))
	} else if p.calm > recall {
		// Neither a queue nor a step back for so long: the capacity is higher than was known.
		grown = share * min(creep+0.01*float64(p.calm-recall), mostGrowth)
	}
	return min(1, grown)
}
