package volley

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
)

const testKey = "000102030405060708090a0b0c0d0e0f"

// scripted is a front door that answers as a test tells it to. answer gets the request's head and returns the reply;
// nil cuts the connection. It may wait.
type scripted struct {
	answer func(head string) []byte
	mu     sync.Mutex
	asked  map[string]int // by the path without its query
	tokens map[string][]time.Time
}

// serve runs the front door until the test ends and returns its address.
func (s *scripted) serve(t *testing.T) string { return s.serveAt(t, "127.0.0.1:0") }

func (s *scripted) serveAt(t *testing.T, addr string) string {
	s.asked, s.tokens = map[string]int{}, map[string][]time.Time{}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var open []net.Conn
	over := false
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		over = true
		for _, c := range open {
			_ = c.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			if open = append(open, c); over { // accepted while the test ended
				_ = c.Close()
			}
			s.mu.Unlock()
			serving.Go(func() {
				defer c.Close()
				s.talk(c)
			})
		}
	})
	return l.Addr().String()
}

func (s *scripted) talk(c net.Conn) {
	buffer, filled := make([]byte, 1<<16), 0
	for {
		n, err := c.Read(buffer[filled:])
		if err != nil {
			return
		}
		filled += n
		rest := buffer[:filled]
		var out []byte
		for end := bytes.Index(rest, []byte(headEnd)); end >= 0; end = bytes.Index(rest, []byte(headEnd)) {
			head := string(rest[:end])
			s.note(head)
			answer := s.answer(head)
			if answer == nil {
				return
			}
			out, rest = append(out, answer...), rest[end+len(headEnd):]
		}
		filled = copy(buffer, rest)
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

func (s *scripted) note(head string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.Fields(head)[1]
	path, _, _ = strings.Cut(path, "?")
	s.asked[path]++
	if _, token, found := strings.Cut(head, "Bearer "); found {
		key := path + " " + token
		s.tokens[key] = append(s.tokens[key], time.Now())
	}
}

func ok(head string) []byte {
	if strings.HasPrefix(head, "POST /claim") {
		return reply("200 OK", `{"code":"ok","order":"281474976710657","fen":2000}`)
	}
	return reply("200 OK", `{"code":"ok"}`)
}

// job is a volley of so many requests a second at a front door. Its clients wait so long for an answer that only what hangs
// is too late, however busy the machine is.
func job(t *testing.T, front string, curve loadprofiles.Curve) Job {
	p := loadprofiles.Night200k(time.Second)
	p.Curve, p.Patience = curve, 30*time.Second
	p.Retry = loadprofiles.Retry{}
	return Job{Profile: p, Scale: 1, Seed: 1, Front: front, Key: testKey, Dir: t.TempDir()}
}

// fireHere runs a job in this process, and opens what it left.
func fireHere(t *testing.T, j Job) (loadprofiles.Yield, *tally.Tally, []loadprofiles.Attempt) {
	t.Helper()
	y, err := run(context.Background(), j, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	return y, tallyIn(t, j.Dir), journalIn(t, j.Dir)
}

func tallyIn(t *testing.T, dir string) *tally.Tally {
	t.Helper()
	_, all, err := openYield(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func journalIn(t *testing.T, dir string) (all []loadprofiles.Attempt) {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for a, err := range loadprofiles.ReadJournal(file) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

const forever = time.Hour

func count(all *tally.Tally, op api.Op, outcome api.Outcome) int {
	return int(all.Counts(0, forever, op, outcome))
}

// shed is a refusal by overload protection.
func shed(afterSeconds, spreadMs int) []byte {
	body := `{"code":"busy","say":"busy","retry_after_s":` + strconv.Itoa(afterSeconds) + `,"spread_ms":` + strconv.Itoa(spreadMs) + `}`
	return []byte("HTTP/1.1 503 Service Unavailable\r\nretry-after: " + strconv.Itoa(afterSeconds) + "\r\ncontent-length: " +
		strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}
