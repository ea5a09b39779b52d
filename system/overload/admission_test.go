package overload

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"redpacket/system/api"
)

// model is a service with a queue behind an Admission, in steps of 1 ms, without a clock. Waits are in ms.
type model struct {
	admission *Admission
	draw      *rand.Rand
	offered   func(ms int) float64 // requests/s
	capacity  func(ms int) float64 // requests/s; 0: it stands still

	queue    []group
	credit   float64
	ms, done int
	step     Sample
	waited   float64
	now      interval
	recorded []interval
}

// group is the calls that came in the same millisecond.
type group struct{ at, n int }

// interval is what happened in 100 ms.
type interval struct {
	offered, served, shed int
	wait, most            float64
	share                 float64
}

func newModel(offered, capacity func(ms int) float64) *model {
	return &model{admission: NewAdmission(10*time.Millisecond, 1), draw: rand.New(rand.NewPCG(1, 2)), offered: offered, capacity: capacity}
}

func (m *model) run(length int) *model {
	for range length {
		m.arrive()
		m.serve()
		if m.ms++; m.ms%100 == 0 {
			m.admission.Step(100*time.Millisecond, []Sample{m.sample()})
		}
	}
	return m
}

// arrive draws a Poisson number of requests of random users (by the normal law, which is near enough for such rates).
func (m *model) arrive() {
	mean := m.offered(m.ms) / 1000
	n := int(math.Max(0, math.Round(mean+math.Sqrt(mean)*m.draw.NormFloat64())))
	in := 0
	for range n {
		if m.admission.Admits(api.User(m.draw.Uint64N(1e6)), 7, api.List) {
			in++
		}
	}
	m.now.offered += n
	m.now.shed += n - in
	m.step.Sent += in
	m.queue = append(m.queue, group{m.ms, in})
}

func (m *model) serve() {
	rate := m.capacity(m.ms) / 1000
	m.credit = math.Min(m.credit+rate, rate+1)
	for len(m.queue) > 0 && (m.credit >= 1 || m.queue[0].n == 0) {
		g := &m.queue[0]
		n := min(g.n, int(m.credit))
		wait := float64(m.ms - g.at)
		m.waited += wait * float64(n)
		m.now.most = math.Max(m.now.most, wait)
		m.step.Served += n
		m.done += n
		m.credit -= float64(n)
		if g.n -= n; g.n == 0 {
			m.queue = m.queue[1:]
		}
	}
}

// sample ends an interval.
func (m *model) sample() Sample {
	m.step.Replied = m.step.Served
	if m.step.Served > 0 {
		m.now.wait = m.waited / float64(m.step.Served)
		m.step.Wait = time.Duration(m.now.wait * float64(time.Millisecond))
	}
	m.now.served, m.now.share = m.step.Served, m.admission.Share(api.List)
	m.recorded = append(m.recorded, m.now)
	done := m.step
	m.step, m.waited, m.now = Sample{}, 0, interval{}
	return done
}

// sum adds up from … to, in s.
func (m *model) sum(from, to float64) (all interval) {
	part := m.recorded[int(from*10):int(to*10)]
	for _, i := range part {
		all.offered, all.served, all.shed = all.offered+i.offered, all.served+i.served, all.shed+i.shed
		all.wait, all.most = all.wait+i.wait/float64(len(part)), math.Max(all.most, i.most)
	}
	return all
}

// full is how many s after from everybody was admitted again.
func (m *model) full(from float64) float64 {
	for i := int(from * 10); i < len(m.recorded); i++ {
		if m.recorded[i].share == 1 {
			return float64(i)/10 - from
		}
	}
	return math.Inf(1)
}

const c = 5_000.0 // the model's capacity, requests/s

func constant(rate float64) func(int) float64 { return func(int) float64 { return rate } }

// between is rate from … to ms, and base otherwise.
func between(from, to int, rate, base float64) func(int) float64 {
	return func(ms int) float64 {
		if ms >= from && ms < to {
			return rate
		}
		return base
	}
}

func TestAdmissionShedsNothingBelowCapacity(t *testing.T) {
	for _, load := range []float64{0.1, 0.5, 0.9} {
		all := newModel(constant(load*c), constant(c)).run(10_000).sum(0, 10)
		t.Logf("%.1f C: shed %d of %d, mean wait %.2f ms", load, all.shed, all.offered, all.wait)
		if all.shed > 0 {
			t.Errorf("%.1f C: %d of %d shed, want none", load, all.shed, all.offered)
		}
	}
}

func TestAdmissionUnderLoad(t *testing.T) {
	for _, load := range []float64{1.37, 2, 5, 10} {
		m := newModel(between(2000, 8000, load*c, c/2), constant(c)).run(12_000)
		first, later, back := m.sum(2, 3), m.sum(3, 8), m.full(8)
		good := float64(later.served) / 5 / c
		t.Logf("%5.2f C: goodput %.3f C, wait mean %.1f max %.0f ms (first second: %.1f, %.0f), all admitted %.1f s after the load",
			load, good, later.wait, later.most, first.wait, first.most, back)
		if good < 0.95 || m.sum(4, 8).wait > 30 || first.most > 1000 || back > 2 {
			t.Errorf("%.2f C: want goodput ≥ 0.95 C, mean wait ≤ 30 ms after 2 s and ≤ 1 s at the onset, all admitted within 2 s", load)
		}
	}
}

func TestAdmissionAfterABurst(t *testing.T) {
	for _, load := range []float64{2, 5, 10} {
		m := newModel(between(2000, 3000, load*c, c/2), constant(c)).run(8000)
		burst, after, back := m.sum(2, 3), m.sum(5, 8), m.full(3)
		t.Logf("1 s of %2.0f C: goodput %.3f C, longest wait %.0f ms, all admitted after %.1f s, later shed %d",
			load, float64(burst.served)/c, burst.most, back, after.shed)
		if float64(burst.served) < 0.95*c || back > 2 || after.shed > 0 {
			t.Errorf("1 s of %.0f C: want goodput ≥ 0.95 C, all admitted within 2 s, and nothing shed from then on", load)
		}
	}
}

func TestAdmissionWhenCapacityFalls(t *testing.T) {
	for _, load := range []float64{0.9, 2, 5} {
		m := newModel(constant(load*c), between(4000, 10_000, c/3, c)).run(15_000)
		later, back := m.sum(5.5, 10), m.sum(11, 15)
		good, again := float64(later.served)/4.5/(c/3), float64(back.served)/4/(c*min(1, load))
		t.Logf("%.1f C, capacity cut to a third: goodput %.3f of it, wait mean %.1f ms, longest in all %.0f ms; restored: %.3f",
			load, good, later.wait, m.sum(4, 10).most, again)
		if good < 0.95 || later.wait > 60 || again < 0.95 {
			t.Errorf("%.1f C: want ≥ 0.95 of the third, mean wait ≤ 60 ms, and ≥ 0.95 when it is restored", load)
		}
	}
}

// TestAdmissionAtStalls: 100 ms of every second nothing is served, so the capacity is 0.9 C.
func TestAdmissionAtStalls(t *testing.T) {
	stalls := func(offset int) func(int) float64 {
		return func(ms int) float64 {
			if (ms+offset)%1000 < 100 {
				return 0
			}
			return c
		}
	}
	for _, load := range []float64{0.5, 0.8, 1.37, 2, 5} {
		for _, offset := range []int{0, 30, 70} {
			m := newModel(constant(load*c), stalls(offset)).run(10_000)
			later := m.sum(2, 10)
			good, shed := float64(later.served)/8/(0.9*c), float64(later.shed)/float64(later.offered)
			t.Logf("%.2f C, stalls at %d ms: goodput %.3f of the capacity, shed %.3f, wait mean %.1f max %.0f ms",
				load, offset, good, shed, later.wait, later.most)
			if load < 0.9 && shed > 0.02 || load > 0.9 && (good < 0.95 || later.wait > 100) {
				t.Errorf("%.2f C: want ≤ 2 %% shed below capacity, goodput ≥ 0.95 of it and mean wait ≤ 100 ms above", load)
			}
		}
	}
}

// TestAdmissionUnderACPUQuota: the service runs at three times its capacity until its quota is used up, and then stands
// until the period of 100 ms is over, as a container with a CPU quota does.
func TestAdmissionUnderACPUQuota(t *testing.T) {
	for _, load := range []float64{0.8, 1.37, 3} {
		for _, offset := range []int{0, 50} {
			used, m := 0, (*model)(nil)
			m = newModel(constant(load*c), func(ms int) float64 {
				if (ms+offset)%100 == 0 {
					used = m.done
				}
				return min(3*c, max(0, float64(used-m.done)*1000+100*c))
			})
			later := m.run(10_000).sum(2, 10)
			good := float64(later.served) / 8 / c
			t.Logf("%.2f C, periods at %d ms: goodput %.3f C, shed %.3f, wait mean %.1f max %.0f ms", load, offset, good,
				float64(later.shed)/float64(later.offered), later.wait, later.most)
			if load < 1 && later.shed > 0 || load > 1 && (good < 0.90 || later.wait > 100) {
				t.Errorf("%.2f C: want nothing shed below capacity, ≥ 0.90 and mean wait ≤ 100 ms above", load)
			}
		}
	}
}

// TestAdmissionOfJourneys: users who pass the light pool come to the heavy one 50 ms later, and only they. So the heavy
// pool's arrivals shrink with the share; the share must still find the heavy pool's capacity.
func TestAdmissionOfJourneys(t *testing.T) {
	light := newModel(between(2000, 10_000, 3*c, c/2), constant(10*c))
	heavy := newModel(nil, constant(c))
	light.admission = NewAdmission(10*time.Millisecond, 2)
	var passed [50]int
	for range 14_000 {
		before := light.step.Sent
		light.arrive()
		at := &passed[light.ms%len(passed)]
		heavy.step.Sent += *at
		heavy.queue = append(heavy.queue, group{heavy.ms, *at})
		*at = light.step.Sent - before
		light.serve()
		heavy.serve()
		light.ms++
		if heavy.ms++; heavy.ms%100 == 0 {
			samples := []Sample{light.sample(), heavy.sample()}
			light.admission.Step(100*time.Millisecond, samples)
		}
	}
	later, back := heavy.sum(3, 10), light.full(10)
	t.Logf("journeys at 3 C: goodput of the heavy pool %.3f C, wait mean %.1f max %.0f ms, all admitted after %.1f s",
		float64(later.served)/7/c, later.wait, later.most, back)
	if float64(later.served) < 0.95*7*c || heavy.sum(4, 10).wait > 30 || back > 2 {
		t.Errorf("want goodput ≥ 0.95 C, mean wait ≤ 30 ms after 2 s, and all admitted within 2 s")
	}
}

// TestAdmissionIsStickyAndEven: one user's luck lasts for the hour and is not the same in the next, and the share of
// users that pass is the share that was wished.
func TestAdmissionIsStickyAndEven(t *testing.T) {
	a := NewAdmission(10*time.Millisecond, 1)
	a.Step(time.Second, []Sample{{Sent: 4000, Replied: 1000, Served: 1000, Wait: time.Second}})
	const users = 100_000
	var now, next, both int
	for u := range api.User(users) {
		x, y := a.Admits(u, 1, api.List), a.Admits(u, 2, api.List)
		if x != a.Admits(u, 1, api.List) {
			t.Fatalf("user %d: two answers in one hour", u)
		}
		if x {
			now++
		}
		if y {
			next++
		}
		if x && y {
			both++
		}
	}
	want := a.Share(api.List) * users
	if math.Abs(float64(now)-want) > 0.05*want || math.Abs(float64(next)-want) > 0.05*want {
		t.Errorf("share %.3f: %d and %d of %d users pass", a.Share(api.List), now, next, users)
	}
	if float64(both) > 1.5*a.Share(api.List)*want {
		t.Errorf("%d of %d users who pass are lucky again in the next hour", both, now)
	}
}

// TestAdmissionOfASilentPool: no reply for longer than a stall closes the gate down to the floor, and the first replies
// open it again.
func TestAdmissionOfASilentPool(t *testing.T) {
	a := NewAdmission(10*time.Millisecond, 1)
	step := func(sent, served int) {
		a.Step(100*time.Millisecond, []Sample{{Sent: sent, Replied: served, Served: served}})
	}
	for range 10 {
		step(1000, 1000)
	}
	for i := range 12 {
		step(1000, 0)
		if i == 1 && a.Share(api.List) != 1 {
			t.Errorf("share %.3f after a stall of 200 ms, want 1", a.Share(api.List))
		}
	}
	if math.Abs(a.Share(api.List)-Floor) > 0.001 {
		t.Errorf("share %.3f after 1.2 s of silence, want the floor", a.Share(api.List))
	}
	for range 20 {
		n := int(1000 * a.Share(api.List))
		step(n, n)
	}
	if a.Share(api.List) != 1 {
		t.Errorf("share %.3f 2 s after the pool came back, want 1", a.Share(api.List))
	}
}

// TestAdmissionBeforeAnUnevenService: every other step it does a tenth more than it can on the whole, as a service that
// works in batches does. The best step is not the capacity.
func TestAdmissionBeforeAnUnevenService(t *testing.T) {
	for _, load := range []float64{1.37, 2, 5, 20} {
		m := newModel(constant(load*c), func(ms int) float64 {
			if ms/100%2 == 0 {
				return 1.1 * c
			}
			return 0.9 * c
		})
		later := m.run(20_000).sum(5, 20)
		good := float64(later.served) / 15 / c
		t.Logf("%.2f C: goodput %.3f C, wait mean %.1f max %.0f ms", load, good, later.wait, later.most)
		if good < 0.95 || later.wait > 30 {
			t.Errorf("%.2f C: want goodput ≥ 0.95 C and mean wait ≤ 30 ms", load)
		}
	}
}
