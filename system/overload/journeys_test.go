package overload

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"redpacket/system/api"
)

// walk is users on their journeys through both pools, in steps of 1 ms: list, select, claim, receipt, each 50 ms after the
// answer to the last one. Who is refused gives up.
type walk struct {
	admission *Admission
	draw      *rand.Rand
	rate      func(ms int) float64 // journeys that begin, a second
	capacity  [2]float64           // of both pools, calls/s
	lost      [2]int               // ms: from … to the claims' store is lost; half of that time the pool knows and says closed

	due    [][]walker // by ms
	queues [2][]walker
	credit [2]float64
	steps  [2]Sample
	waited [2]float64
	ms     int

	begun, ended int
	refused      [api.Ops]int
	asked        [api.Ops]int
}

type walker struct {
	user api.User
	op   api.Op
	at   int
}

func (w *walk) run(length int) *walk {
	w.due = append(w.due, make([][]walker, length+1000-len(w.due))...)
	for ; w.ms < length; w.ms++ {
		mean := w.rate(w.ms) / 1000
		for range int(math.Max(0, math.Round(mean+math.Sqrt(mean)*w.draw.NormFloat64()))) {
			w.due[w.ms] = append(w.due[w.ms], walker{user: api.User(w.draw.Uint64N(1e6)), op: api.List})
		}
		for _, x := range w.due[w.ms] {
			w.ask(x)
		}
		for p := range w.queues {
			w.serve(p)
		}
		if w.ms%100 == 99 {
			w.step()
		}
	}
	return w
}

func (w *walk) ask(x walker) {
	w.asked[x.op]++
	if !w.admission.Admits(x.user, 7, x.op) {
		w.refused[x.op]++
		return
	}
	if x.op == api.List {
		w.begun++
	}
	p := 0
	if x.op == api.Claim {
		p = 1
	}
	x.at = w.ms
	w.queues[p] = append(w.queues[p], x)
	w.steps[p].Sent++
}

func (w *walk) serve(p int) {
	if p == Claims && w.ms >= w.lost[0] && w.ms < w.lost[1] {
		w.refuse()
		return
	}
	rate := w.capacity[p] / 1000
	for w.credit[p] = math.Min(w.credit[p]+rate, rate+1); w.credit[p] >= 1 && len(w.queues[p]) > 0; w.credit[p]-- {
		x := w.queues[p][0]
		w.queues[p] = w.queues[p][1:]
		w.waited[p] += float64(w.ms - x.at)
		w.steps[p].Served++
		w.steps[p].Replied++
		if x.op == api.Receipt {
			w.ended++
			continue
		}
		w.due[w.ms+50] = append(w.due[w.ms+50], walker{user: x.user, op: x.op + 1})
	}
}

// refuse is what the pool of claims does without its store: busy to those who waited 250 ms, later closed to all at once.
func (w *walk) refuse() {
	s, queue := &w.steps[Claims], &w.queues[Claims]
	closed := w.ms >= (w.lost[0]+w.lost[1])/2
	for len(*queue) > 0 && (closed || w.ms-(*queue)[0].at >= 250) {
		w.waited[Claims] += float64(w.ms - (*queue)[0].at)
		if s.Replied++; closed {
			s.Served++
		}
		*queue = (*queue)[1:]
	}
}

func (w *walk) step() {
	for p := range w.steps {
		s := &w.steps[p]
		if s.Replied > 0 {
			s.Wait = time.Duration(w.waited[p] / float64(s.Replied) * float64(time.Millisecond))
		}
	}
	w.admission.Step(100*time.Millisecond, w.steps[:])
	w.steps, w.waited = [2]Sample{}, [2]float64{}
}

func newWalk(load, reads, claims float64) *walk {
	return &walk{admission: NewAdmission(10*time.Millisecond, 2), draw: rand.New(rand.NewPCG(1, 2)),
		rate: between(2000, 12_000, load, c/6), capacity: [2]float64{reads, claims}}
}

// TestListsAreShedBeforeClaims: the pool of reads is overloaded, that of claims is not. Whoever has begun goes on, and as
// many journeys end as the reads can carry. With users' priorities alone, whatever they ask for, 0.966, 0.956 and 0.925 of
// them ended, and 1.5, 2.1 and 4.4 % of the claims were refused.
func TestListsAreShedBeforeClaims(t *testing.T) {
	for _, x := range []struct{ load, later float64 }{{1.37, 0}, {2, 0}, {5, 0.05}} {
		w := newWalk(x.load*c/3, c, c).run(12_000)
		can := 2*c/6 + 10*c/3
		good := float64(w.ended) / can
		t.Logf("%.2f C of reads: %d journeys began, %d ended, %.3f of what can; refused of lists %.3f, selects %.3f, claims %.3f, receipts %.3f",
			x.load, w.begun, w.ended, good, w.part(api.List), w.part(api.Select), w.part(api.Claim), w.part(api.Receipt))
		if w.part(api.Claim) > 0 || max(w.part(api.Select), w.part(api.Receipt)) > x.later || good < 0.96 {
			t.Errorf("%.2f C: want no claim refused, at most %g of selects and receipts, and 0.96 of the journeys that can end", x.load, x.later)
		}
	}
}

// TestJourneysOfTooManyClaims: whoever cannot claim need not begin, and receipts are never shed for claims.
func TestJourneysOfTooManyClaims(t *testing.T) {
	for _, x := range []struct{ load, reads float64 }{{1.37, 10 * c}, {3, 20 * c}, {3, 6 * c}} { // in the last, reads are too many as well
		w := newWalk(x.load*c, x.reads, c).run(12_000)
		can := 2*c/6 + 10*c
		good := float64(w.ended) / can
		t.Logf("%.2f C of claims: %d journeys began, %d ended, %.3f of what can; refused of lists %.3f, selects %.3f, claims %.3f, receipts %.3f",
			x.load, w.begun, w.ended, good, w.part(api.List), w.part(api.Select), w.part(api.Claim), w.part(api.Receipt))
		if good < 0.93 || w.part(api.Receipt) > 0.01 || w.part(api.Claim) > 0.1 {
			t.Errorf("%.2f C: want 0.93 of the journeys that can end, at most 0.1 of claims and 0.01 of receipts refused", x.load)
		}
	}
}

// TestJourneysComeBackAfterALoss: the store of claims is gone for two seconds, under two thirds of what it can carry.
func TestJourneysComeBackAfterALoss(t *testing.T) {
	w := newWalk(0.66*c, 10*c, c)
	w.rate, w.lost = constant(0.66*c), [2]int{4000, 6000}
	w.run(6000)
	for w.admission.Share(api.List) < 1 && w.ms < 12_000 {
		w.run(w.ms + 100)
	}
	t.Logf("everybody may begin %d ms after the store is back", w.ms-6000)
	if w.ms > 7500 {
		t.Errorf("everybody may begin %d ms after the store is back, want 1.5 s at most", w.ms-6000)
	}
}

func (w *walk) part(op api.Op) float64 { return float64(w.refused[op]) / float64(max(1, w.asked[op])) }
