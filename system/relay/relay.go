// Package relay carries the datagrams of one link, and can lose, delay, double and reorder them by a seed, counting what it
// does: what came in is what went out, was lost, or is held.
package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// The bounds of a relay.
const (
	MaxSessions = 256              // callers at once; the one that was quiet longest makes room
	MaxHeld     = 8192             // datagrams that are held back, on each way
	MaxBytes    = 16 << 20         // of them
	MaxHurts    = 16               // at once
	idle        = 60 * time.Second // a caller who says nothing for so long is forgotten
	maxDatagram = 64 << 10
)

// Relay is one link. It is safe for any number of goroutines.
type Relay struct {
	name string
	to   net.Addr
	conn *net.UDPConn // callers' side
	ways [2]*way      // by the index of a way
	done chan struct{}

	mu       sync.Mutex
	hurts    []*inForce
	sessions map[netip.AddrPort]*session
}

// session is one caller, with a socket of its own towards the node: so the node's replies find their way back.
type session struct {
	caller netip.AddrPort
	conn   *net.UDPConn
	last   time.Time // guarded by the relay's lock
}

// Open listens on an address for datagrams to another, until Close.
func Open(name, listen, to string) (*Relay, error) {
	node, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		return nil, fmt.Errorf("link %s leads to %q: %w", name, to, err)
	}
	conn, err := net.ListenPacket("udp", listen)
	if err != nil {
		return nil, fmt.Errorf("carry the datagrams of link %s: %w", name, err)
	}
	r := &Relay{name: name, to: node, conn: conn.(*net.UDPConn), done: make(chan struct{}), sessions: map[netip.AddrPort]*session{}}
	for i := range r.ways {
		r.ways[i] = newWay()
		go r.ways[i].pump(r.done)
	}
	go r.hear()
	return r, nil
}

// Close ends the link; what is held is lost. It is called once.
func (r *Relay) Close() {
	close(r.done)
	_ = r.conn.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sessions {
		_ = s.conn.Close()
	}
}

// Hurt puts a hurt in force. One of its name that says the same goes on as it is; one that says something else is an error.
func (r *Relay) Hurt(h Hurt) error {
	if err := h.Check(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, has := range r.hurts {
		if has.Hurt.Name != h.Name {
			continue
		}
		if has.Hurt != h {
			return fmt.Errorf("hurt %s of link %s is in force and says otherwise: %w", h.Name, r.name, ErrTaken)
		}
		return nil
	}
	if len(r.hurts) >= MaxHurts {
		return fmt.Errorf("link %s has %d hurts; end one first: %w", r.name, MaxHurts, ErrTaken)
	}
	r.hurts = append(r.hurts, newInForce(h, r.name))
	r.apply()
	return nil
}

// ErrTaken says that a hurt finds no place.
var ErrTaken = errors.New("no place for the hurt")

// End ends a hurt; one that is not in force is ended. With the last of a way, all that is held back leaves at once.
func (r *Relay) End(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hurts = slices.DeleteFunc(r.hurts, func(h *inForce) bool { return h.Hurt.Name == name })
	r.apply()
}

// apply gives each way its hurts; mu is held.
func (r *Relay) apply() {
	for i, w := range r.ways {
		var dice []*dice
		for _, h := range r.hurts {
			if h.dice[i] != nil {
				dice = append(dice, h.dice[i])
			}
		}
		w.suffer(dice)
	}
}

// State is a link as the API shows it.
type State struct {
	Listen  string  `json:"listen"`
	To      string  `json:"to"`
	Hurts   []Force `json:"hurts"`
	Callers int     `json:"callers"`

	Requests Counts `json:"requests"` // what callers sent
	Replies  Counts `json:"replies"`  // what they were sent
}

// State is the link as it is now.
func (r *Relay) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := State{Listen: r.conn.LocalAddr().String(), To: r.to.String(), Hurts: []Force{}, Callers: len(r.sessions),
		Requests: r.ways[requests].count(), Replies: r.ways[replies].count()}
	for _, h := range r.hurts {
		s.Hurts = append(s.Hurts, h.force())
	}
	return s
}

// hear takes callers' datagrams until the relay is closed.
func (r *Relay) hear() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // of one datagram; the next may be well
		}
		s, err := r.session(from)
		if err != nil {
			r.ways[requests].refuse()
			continue
		}
		r.ways[requests].take(buf[:n], func(b []byte) error { _, err := s.conn.Write(b); return err })
	}
}

// session is a caller's, made when it first sends.
func (r *Relay) session(from netip.AddrPort) (*session, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if s := r.sessions[from]; s != nil {
		s.last = now
		return s, nil
	}
	r.forget(now)
	conn, err := net.Dial("udp", r.to.String())
	if err != nil {
		return nil, err
	}
	s := &session{caller: from, conn: conn.(*net.UDPConn), last: now}
	r.sessions[from] = s
	go r.answer(s)
	return s, nil
}

// forget makes room for a caller; mu is held.
func (r *Relay) forget(now time.Time) {
	var oldest *session
	for _, s := range r.sessions {
		if now.Sub(s.last) > idle {
			r.drop(s)
		} else if oldest == nil || s.last.Before(oldest.last) {
			oldest = s
		}
	}
	if len(r.sessions) >= MaxSessions {
		r.drop(oldest)
	}
}

func (r *Relay) drop(s *session) {
	_ = s.conn.Close()
	delete(r.sessions, s.caller)
}

// answer brings a node's datagrams to their caller until the session ends.
func (r *Relay) answer(s *session) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := s.conn.Read(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // the node's machine says that nobody listens; it may listen again
		}
		r.ways[replies].take(buf[:n], func(b []byte) error { _, err := r.conn.WriteToUDPAddrPort(b, s.caller); return err })
	}
}
