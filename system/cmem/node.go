package cmem

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// Sight is what a node says of itself.
type Sight struct {
	RunID      string // another one than before: the process was started again
	Epoch      uint32 // 0: it is not installed
	Installing uint32 // the epoch a keeper is installing; 0: none
	Loaded     uint64 // grows while the installation goes on
	Follows    string // host:port of its primary; empty: it is one itself
}

// Look asks a node who it is and what it holds. A node that answers, but is loading, is seen with epoch 0.
func (s *Store) Look(ctx context.Context) (Sight, error) {
	b := s.client.B()
	replies := s.client.DoMulti(ctx, b.Info().Section("server", "replication").Build(),
		b.Mget().Key("epoch", "installing", "loaded").Build())
	info, err := replies[0].ToString()
	if err != nil {
		return Sight{}, fmt.Errorf("look at node: %w", err)
	}
	seen := sight(info)
	held, err := replies[1].ToArray()
	if _, refused := rueidis.IsRedisErr(err); refused {
		return seen, nil
	}
	if err != nil || len(held) != 3 {
		return Sight{}, fmt.Errorf("look at node: %d values: %w", len(held), err)
	}
	seen.Epoch, seen.Installing = uint32(number(held[0])), uint32(number(held[1]))
	seen.Loaded = number(held[2])
	return seen, nil
}

// number is a decimal that a key holds; 0 when the key is missing or holds something else.
func number(m rueidis.RedisMessage) uint64 {
	text, err := m.ToString()
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}

// sight reads Redis' INFO: lines of key:value.
func sight(info string) Sight {
	var seen Sight
	var host, port string
	for line := range strings.SplitSeq(info, "\r\n") {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "run_id":
			seen.RunID = value
		case "master_host":
			host = value
		case "master_port":
			port = value
		}
	}
	if host != "" {
		seen.Follows = net.JoinHostPort(host, port)
	}
	return seen
}

// Promote makes the node a primary; what it holds stays.
func (s *Store) Promote(ctx context.Context) error {
	return s.replicaOf(ctx, "NO", "ONE")
}

// Follow makes the node a replica of the one at addr (as the node itself reaches it); what it holds is lost.
func (s *Store) Follow(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("follow %q: %w", addr, err)
	}
	return s.replicaOf(ctx, host, port)
}

// replicaOf also forbids the node to keep files: a node that came back with the data of yesterday would be believed.
func (s *Store) replicaOf(ctx context.Context, host, port string) error {
	b := s.client.B()
	for _, reply := range s.client.DoMulti(ctx,
		b.Arbitrary("CONFIG", "SET", "save", "", "appendonly", "no").Build(),
		b.Arbitrary("REPLICAOF", host, port).Build()) {
		if err := reply.Error(); err != nil {
			return fmt.Errorf("replica of %s %s: %w", host, port, err)
		}
	}
	return nil
}
