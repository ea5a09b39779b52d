// Package spoil says what can be done to a node only from inside its network or on its disk, as data.
package spoil

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// Spoil is one thing that is spoilt of one node; exactly one of Drop, Queue and Full is set. Equal spoils are the same one.
type Spoil struct {
	Node  string   `json:"node"` // in whose network, or on whose disk
	Drop  *Packets `json:"drop,omitempty"`
	Queue *Queue   `json:"queue,omitempty"`
	Full  bool     `json:"full,omitempty"` // the volume has no free byte; it must be one of a stated size
}

// Packets are those that are lost. With none of Links, Peers and Front: all but those that stay inside the node.
type Packets struct {
	Links []string `json:"links,omitempty"` // of these links, which the node begins or carries
	Peers []string `json:"peers,omitempty"` // from and to any address of these nodes
	Front bool     `json:"front,omitempty"` // on the users' network
	In    bool     `json:"in,omitempty"`    // those that come
	Out   bool     `json:"out,omitempty"`   // those that leave
	Share float64  `json:"share"`           // of them, by chance; 1: all
}

// Queue holds back what leaves the node; exactly one of Rate and Delay is set.
type Queue struct {
	Rate   uint64        `json:"rate,omitempty"` // bytes a second of each of its interfaces
	Delay  time.Duration `json:"delay,omitempty"`
	Jitter time.Duration `json:"jitter,omitempty"`
}

// Check says what is wrong with it.
func (s Spoil) Check() error {
	set := 0
	for _, is := range []bool{s.Drop != nil, s.Queue != nil, s.Full} {
		if is {
			set++
		}
	}
	switch p := s.Drop; {
	case s.Node == "":
		return errors.New("it names no node")
	case set != 1:
		return fmt.Errorf("%d things of %s are spoilt at once; want one", set, s.Node)
	case p != nil && (!p.In && !p.Out || !(p.Share > 0 && p.Share <= 1)):
		return fmt.Errorf("%g of the packets of %s, in %t, out %t; want a share above 0, up to 1, of those that come or leave", p.Share, s.Node, p.In, p.Out)
	case s.Queue != nil && (s.Queue.Rate > 0) == (s.Queue.Delay > 0):
		return fmt.Errorf("a rate of %d bytes/s and a delay of %s on %s; want one of them", s.Queue.Rate, s.Queue.Delay, s.Node)
	}
	return nil
}

// Name tells it from others: letters and digits.
func (s Spoil) Name() string {
	h := fnv.New64a()
	_ = json.NewEncoder(h).Encode(s) // it is made of words and numbers
	return fmt.Sprintf("%016x", h.Sum64())
}

// String says what is spoilt, such as "has its disk full".
func (s Spoil) String() string {
	switch {
	case s.Full:
		return "has its disk full"
	case s.Queue != nil && s.Queue.Rate > 0:
		return fmt.Sprintf("sends %d bytes/s at most", s.Queue.Rate)
	case s.Queue != nil:
		return fmt.Sprintf("sends %s late", s.Queue.Delay)
	case s.Drop != nil:
		return fmt.Sprintf("loses %g %% of %s", 100*s.Drop.Share, s.Drop)
	}
	return "has nothing spoilt"
}

// String says which packets.
func (p *Packets) String() string {
	which := "all its packets"
	var of []string
	for _, l := range p.Links {
		of = append(of, "link "+l)
	}
	for _, n := range p.Peers {
		of = append(of, "node "+n)
	}
	if p.Front {
		of = append(of, "users")
	}
	if len(of) > 0 {
		which = "the packets of " + strings.Join(of, ", ")
	}
	switch {
	case !p.Out:
		which += " that come"
	case !p.In:
		which += " that leave"
	}
	return which
}
