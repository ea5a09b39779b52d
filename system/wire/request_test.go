package wire

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"redpacket/system/api"
)

var testLimits = Limits{}.orDefault()

// parseAll parses a stream that arrives in pieces of n bytes, as a connection would, and describes what came out.
func parseAll(stream string, n int) (got []string) {
	var have []byte
	for len(stream) > 0 {
		n = min(n, len(stream))
		have, stream = append(have, stream[:n]...), stream[n:]
		for {
			var r Request
			size := testLimits.parse(have, &r)
			if size == 0 {
				break
			}
			got = append(got, fmt.Sprintf("%s %s part %d gift %d server %d token %q last %t",
				r.Op, r.Code, r.Part, r.Gift, r.Server, r.Token, r.last))
			if r.last {
				return got
			}
			have = have[size:]
		}
	}
	return got
}

// row is a stream of one request, and what must come out of it.
type row struct{ in, want string }

// check parses each row whole and in small pieces.
func check(t *testing.T, rows []row) {
	t.Helper()
	for _, c := range rows {
		got := parseAll(c.in, len(c.in))
		if len(got) != 1 {
			t.Errorf("%.60q: %d requests %v, want one", c.in, len(got), got)
			continue
		}
		if op, end, ok := shorthand(c.want); ok {
			if !strings.HasPrefix(got[0], op) || !strings.HasSuffix(got[0], end) {
				t.Errorf("%.60q: %s, want %s", c.in, got[0], c.want)
			}
		} else if got[0] != c.want {
			t.Errorf("%.60q:\n got %s\nwant %s", c.in, got[0], c.want)
		}
		for _, n := range []int{1, 2, 3, 7} {
			if split := parseAll(c.in, n); !reflect.DeepEqual(split, got) {
				t.Errorf("%.60q in pieces of %d: %v, whole: %v", c.in, n, split, got)
			}
		}
	}
}

func TestParse(t *testing.T) {
	check(t, []row{
		{"GET /static/2 HTTP/1.1\r\n\r\n", `static ok part 2 gift 0 server 0 token "" last false`},
		{"GET /gifts HTTP/1.1\r\nHost: x\r\nauthorization: bearer abc\r\n\r\n", `list ok part 0 gift 0 server 0 token "abc" last false`},
		{"GET /servers?gift=7 HTTP/1.1\r\nAuthorization: Bearer  t \r\n\r\n", `select ok part 0 gift 7 server 0 token " t" last false`},
		{"GET /receipt?gift=65535&trace=1 HTTP/1.1\r\n\r\n", `receipt ok part 0 gift 65535 server 0 token "" last false`},
		{"POST /claim?server=3&gift=9 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", `claim ok part 0 gift 9 server 3 token "" last false`},
		{"POST /claim?gift=9&server=3 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", `claim ok part 0 gift 9 server 3 token "" last false`},
		{"POST /claim?gift=9&server=3 HTTP/1.1\r\n\r\n", `claim ok part 0 gift 9 server 3 token "" last false`},
		{"GET /gifts HTTP/1.0\r\n\r\n", `list ok part 0 gift 0 server 0 token "" last true`},
		{"GET /gifts HTTP/1.1\r\nConnection: keep-alive, Close\r\n\r\n", `list ok part 0 gift 0 server 0 token "" last true`},
		{"GET /gifts HTTP/1.1\r\nAuthorization: Basic abc\r\n\r\n", `list ok part 0 gift 0 server 0 token "" last false`},
	})
}

// TestParseNoRequestOfThisAPI: whole, but nothing that is served; the connection lives on.
func TestParseNoRequestOfThisAPI(t *testing.T) {
	check(t, []row{
		{"GET /static/x HTTP/1.1\r\n\r\n", "static malformed keeps"},
		{"GET /static/99999 HTTP/1.1\r\n\r\n", "static not_found keeps"},
		{"GET /elsewhere HTTP/1.1\r\n\r\n", "? not_found keeps"},
		{"GET /servers HTTP/1.1\r\n\r\n", "select malformed keeps"},
		{"GET /servers?gift=-1 HTTP/1.1\r\n\r\n", "select malformed keeps"},
		{"GET /servers?gift=01 HTTP/1.1\r\n\r\n", "select malformed keeps"},
		{"GET /servers?gift=1&gift=1 HTTP/1.1\r\n\r\n", "select malformed keeps"},
		{"GET /servers?gift=65536 HTTP/1.1\r\n\r\n", "select not_found keeps"},
		{"GET /servers?gift=184467440737095516160 HTTP/1.1\r\n\r\n", "select not_found keeps"},
		{"POST /claim?gift=1 HTTP/1.1\r\n\r\n", "claim malformed keeps"},
		{"GET /claim?gift=1&server=1 HTTP/1.1\r\n\r\n", "claim malformed keeps"},
		{"POST /gifts HTTP/1.1\r\n\r\n", "list malformed keeps"},
	})
}

// TestParseBrokenFraming: nothing that follows such a request can be trusted.
func TestParseBrokenFraming(t *testing.T) {
	long := strings.Repeat("x", 600)
	check(t, []row{
		{"GET /gifts HTTP/1.1\n\n", "? malformed ends"},
		{"GET /gifts HTTP/1.1\r\nA: b\n\r\n", "list malformed ends"},
		{"GET /gifts HTTP/1.1\r\nA: b\rc\r\n\r\n", "list malformed ends"},
		{"GET /gifts HTTP/1.1\r\nA: \x00\r\n\r\n", "list malformed ends"},
		{"GET /gi\x00fts HTTP/1.1\r\n\r\n", "? malformed ends"},
		{"GET /gifts HTTP/1.1\r\nA : b\r\n\r\n", "list malformed ends"},
		{"GET /gifts HTTP/1.1\r\n folded\r\n\r\n", "list malformed ends"},
		{"GET /gifts HTTP/1.1\r\nnocolon\r\n\r\n", "list malformed ends"},
		{"GET /gifts HTTP/2.0\r\n\r\n", "? malformed ends"},
		{"GET /gifts HTTP/1.2\r\n\r\n", "? malformed ends"},
		{"GET /gifts\r\n\r\n", "? malformed ends"},
		{"GET  HTTP/1.1\r\n\r\n", "? malformed ends"},
		{"GET gifts HTTP/1.1\r\n\r\n", "? malformed ends"},
		{"DELETE /gifts HTTP/1.1\r\n\r\n", "? malformed ends"},
		{"\x16\x03\x01\x02\x00\r\n", "? malformed ends"},
		{"\r\n\r\n", "? malformed ends"},
		{"GET /gifts HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", "list malformed ends"},
		{"POST /claim?gift=1&server=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "claim malformed ends"},
		{"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "claim malformed ends"},
		{"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "claim malformed ends"},
		{"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: \r\n\r\n", "claim malformed ends"},
		{"GET /gifts HTTP/1.1\r\nContent-Length: 1\r\n\r\na", "list malformed ends"},
		{"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: 1025\r\n\r\n", "claim too_large ends"},
		{"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", "claim too_large ends"},
		{"GET /" + long + " HTTP/1.1\r\n\r\n", "? too_large ends"},
		{"GET /gifts HTTP/1.1\r\n" + strings.Repeat("A: "+long+"\r\n", 7) + "\r\n", "list too_large ends"},
		{"GET /gifts HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 40) + "\r\n", "list too_large ends"},
		{strings.Repeat("y", 5000), "? too_large ends"},
	})
}

// shorthand takes "op code keeps" and "op code ends" apart: the connection lives on, or ends.
func shorthand(want string) (op, end string, ok bool) {
	if s, found := strings.CutSuffix(want, " keeps"); found {
		return s, "last false", true
	}
	s, found := strings.CutSuffix(want, " ends")
	return s, "last true", found
}

const mixed = "GET /static/0 HTTP/1.1\r\nHost: a\r\n\r\nGET /gifts HTTP/1.1\r\nAuthorization: Bearer abcdef\r\n\r\n" +
	"POST /claim?gift=12&server=3 HTTP/1.1\r\nContent-Length: 5\r\nAuthorization: Bearer xyz\r\n\r\nhello" +
	"GET /nowhere HTTP/1.1\r\n\r\nGET /receipt?gift=12 HTTP/1.1\r\nConnection: close\r\n\r\n"

func TestParseSplitAtEveryByte(t *testing.T) {
	want := parseAll(mixed, len(mixed))
	if len(want) != 5 {
		t.Fatalf("whole stream: %d requests, want 5: %v", len(want), want)
	}
	for cut := 1; cut < len(mixed); cut++ {
		if got := parseAll(mixed, cut); !reflect.DeepEqual(got, want) {
			t.Fatalf("in pieces of %d: %v, want %v", cut, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(mixed, 3)
	f.Add("GET / HTTP/1.1\r\n\n", 1)
	f.Add("POST /claim?gift=1&server=2 HTTP/1.0\r\nContent-Length: 9\r\n\r\n", 11)
	f.Add(strings.Repeat("A", 4096)+"\r\n\r\n", 100)
	f.Add("GET /gifts HTTP/1.1\r\n"+strings.Repeat("a:b\r\n", 900), 64)
	f.Fuzz(func(t *testing.T, stream string, n int) {
		if n < 1 || len(stream) > 1<<14 {
			return
		}
		whole, split := parseAll(stream, len(stream)), parseAll(stream, n)
		if !reflect.DeepEqual(whole, split) {
			t.Fatalf("in pieces of %d:\n got %v\nwant %v", n, split, whole)
		}
	})
}

func TestParseAllocatesNothing(t *testing.T) {
	buf := []byte("POST /claim?gift=12&server=3 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nContent-Length: 0\r\nAuthorization: Bearer xyz\r\n\r\n")
	var r Request
	if n := testing.AllocsPerRun(100, func() { testLimits.parse(buf, &r) }); n != 0 || r.Code != api.OK {
		t.Errorf("%g allocations per request, code %s; want 0, ok", n, r.Code)
	}
}
