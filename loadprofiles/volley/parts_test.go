package volley

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/control/playbook"
)

func TestCutAnswer(t *testing.T) {
	whole := "HTTP/1.1 503 Service Unavailable\r\nDate: x\r\nRETRY-AFTER: 2\r\nContent-Length:5\r\n\r\nhello"
	a, size, err := cutAnswer([]byte(whole + "HTTP/1.1"))
	if err != nil || size != len(whole) || a.status != 503 || a.wait != 2*time.Second || string(a.body) != "hello" {
		t.Errorf("%+v, %d, %v", a, size, err)
	}
	for cut := range whole {
		if _, size, err := cutAnswer([]byte(whole[:cut])); size != 0 || err != nil {
			t.Errorf("the first %d bytes: %d, %v", cut, size, err)
		}
	}
	for _, broken := range []string{
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", strings.Repeat("x", maxHead+1),
	} {
		if _, _, err := cutAnswer([]byte(broken)); !errors.Is(err, errBroken) {
			t.Errorf("%.60q: error is %v", broken, err)
		}
	}
}

func TestCodesAreReadFromTheBody(t *testing.T) {
	for code := range api.Codes {
		a := answer{status: 200, body: []byte(`{"code":"` + code.String() + `","x":1}`)}
		if got, err := a.code(api.Claim); got != code || err != nil {
			t.Errorf("%s is read as %s, %v", code, got, err)
		}
	}
	for _, body := range []string{``, `{}`, `{"code":"`, `{"code":""}`, `{"code":"fine"}`, `{"code":"ok`} {
		if got, err := (answer{status: 200, body: []byte(body)}).code(api.List); err == nil {
			t.Errorf("%q is read as %s", body, got)
		}
	}
	a := answer{body: []byte(`{"code":"ok","order":"281474976710657","fen":2000,"spread_ms":250}`)}
	if order, fen, ok := a.share(); !ok || order != 1<<48+1 || fen != 2000 || a.spread() != 250*time.Millisecond {
		t.Errorf("order %d, %d fen, spread %s", order, fen, a.spread())
	}
	for _, body := range []string{`{"code":"ok","order":"0","fen":1}`, `{"code":"ok","order":"99999999999999999999","fen":1}`,
		`{"code":"ok","order":"1","fen":0}`, `{"code":"ok","fen":1}`, `{"code":"ok","order":"1","fen":4294967296}`} {
		if order, fen, ok := (answer{body: []byte(body)}).share(); ok {
			t.Errorf("%s: order %d, %d fen", body, order, fen)
		}
	}
}

func FuzzCutAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 12\r\nRetry-After: 1\r\n\r\n{\"code\":\"ok\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, size, err := cutAnswer(b)
		if size < 0 || size > len(b) || (err != nil && size != 0) || a.wait > maxWait {
			t.Fatalf("size %d of %d, wait %s, %v", size, len(b), a.wait, err)
		}
		if size > 0 && !bytes.HasSuffix(b[:size], a.body) {
			t.Fatal("the body is not the answer's end")
		}
		_, _ = a.code(api.Claim)
		_, _, _ = a.share()
		if a.spread() > maxWait {
			t.Fatal("a spread without bound")
		}
	})
}

func TestRequests(t *testing.T) {
	r := newRequests("night-1")
	token := [38]byte(bytes.Repeat([]byte("t"), 38))
	j := journey{token: token}
	j.click.Gift, j.click.Server = 21, 7
	host := " HTTP/1.1\r\nHost: redpacket\r\nX-Rehearsal: night-1\r\n"
	auth := "Authorization: Bearer " + strings.Repeat("t", 38) + "\r\n\r\n"
	for op, want := range map[api.Op]string{
		api.List: "GET /gifts" + host + auth, api.Select: "GET /servers?gift=21" + host + auth,
		api.Receipt: "GET /receipt?gift=21" + host + auth, api.Claim: "POST /claim?gift=21&server=7" + host + "Content-Length: 0\r\n" + auth,
	} {
		if got := string(r.dynamic(nil, op, j.click, &j.token)); got != want {
			t.Errorf("%s is %q, want %q", op, got, want)
		}
	}
	if got := string(r.static(nil, 4)); got != "GET /static/1"+host+"\r\n" {
		t.Errorf("static is %q", got)
	}
}

// The model is a plain list.
func TestFifoIsAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f fifo
		var list []time.Duration
		given, next := 0, time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				for range rapid.IntRange(1, 700).Draw(t, "n") {
					next++
					f.push(pending{owed: next})
					list = append(list, next)
				}
			case 2:
				p, waited, ok := f.pop()
				if ok != (len(list) > 0) || ok && (p.owed != list[0] || waited != (given == 0)) {
					t.Fatalf("pop is %v, %t, %t", p, waited, ok)
				}
				if ok {
					list, given = list[1:], max(0, given-1)
				}
			case 3:
				before := time.Duration(rapid.Int64Range(0, int64(next)+1).Draw(t, "before"))
				p, ok := f.giveUp(before)
				if ok != (given < len(list) && list[given] < before) || ok && p.owed != list[given] {
					t.Fatalf("giveUp is %v, %t", p, ok)
				}
				if ok {
					given++
				}
			}
			if f.waiting() != uint64(len(list)-given) {
				t.Fatalf("%d wait, want %d", f.waiting(), len(list)-given)
			}
		}
	})
}

func TestWheelLetsGoOnTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w wheel
		due := map[*journey]time.Duration{}
		now := time.Duration(0)
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			for range rapid.IntRange(0, 3).Draw(t, "adds") {
				j := &journey{}
				due[j] = now + time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "wait"))
				w.add(j, due[j])
			}
			before := now
			now += time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "pass"))
			w.turn(now, func(j *journey) {
				at, ok := due[j]
				if !ok || at > now || at < before-2*tick {
					t.Fatalf("let go at %s to %s, was due at %s", before, now, at)
				}
				delete(due, j)
			})
			if w.count != len(due) {
				t.Fatalf("the wheel counts %d of %d", w.count, len(due))
			}
		}
	})
}

func TestParseCores(t *testing.T) {
	if got, err := parseCores("0-2,5"); err != nil || !slices.Equal(got, []int{0, 1, 2, 5}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"x", "1-", "2-1", "-1", "1,,2", "99999"} {
		if got, err := parseCores(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
	if others := otherCores("1023"); others == "" {
		t.Error("no core is left besides one that is not there")
	}
}

// Clients that cut the window short would undo a part of the playbook that widens it, and nobody would see it.
func TestClientsBelieveEveryWindowThatAPlaybookAsksFor(t *testing.T) {
	widest := uint32(0)
	for _, p := range playbook.Register() {
		widest = max(widest, p.Action.SpreadMS)
	}
	a := answer{body: fmt.Appendf(nil, `{"code":"busy","spread_ms":%d}`, widest)}
	if want := time.Duration(widest) * time.Millisecond; widest == 0 || a.spread() != want {
		t.Errorf("asked to come back over %s, clients do over %s", want, a.spread())
	}
	a.body = []byte(`{"code":"busy","spread_ms":600000}`)
	if a.spread() != maxWait || 2*maxWait >= wheelSize*tick {
		t.Errorf("a window of 10 min is believed as %s; the wheel holds %s", a.spread(), wheelSize*tick)
	}
}
