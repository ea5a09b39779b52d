package volley

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/login"
)

// stockWorkers is where Vegeta's workers are capped, each with a connection of its own while it is busy. Vegeta starts with
// 10 and adds one whenever all are busy; without a cap a front door that cannot follow would be given connections until
// the generator has no memory left. Vegeta's own limit on idle connections, 10,000, is above it, so all are kept alive.
const stockWorkers = 1024

// stock is a shard whose hits Vegeta carries itself, with its own HTTP client and its defaults: keep-alive, HTTP/1.1, a
// request a connection at a time. Its clients wait as long as the profile's. The engine keeps the accounts only.
type stock struct {
	engine *engine
	plan   plan
	method [api.Ops]string
	url    [api.Ops]string // up to the first thing that differs
	tag    string

	// Under the engine's lock: the hits under way, by number, and how many there were at most.
	underWay map[uint64]pending
	most     int
}

func newStock(p plan, e *engine, job Job) *stock {
	b := &stock{engine: e, plan: p, tag: job.Tag, underWay: map[uint64]pending{}}
	for op := api.List; op < api.Ops; op++ {
		method, path, _ := strings.Cut(e.texts.opening[op], " ")
		b.method[op], b.url[op] = method, "http://"+job.Front+path
	}
	b.method[api.Static], b.url[api.Static] = http.MethodGet, "http://"+job.Front+"/static/"
	return b
}

// attack fires the plan; it returns within overtime and patience after the curve's end, or within patience after ctx's.
func (b *stock) attack(ctx context.Context) (loadprofiles.Vegeta, error) {
	attacker := vegeta.NewAttacker(vegeta.Timeout(b.engine.profile.Patience), vegeta.MaxWorkers(stockWorkers))
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	// Vegeta asks its pacer nothing while all its workers are busy.
	defer time.AfterFunc(b.plan.curve.Length()+overtime-b.engine.now(), func() { attacker.Stop() }).Stop()
	var metrics vegeta.Metrics
	var wrong error
	for r := range attacker.Attack(b.target, newPacer(ctx, b.plan), 0, "") {
		metrics.Add(r)
		if err := b.settle(r); err != nil {
			wrong = err
		}
	}
	metrics.Close()
	return loadprofiles.Vegeta{Hits: metrics.Requests, Rate: metrics.Rate, Throughput: metrics.Throughput,
		P50: metrics.Latencies.P50, P99: metrics.Latencies.P99}, wrong
}

// target is the next hit. Its number travels behind the URL's #, which is never sent and comes back in the result.
func (b *stock) target(t *vegeta.Target) error {
	e := b.engine
	e.mu.Lock()
	hit, r, p := e.next(b.plan)
	e.counts.owed++
	e.counts.launched++
	b.underWay[hit] = p
	b.most = max(b.most, len(b.underWay))
	e.mu.Unlock()
	url := append(make([]byte, 0, 80), b.url[r.op]...)
	switch r.op {
	case api.Static:
		url = strconv.AppendInt(url, int64(r.part%staticParts), 10)
	case api.List:
		url = e.texts.activity(url, '?', r.click.Gift)
	default:
		url = e.texts.activity(strconv.AppendUint(url, uint64(r.click.Gift.Own()), 10), '&', r.click.Gift)
	}
	if r.op == api.Claim {
		url = append(url, "&server="...)
		url = strconv.AppendUint(url, uint64(r.click.Server), 10)
	}
	t.Method, t.URL = b.method[r.op], string(strconv.AppendUint(append(url, '#'), hit, 10))
	t.Header = http.Header{}
	if b.tag != "" {
		t.Header["X-Rehearsal"] = []string{b.tag}
	}
	if r.op != api.Static {
		token := append(make([]byte, 0, len("Bearer ")+login.TokenLen), "Bearer "...)
		t.Header["Authorization"] = []string{string(e.signer.Mint(token, r.click.User, e.expires))}
		if r.click.Gift.Tagged() {
			t.Header["X-Pressure"] = []string{"1"}
		}
	}
	return nil
}

// settle counts a result, from when its hit was owed.
func (b *stock) settle(r *vegeta.Result) error {
	_, number, _ := strings.Cut(r.URL, "#")
	hit, err := strconv.ParseUint(number, 10, 64)
	e := b.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	p, known := b.underWay[hit]
	if err != nil || !known {
		return fmt.Errorf("vegeta returned a result of %q, which was not asked", r.URL)
	}
	delete(b.underWay, hit)
	v := verdict{}
	if r.Code != 0 {
		v = e.read(answer{status: int(r.Code), body: r.Body}, p.op)
	}
	e.end(p, r.End().Sub(e.zero), v)
	return nil
}
