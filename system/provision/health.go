package provision

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"redpacket/system/pause"
	"redpacket/system/topology"
)

// How a node's health is asked for.
const (
	askEvery     = 25 * time.Millisecond
	askWithin    = 2 * time.Second // one question
	lookAliveFor = 20              // every so many questions, look whether the container still runs
)

// await returns when a node is healthy: an app node says so, a store answers PING, the ledger lets a client in, the
// monitor is ready. A node
// that ended, or ctx's end, is an error that says what was missing.
func (c *Cluster) await(ctx context.Context, n topology.Node) error {
	var missing error
	for asked := 1; ; asked++ {
		if missing = c.ask(ctx, n); missing == nil {
			return nil
		}
		if asked%lookAliveFor == 0 {
			if err := c.alive(ctx, n.Name); err != nil {
				return err
			}
		}
		if !pause.For(ctx, askEvery) {
			return errors.Join(context.Cause(ctx), missing)
		}
	}
}

func (c *Cluster) ask(ctx context.Context, n topology.Node) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	switch n.Role {
	case roleStore:
		return pingRedis(ctx, c.direct(n))
	case roleLedger:
		return greetPostgres(ctx, c.direct(n))
	case roleMonitor:
		_, err := c.fetch(ctx, "http://"+c.direct(n)+"/-/ready", 4<<10)
		return err
	default:
		_, err := c.get(ctx, n.Name, "/-/health", 4<<10)
		return err
	}
}

// get asks a node's admin port for a page of at most so many bytes.
func (c *Cluster) get(ctx context.Context, node, path string, most int64) ([]byte, error) {
	return c.fetch(ctx, "http://"+c.layout.at(node, topology.AdminPort)+path, most)
}

// fetch gets a page of at most so many bytes.
func (c *Cluster) fetch(ctx context.Context, url string, most int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.asker.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", r.URL.Path, answer.StatusCode, strings.TrimSpace(string(body)))
	}
	return body, err
}

// alive is nil while a node's container runs.
func (c *Cluster) alive(ctx context.Context, node string) error {
	id, err := c.id(node)
	if err != nil {
		return err
	}
	state, err := c.engine.State(ctx, id)
	if err != nil {
		return err
	}
	if !state.Running {
		return fmt.Errorf("it ended with exit code %d", state.ExitCode)
	}
	return nil
}

func dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if end, ok := ctx.Deadline(); ok {
		err = conn.SetDeadline(end)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func pingRedis(ctx context.Context, addr string) error {
	conn, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	return ping(conn)
}

// ping is one question and answer in Redis' own protocol.
func ping(conn net.Conn) error {
	const pong = "+PONG\r\n"
	if _, err := io.WriteString(conn, "PING\r\n"); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	answer := make([]byte, len(pong))
	if _, err := io.ReadFull(conn, answer); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	if string(answer) != pong {
		return fmt.Errorf("ping redis: it answers %q", answer)
	}
	return nil
}

// greetPostgres opens a session as a client does. PostgreSQL accepts connections before it can work; only its welcome
// tells.
func greetPostgres(ctx context.Context, addr string) error {
	const version3, authentication = 3 << 16, 'R'
	conn, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	hello := binary.BigEndian.AppendUint32(make([]byte, 4), version3)
	hello = append(hello, "user\x00redpacket\x00database\x00redpacket\x00\x00"...)
	binary.BigEndian.PutUint32(hello, uint32(len(hello)))
	if _, err := conn.Write(hello); err != nil {
		return fmt.Errorf("greet postgres: %w", err)
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		return fmt.Errorf("greet postgres: %w", err)
	}
	if head[0] != authentication {
		why, _ := io.ReadAll(io.LimitReader(conn, 200))
		return fmt.Errorf("greet postgres: it answers %q", why)
	}
	return nil
}
