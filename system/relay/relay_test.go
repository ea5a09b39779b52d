package relay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// echoing is a node that sends every datagram back, until the test ends.
func echoing(t testing.TB) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, maxDatagram)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(buf[:n], from)
		}
	}()
	return conn.LocalAddr().String()
}

func open(t testing.TB) *Relay {
	t.Helper()
	r, err := Open("a--b", "127.0.0.1:0", echoing(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// caller is a socket through the relay.
func caller(t testing.TB, r *Relay) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp", r.conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// ask sends a word and returns what comes back within a while.
func ask(t testing.TB, conn net.Conn, word string) (string, error) {
	t.Helper()
	if _, err := conn.Write([]byte(word)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	buf := make([]byte, maxDatagram)
	n, err := conn.Read(buf)
	return string(buf[:n]), err
}

func TestEveryCallerGetsItsOwnReplies(t *testing.T) {
	t.Parallel()
	r := open(t)
	for i := range 20 {
		word := fmt.Sprint("caller ", i)
		if got, err := ask(t, caller(t, r), word); err != nil || got != word {
			t.Errorf("%s heard %q, %v", word, got, err)
		}
	}
	if s := r.State(); s.Callers != 20 || s.Requests.Out != 20 || s.Replies.Out != 20 {
		t.Errorf("%+v", s)
	}
}

func TestCallersAreBounded(t *testing.T) {
	t.Parallel()
	r := open(t)
	first := caller(t, r)
	if _, err := ask(t, first, "x"); err != nil {
		t.Fatal(err)
	}
	for range MaxSessions + 10 {
		if _, err := ask(t, caller(t, r), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if s := r.State(); s.Callers != MaxSessions {
		t.Errorf("%d callers", s.Callers)
	}
	if got, err := ask(t, first, "again"); err != nil || got != "again" {
		t.Errorf("a caller that was forgotten heard %q, %v", got, err)
	}
}

func TestHurtsBeginAndEnd(t *testing.T) {
	t.Parallel()
	r := open(t)
	c := caller(t, r)
	deaf := func(want bool) {
		t.Helper()
		if got, err := ask(t, c, "x"); (err != nil) != want {
			t.Errorf("heard %q, %v", got, err)
		}
	}
	deaf(false)
	all, back := Hurt{Name: "all", Loss: 1}, Hurt{Name: "back", Way: Replies, Loss: 1}
	for _, h := range []Hurt{all, all, back} {
		if err := r.Hurt(h); err != nil {
			t.Fatal(err)
		}
	}
	deaf(true)
	r.End("all")
	deaf(true)
	if s := r.State(); s.Requests.Lost != 1 || s.Replies.Lost != 1 || len(s.Hurts) != 1 || s.Hurts[0].Lost != 1 {
		t.Errorf("%+v", s)
	}
	r.End("back")
	r.End("back")
	deaf(false)
	other := all
	other.Seed = 9
	if err := errors.Join(r.Hurt(all), r.Hurt(other)); !errors.Is(err, ErrTaken) {
		t.Errorf("another hurt of the same name: %v", err)
	}
	for i := range MaxHurts {
		err := r.Hurt(Hurt{Name: fmt.Sprint(i), Loss: 1})
		if (err != nil) != (i == MaxHurts-1) {
			t.Errorf("hurt %d: %v", i+2, err)
		}
	}
}

func TestBadHurtsAreRefused(t *testing.T) {
	t.Parallel()
	for want, h := range map[string]Hurt{
		"its name has":    {Name: "a b", Loss: 1},
		"no way":          {Name: "a", Way: "up", Loss: 1},
		"share of 2":      {Name: "a", Loss: 2},
		"share of NaN":    {Name: "a", Duplicate: math.NaN(), Loss: 1},
		"a delay of":      {Name: "a", Late: 1, Delay: time.Hour},
		"a jitter of":     {Name: "a", Late: 1, Delay: time.Second, Jitter: 2 * time.Second},
		"go together":     {Name: "a", Late: 1},
		"it does nothing": {Name: "a"},
	} {
		if err := h.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q", h, err, want)
		}
	}
}

func request(l Links, method, path string, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	l.Handler().ServeHTTP(w, httptest.NewRequest(method, path, bytes.NewReader(body)))
	return w
}

func TestTheAPI(t *testing.T) {
	t.Parallel()
	r := open(t)
	l := Links{"a--b": r}
	body, err := json.Marshal(Hurt{Name: "x", Seed: 1, Loss: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"PUT", "/relays/a--b/hurts/x", string(body), 200},
		{"PUT", "/relays/a--b/hurts/x", string(body), 200},
		{"PUT", "/relays/a--b/hurts/x", strings.Replace(string(body), `"seed":1`, `"seed":2`, 1), 409},
		{"PUT", "/relays/a--b/hurts/y", string(body), 400},
		{"PUT", "/relays/a--b/hurts/x", string(body) + "{}", 400},
		{"PUT", "/relays/a--b/hurts/x", `{"more":1}`, 400},
		{"PUT", "/relays/a--b/hurts/x", `{"name":"` + strings.Repeat("x", maxOrder) + `"}`, 413},
		{"PUT", "/relays/a--c/hurts/x", string(body), 404},
		{"GET", "/relays", "", 200},
		{"GET", "/relays/a--b", "", 200},
		{"DELETE", "/relays/a--b/hurts/x", "", 204},
		{"DELETE", "/relays/a--b/hurts/x", "", 204},
		{"POST", "/relays/a--b", "", 405},
	} {
		if w := request(l, c.method, c.path, []byte(c.body)); w.Code != c.want {
			t.Errorf("%s %s %.40s: %d %s; want %d", c.method, c.path, c.body, w.Code, w.Body, c.want)
		}
	}
	var s State
	if err := json.Unmarshal(request(l, http.MethodGet, "/relays/a--b", nil).Body.Bytes(), &s); err != nil || len(s.Hurts) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// FuzzHurt: an order that is taken is sound, is in force as it was written, and can be ended; one that is not changes nothing.
func FuzzHurt(f *testing.F) {
	for _, h := range []Hurt{{Name: "x", Loss: 1}, {Name: "x", Way: Replies, Seed: 1 << 63, Duplicate: 0.5}, {Name: "x", Late: 0.1, Delay: time.Second, Jitter: time.Second}} {
		body, err := json.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"name":"x","loss":-1}`))
	f.Add([]byte(`{"name":"x","loss":1}]`))
	r := open(f)
	l := Links{"a--b": r}
	f.Fuzz(func(t *testing.T, body []byte) {
		w := request(l, http.MethodPut, "/relays/a--b/hurts/x", body)
		hurts := r.State().Hurts
		if w.Code != http.StatusOK {
			if len(hurts) != 0 {
				t.Fatalf("%q is refused (%d) and in force", body, w.Code)
			}
			return
		}
		if len(hurts) != 1 || hurts[0].Hurt.Check() != nil || hurts[0].Hurt.Name != "x" {
			t.Fatalf("%q is taken as %+v", body, hurts)
		}
		if w := request(l, http.MethodDelete, "/relays/a--b/hurts/x", nil); w.Code != http.StatusNoContent || len(r.State().Hurts) != 0 {
			t.Fatalf("%q cannot be ended: %d", body, w.Code)
		}
	})
}
