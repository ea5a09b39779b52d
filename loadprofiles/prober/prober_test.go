package prober

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/login"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire/wiretest"
)

const (
	key   = "00112233445566778899aabbccddeeff"
	every = 10 * time.Millisecond
	exact = 20 * time.Millisecond // the promise about an outage's length
)

// stub is a system that grants each claim a share after a millisecond, but for its outages.
type stub struct {
	t        *testing.T
	signer   *login.Signer
	began    time.Time
	how      hurt
	from, to time.Duration // of the outage
	granted  atomic.Uint32

	mu    sync.Mutex
	users map[api.User]int
}

// hurt is how the system is out.
type hurt int

const (
	well    hurt = iota
	refuses      // it answers: closed
	cuts         // it ends the connection without an answer
	hangs        // it answers nothing for as long as the outage lasts
)

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, err := s.signer.Check([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")), uint32(time.Now().Unix()))
	if err != nil || r.Method != http.MethodPost || r.URL.RequestURI() != "/claim?gift=3&server=1" {
		s.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	s.mu.Lock()
	s.users[user]++
	s.mu.Unlock()
	if s.now() == hangs {
		select {
		case <-time.After(s.to - time.Since(s.began)):
		case <-r.Context().Done():
			return
		}
	}
	switch s.now() {
	case refuses:
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"code":"closed","say":"later"}`)
	case cuts:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	default:
		<-time.After(time.Millisecond)
		fmt.Fprintf(w, `{"code":"ok","order":"%d","gift":3,"fen":200,"server":1}`, api.OrderOf(1, 3, s.granted.Add(1)))
	}
}

// now is how the system is out, if it is.
func (s *stub) now() hurt {
	if at := time.Since(s.began); at >= s.from && at < s.to {
		return s.how
	}
	return well
}

// pipes is a listener whose connections are pipes, so that a fake clock drives them.
type pipes struct {
	conns chan net.Conn
	end   chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.end:
		return nil, net.ErrClosed
	}
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }
func (p pipes) Close() error   { close(p.end); return nil }

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func newStub(t *testing.T, how hurt, from, length time.Duration) *stub {
	signer, err := login.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return &stub{t: t, signer: signer, began: time.Now(), how: how, from: from, to: from + length, users: map[api.User]int{}}
}

// Outages of a stub system are measured, by a fake clock that drives prober and system alike.
func TestOutagesAreMeasured(t *testing.T) {
	for _, how := range []hurt{refuses, cuts, hangs} {
		for _, length := range []time.Duration{500 * time.Millisecond, 2 * time.Second, 10 * time.Second} {
			t.Run(fmt.Sprintf("%s %d", length, how), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					const from = 1503 * time.Millisecond
					s := newStub(t, how, from, length)
					line := pipes{make(chan net.Conn), make(chan struct{})}
					server := &http.Server{Handler: s}
					go func() { _ = server.Serve(line) }()
					job := Job{Home: activity.B, Every: every, Patience: time.Second, Length: from + length + 2*time.Second, Gift: 3, Key: key,
						Front: "front:1", Dial: line.dial}
					all, err := Run(t.Context(), job, s.began)
					if err != nil {
						t.Fatal(err)
					}
					_ = server.Close()
					s.looksAt(all, job, length, 0)
					if got := loadprofiles.Outages(all, every, 100*time.Millisecond); got[0].From < from-exact || got[0].From > from+exact {
						t.Errorf("began at %s; it was out from %s on", got[0].From, from)
					}
				})
			})
		}
	}
}

// The same by a real clock over TCP: as exact as the machine let it be, which the slowest probe tells.
func TestAnOutageIsMeasuredOverTCP(t *testing.T) {
	t.Parallel()
	const length, from = 500 * time.Millisecond, 500 * time.Millisecond
	s := newStub(t, refuses, from, length)
	server := &http.Server{Handler: s}
	line := wiretest.Listen(t)
	go func() { _ = server.Serve(line) }()
	job := Job{Home: activity.A, Every: every, Patience: pausetest.Within, Length: 2 * time.Second, Gift: 3, Key: key, Front: line.Addr().String()}
	all, err := Run(t.Context(), job, s.began)
	_ = server.Close()
	if err != nil {
		t.Fatal(err)
	}
	slowest := time.Duration(0)
	for _, p := range all {
		slowest = max(slowest, p.Took)
	}
	s.looksAt(all, job, length, slowest)
}

// looksAt wants one outage of a length, and each probe another user's, and as it was. A machine that held probes up by as
// much as slack makes outages of its own, of that length at most, and the one is off by as much.
func (s *stub) looksAt(all []loadprofiles.Probe, j Job, length, slack time.Duration) {
	t := s.t
	t.Helper()
	got := loadprofiles.Outages(all, j.Every, 100*time.Millisecond)
	slices.SortFunc(got, func(a, b loadprofiles.Outage) int { return cmp.Compare(b.To-b.From, a.To-a.From) })
	if len(got) == 0 || got[0].Open || len(got) > 1 && got[1].To-got[1].From > slack+exact {
		t.Fatalf("%+v; want one outage of %s", got, length)
	}
	if off := got[0].To - got[0].From - length; off < -exact-slack || off > exact+slack {
		t.Errorf("an outage of %s was measured as %s, %s off; the slowest probe took %s", length, got[0].To-got[0].From, off, slack)
	}
	if n := int(j.Length / j.Every); len(all) < n-1 || len(all) > n+1 {
		t.Errorf("%d probes in %s; want %d", len(all), j.Length, n)
	}
	orders := map[api.Order]bool{}
	for i, p := range all {
		if i > 0 && p.Owed-all[i-1].Owed != j.Every || p.Home != j.Home || activity.Home(p.User) != j.Home {
			t.Fatalf("probe %d is %+v", i, p)
		}
		if p.Acked() && (p.Fen != 200 || orders[p.Order] || p.Sent < p.Owed || p.Answered < p.Sent) {
			t.Fatalf("probe %d was acknowledged as %+v", i, p)
		}
		orders[p.Order] = true
	}
	for user, n := range s.users {
		if n != 1 {
			t.Errorf("user %d claimed %d times", user, n)
		}
	}
}

func TestAnAnswerIsLookedAt(t *testing.T) {
	for body, want := range map[string]share{
		`200 {"code":"ok","order":"7","fen":20}`:                {api.Done, api.OK, 7, 20},
		`200 {"code":"ok","order":"7","fen":0}`:                 {outcome: api.Failed},
		`200 {"code":"ok","fen":20}`:                            {outcome: api.Failed},
		`200 {"code":"busy"}`:                                   {outcome: api.Failed},
		`200 <html>`:                                            {outcome: api.Failed},
		`200 {"code":"fine"}`:                                   {outcome: api.Failed},
		`503 {"code":"busy","retry_after_s":1}`:                 {outcome: api.Shed, code: api.Busy},
		`409 {"code":"sold_out"}`:                               {outcome: api.Refused, code: api.SoldOut},
		`504 {"code":"unknown"}`:                                {outcome: api.Doubt, code: api.Unknown},
		`200 {"code":"ok","order":"x","fen":20}`:                {outcome: api.Failed},
		`200 {"code":"ok","order":"7","fen":99999999999999999}`: {outcome: api.Failed},
	} {
		status := int(body[0]-'0')*100 + int(body[1]-'0')*10 + int(body[2]-'0')
		if got := read(status, []byte(body[4:])); got != want {
			t.Errorf("%s is %+v; want %+v", body, got, want)
		}
	}
}

func TestAJobThatCannotBeDone(t *testing.T) {
	good := Job{Every: every, Patience: time.Second, Length: time.Second, Key: key, Front: "x:1"}
	for want, change := range map[string]func(*Job){
		"a probe each 0s": func(j *Job) { j.Every = 0 },
		"one of the two":  func(j *Job) { j.DNS = "y:53" },
		"login key":       func(j *Job) { j.Key = "" },
	} {
		j := good
		change(&j)
		if _, err := Run(t.Context(), j, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if all, err := Run(ended, good, time.Now()); err != nil || len(all) != 0 {
		t.Errorf("a run that was called off: %d probes, %v", len(all), err)
	}
}

// A door that nobody has told of, and one where nobody listens, make probes unknown, and never hold the next one up.
func TestNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := Job{Every: every, Patience: 50 * time.Millisecond, Length: time.Second, Key: key, Front: "x:1",
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }}
		began := time.Now()
		all, err := Run(t.Context(), j, began)
		if err != nil || len(all) != 100 {
			t.Fatalf("%d probes, %v", len(all), err)
		}
		for _, p := range all {
			if p.Outcome != api.Doubt || p.Sent != 0 || p.Answered != 0 {
				t.Fatalf("%+v", p)
			}
		}
		if got := loadprofiles.Outages(all, every, time.Millisecond); len(got) != 1 || !got[0].Open {
			t.Errorf("%+v", got)
		}
	})
	d, err := newDoor(Job{DNS: "127.0.0.1:1", Name: "a.front.redpacket.test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.claim(t.Context(), 1, "", func() {}); err == nil || errors.Is(err, context.Canceled) || len(d.lost) != 1 {
		t.Errorf("a claim at no door: %v", err)
	}
}
