package recon

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"redpacket/system/admin"
	"redpacket/system/config"
	"redpacket/system/grantlog"
	"redpacket/system/recon"
	"redpacket/system/roles/logd"
)

func values(t *testing.T, query string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrdersAreReadStrictly(t *testing.T) {
	t.Parallel()
	o, err := orderOf(values(t, "rate=200000&within=1m&from=3&reissue=0&dry=1"))
	if err != nil || o != (order{200_000, time.Minute, 3, 0, true}) {
		t.Fatalf("%+v, %v", o, err)
	}
	for query, want := range map[string]string{
		"rate=0": "rate", "rate=NaN": "rate", "rate=1e9": "rate", "within=0s": "within", "within=9h": "within", "within=x": "within",
		"from=-1": "from", "reissue=1000000": "reissue", "dry=maybe": "dry", "speed=3": `"speed" is not known`,
		"rate=x&dry=x": "dry",
	} {
		if _, err := orderOf(values(t, query)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// ask serves one request of the desk.
func ask(h http.HandlerFunc, method, target string) (int, recon.Result) {
	w := httptest.NewRecorder()
	h(w, httptest.NewRequest(method, target, nil))
	var r recon.Result
	_ = json.Unmarshal(w.Body.Bytes(), &r)
	return w.Code, r
}

func TestOnePassAtATime(t *testing.T) {
	t.Parallel()
	d, s := newDesk(), newShop(300)
	registry := admin.NewRegistry()
	d.metrics(registry)
	if code, _ := ask(d.serveRun, "POST", "/-/recon/run"); code != http.StatusServiceUnavailable || d.healthy() == nil {
		t.Fatal(code)
	}
	d.open(func() error { return nil })
	ctx, stop := context.WithCancel(t.Context())
	if code, _ := ask(d.serveRun, "POST", "/-/recon/run?rate=x"); code != http.StatusBadRequest {
		t.Fatal(code)
	}
	code, r := ask(d.serveRun, "POST", "/-/recon/run?rate=2000000")
	if again, _ := ask(d.serveRun, "POST", "/-/recon/run"); code != http.StatusAccepted || r.Pass != 1 || again != http.StatusConflict {
		t.Fatal(code, r, again)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- d.work(ctx, worker{activity: offer(), shelves: s, letters: s, courier: s, now: time.Now})
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for r.State == recon.Running {
		<-tick.C
		_, r = ask(d.serveResult, "GET", "/-/recon")
	}
	if !r.Whole() || r.Found() != 0 || len(r.Differences) != int(recon.Kinds) {
		t.Fatalf("%+v", r)
	}
	if kinds := len(registry.Values("redpacket_recon_differences")); kinds != int(recon.Kinds) {
		t.Errorf("%d kinds of differences are shown", kinds)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// realLog are a shop's shelves, with a real log among them.
type realLog struct {
	*shop
	real stores
}

func (r realLog) Mark(ctx context.Context) (mark, error) { return r.real.Mark(ctx) }

func (r realLog) Logged(ctx context.Context, from, to uint64) iter.Seq2[grantlog.Logged, error] {
	return r.real.Logged(ctx, from, to)
}

func (r realLog) Mirrored(ctx context.Context, void grantlog.Seqs) iter.Seq2[grantlog.Logged, error] {
	return r.real.Mirrored(ctx, void)
}

// leaveBehind has game 0's lane deliver until the log says that its first message is behind it.
func leaveBehind(t *testing.T, log *grantlog.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	lanes, err := log.Lanes(ctx, offer())
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = lanes.Run(ctx) }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for most := 100; ; most = 1 {
		_, done, err := lanes.Lane(0).Next(ctx, most)
		if err == nil {
			err = done(ctx)
		}
		if err != nil {
			t.Fatal(err)
		}
		floors, err := log.Floors(ctx, 2)
		if err != nil {
			t.Fatal(err)
		}
		if floors[0] == 2 {
			return
		}
		<-tick.C
	}
}

// The whole pass over a real log: the floors tell late from missing.
func TestAgainstARealLog(t *testing.T) {
	t.Parallel()
	server, err := logd.Start(logd.Options{Name: "log", Listen: "127.0.0.1:0", Data: t.TempDir(), Games: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := server.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := grantlog.Connect(t.Context(), server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.Close)
	shard, err := log.Announce(t.Context(), grantlog.Shard{IDC: "a", Epoch: 1, Primary: "cmem-1", Open: true})
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(300)
	for number := range 3 { // a message of 200 grants each
		b := grantlog.Batch{Epoch: 1, Writer: "w", Number: uint64(number), Grants: s.log[number*200 : number*200+200]}
		if err := log.Publish(t.Context(), shard.Fence, b); err != nil {
			t.Fatal(err)
		}
	}
	leaveBehind(t, log) // message 1 is the announcement, so the first grants are at 2
	delete(s.ledger, share(0, 50).Order)
	for i := uint32(100); i < 300; i++ {
		delete(s.ledger, share(0, i).Order)
	}
	d := newDesk()
	d.pass(t.Context(), worker{activity: offer(), shelves: realLog{s, stores{cfg: config.Config{IDC: "a", Activity: offer()}, log: log}},
		letters: s, courier: s, now: time.Now, settle: time.Millisecond}, order{rate: mostRate, within: time.Minute, reissue: 10})
	r := d.result
	wants(t, r, map[recon.Kind]uint64{recon.Missing: 1})
	if r.Reissued != 1 || r.Queued != 200 || r.Granted != 600 || s.ledger[share(0, 50).Order] != share(0, 50) {
		t.Fatalf("%+v", r)
	}
}
