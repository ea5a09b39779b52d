// Command ownrecommend is an image of one's own in the place of the role recommend: everybody likes best what taste 7 likes.
// It is written after docs/roles.md with Go's standard library alone, as a team that knows nothing else of this project
// would: one JSON variable in, frames on one port, three pages on another.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ownrecommend:", err)
		os.Exit(1)
	}
}

// orders are the part of REDPACKET_CONFIG that this role needs.
type orders struct {
	Node  string `json:"node"`
	Inner string `json:"inner"`
	Admin string `json:"admin"`
	Token string `json:"token"`
}

func run() error {
	var o orders
	if err := json.Unmarshal([]byte(os.Getenv("REDPACKET_CONFIG")), &o); err != nil {
		return fmt.Errorf("read REDPACKET_CONFIG: %w", err)
	}
	l, err := net.Listen("tcp", o.Inner)
	if err != nil {
		return err
	}
	s := &server{orders: o, switches: map[string]any{"version": 0.0}}
	failed := make(chan error, 2)
	go func() { failed <- http.ListenAndServe(o.Admin, s.pages()) }()
	go func() { failed <- s.accept(l) }()
	return <-failed
}

// server answers calls, and shows how many.
type server struct {
	orders
	told atomic.Uint64

	mu       sync.Mutex
	switches map[string]any // as they were pushed last; this role obeys none
}

func (s *server) accept(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go s.serve(conn)
	}
}

// The frames: a head of 4 bytes of length and 1 of kind; calls of 25 bytes; replies of 15 bytes and a body.
const (
	greeting  = "redpacket calls 1\n"
	headSize  = 5
	callSize  = 25
	mostBytes = 256 << 10
	opList    = 1

	codeOK        = 1
	codeMalformed = 8

	silence = 1500 * time.Millisecond
)

// serve answers one link until it breaks; the caller dials again.
func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	if _, err := io.WriteString(conn, greeting); err != nil {
		return
	}
	from, items := bufio.NewReader(conn), make([]byte, mostBytes)
	for {
		if err := conn.SetDeadline(time.Now().Add(silence)); err != nil {
			return
		}
		var head [headSize]byte
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head[:])
		if head[4] != 'C' || length > mostBytes || length%callSize != 0 {
			return
		}
		if _, err := io.ReadFull(from, items[:length]); err != nil {
			return
		}
		if _, err := conn.Write(s.answer(items[:length])); err != nil { // no calls: a heartbeat, answered by one
			return
		}
	}
}

// answer is the frame that answers a frame's calls.
func (s *server) answer(calls []byte) []byte {
	frame := []byte{0, 0, 0, 0, 'R'}
	for ; len(calls) > 0; calls = calls[callSize:] {
		code, taste := byte(codeOK), "7"
		if calls[8] == opList {
			s.told.Add(1)
		} else {
			code, taste = codeMalformed, ""
		}
		frame = append(frame, calls[:8]...)     // the call's id
		frame = append(frame, code, 0, 0, 0, 0) // and how many µs it waited here: none
		frame = binary.BigEndian.AppendUint16(frame, uint16(len(taste)))
		frame = append(frame, taste...)
	}
	binary.BigEndian.PutUint32(frame, uint32(len(frame)-headSize))
	return frame
}

// pages are what operators, gslb, zhiyun and the harness ask.
func (s *server) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/-/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/-/metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE redpacket_recommendations_total counter\nredpacket_recommendations_total{code=\"ok\"} %d\n", s.told.Load())
	})
	mux.HandleFunc("GET /-/switches", func(w http.ResponseWriter, _ *http.Request) { s.echo(w) })
	mux.HandleFunc("POST /-/switches", s.push)
	return mux
}

// push takes switches that are newer than the last ones.
func (s *server) push(w http.ResponseWriter, r *http.Request) {
	if s.Token == "" || r.Header.Get("Authorization") != "Bearer "+s.Token {
		http.Error(w, "changing switches needs the run's token", http.StatusUnauthorized)
		return
	}
	var pushed map[string]any
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&pushed); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	version, _ := pushed["version"].(float64)
	s.mu.Lock()
	if now, _ := s.switches["version"].(float64); version >= now {
		s.switches = pushed
	}
	s.mu.Unlock()
	s.echo(w)
}

// echo is the switches as they were pushed, and by whom they are echoed.
func (s *server) echo(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches["node"] = s.Node
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.switches)
}
