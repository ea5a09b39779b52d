package logd

import (
	"fmt"
	"os"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"redpacket/system/grantlog"
)

// State is how much the log holds.
type State struct {
	Messages uint64
	Bytes    uint64
	Last     uint64 // sequence number of the last message
	Clients  uint64
}

// State is what the log itself holds, without a mirror; all is 0 before the stream is there.
func (s *Server) State() State { return s.state(grantlog.Stream) }

// state asks the server for one stream.
func (s *Server) state(name string) State {
	state := State{Clients: uint64(max(0, s.nats.NumClients()))}
	all, err := s.nats.Jsz(&server.JSzOptions{Accounts: true, Streams: true})
	if err != nil {
		return state
	}
	for _, account := range all.AccountDetails {
		for _, stream := range account.Streams {
			if stream.Name == name {
				state.Messages, state.Bytes, state.Last = stream.State.Msgs, stream.State.Bytes, stream.State.LastSeq
			}
		}
	}
	return state
}

// mostComplaints bounds what the server may write to the process' log.
const mostComplaints = 1000

// complaints passes on what the server says is wrong, and nothing else.
type complaints struct {
	mu   sync.Mutex
	said int
	text string
}

// say keeps the last complaint, for the error of a server that does not start.
func (c *complaints) say(format string, v []any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text = fmt.Sprintf(format, v...)
	if c.said++; c.said <= mostComplaints {
		fmt.Fprintln(os.Stderr, "log server:", c.text)
	}
}

// last is the newest complaint.
func (c *complaints) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text == "" {
		return "it does not say why"
	}
	return c.text
}

// Errorf passes an error on.
func (c *complaints) Errorf(format string, v ...any) { c.say(format, v) }

// Fatalf passes an error on; the server then stops by itself.
func (c *complaints) Fatalf(format string, v ...any) { c.say(format, v) }

// Warnf is for the server's advice; it would be one line for every lost client.
func (c *complaints) Warnf(string, ...any) {}

// Noticef is for the server's banner.
func (c *complaints) Noticef(string, ...any) {}

// Debugf is off.
func (c *complaints) Debugf(string, ...any) {}

// Tracef is off.
func (c *complaints) Tracef(string, ...any) {}
