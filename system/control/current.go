package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"redpacket/system/config"
)

var (
	// ErrOld says that a process runs with newer switches than it was given.
	ErrOld = errors.New("it runs with newer switches")
	// ErrOther says that a process runs with other switches of the same version: two platforms have been at work.
	ErrOther = errors.New("it runs with other switches of this version")
)

// Current is the switches that a process runs with. It may be used from any goroutine.
type Current struct {
	node, token string
	now         atomic.Pointer[Switches]

	mu    sync.Mutex // one change at a time
	apply []func(Settings)
}

// NewCurrent is version 0. token must come with every push; empty: pushes are refused.
func NewCurrent(node, token string) *Current {
	c := &Current{node: node, token: token}
	c.now.Store(&Switches{})
	return c
}

// Follow is the switches of a process, as the control store has them and as they are pushed to its admin port. It follows
// the store, if the process has a link to it, until ctx ends; while the store is away, the last known ones stay.
func Follow(ctx context.Context, cfg config.Config) *Current {
	c := NewCurrent(cfg.Node, cfg.Token)
	addr, linked := cfg.Peers["control"]
	if !linked {
		return c
	}
	store, err := Dial(addr)
	if err != nil {
		fmt.Printf("%s: %v; switches come by push alone\n", cfg.Node, err)
		return c
	}
	go func() {
		defer store.Close()
		_ = store.Watch(ctx, Key, c.hear) // ends with ctx
	}()
	return c
}

// hear takes what the store holds. It may be older than what was pushed while the store was away.
func (c *Current) hear(e Entry) {
	if e.Revision == 0 {
		return
	}
	s, err := Parse(e.Value)
	if err == nil {
		err = c.Take(s)
	}
	if err != nil && !errors.Is(err, ErrOld) {
		fmt.Printf("%s: revision %d of the control store: %v\n", c.node, e.Revision, err)
	}
}

// Now is what the process runs with: one atomic load. It must not be changed. Ask once a batch, not once a request.
func (c *Current) Now() *Switches { return c.now.Load() }

// OnChange calls apply with the settings now and before every newer version counts as running. It must be quick, and must
// not call back.
func (c *Current) OnChange(apply func(Settings)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apply = append(c.apply, apply)
	apply(c.Now().Settings)
}

// Take runs the process with newer switches; the same ones again change nothing. The error is ErrOld or ErrOther, or what
// is wrong with them.
func (c *Current) Take(s Switches) error {
	if err := s.Check(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := c.Now(); {
	case s.Equal(*now):
		return nil
	case s.Version < now.Version:
		return fmt.Errorf("version %d: %w: %d", s.Version, ErrOld, now.Version)
	case s.Version == now.Version:
		return fmt.Errorf("version %d: %w", s.Version, ErrOther)
	}
	for _, apply := range c.apply {
		apply(s.Settings)
	}
	c.now.Store(&s)
	return nil
}

// Echo is what a process answers about its switches: those that it runs with.
type Echo struct {
	Node string `json:"node"`
	Switches
}

// MostBody is the most bytes of a request about switches.
const MostBody = 64 << 10

// ServeHTTP is /-/switches: GET echoes, POST with the run's token pushes.
func (c *Current) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if !Allowed(w, r, c.token) {
			return
		}
		if status, err := c.push(w, r); err != nil {
			http.Error(w, fmt.Sprintf("%s: %v", c.node, err), status)
			return
		}
	default:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "GET echoes the switches, POST pushes them", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Echo{c.node, *c.Now()})
}

func (c *Current) push(w http.ResponseWriter, r *http.Request) (status int, err error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MostBody))
	if err != nil {
		return http.StatusRequestEntityTooLarge, err
	}
	s, err := Parse(text)
	if err != nil {
		return http.StatusBadRequest, err
	}
	if err := c.Take(s); err != nil {
		return http.StatusConflict, err
	}
	return http.StatusOK, nil
}

// Allowed says whether a request carries the run's token; if not, it has been refused. Without a token nobody is allowed.
func Allowed(w http.ResponseWriter, r *http.Request, token string) bool {
	given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1 {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "changing switches needs the run's token: Authorization: Bearer TOKEN", http.StatusUnauthorized)
	return false
}
