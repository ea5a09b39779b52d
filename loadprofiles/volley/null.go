package volley

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// NullServer answers every request at once with what it hopes for, and does nothing else: against it a generator shows
// what it can do itself. It is a process of its own.
type NullServer struct {
	Addr   string // host:port
	worker *worker
}

// StartNullServer starts a null server on some cores ("": any). Stop it when it is done with.
func StartNullServer(cores string) (*NullServer, error) {
	w, err := start(asNull, cores)
	if err != nil {
		return nil, err
	}
	m, err := w.next()
	if err != nil {
		w.kill()
		return nil, fmt.Errorf("start the null server: %w", err)
	}
	return &NullServer{Addr: m.Addr, worker: w}, nil
}

// Stall stops every answer for a while, and returns when they go on: how long it really was, by the server's clock. It is
// for one goroutine at a time.
func (n *NullServer) Stall(long time.Duration) (time.Duration, error) {
	if err := n.worker.give(order{Stall: long}); err != nil {
		return 0, fmt.Errorf("stall the null server: %w", err)
	}
	m, err := n.worker.next()
	if err != nil {
		return 0, fmt.Errorf("stall the null server: %w", err)
	}
	return m.Stalled, nil
}

// order is what the null server is told on its stdin, a line each.
type order struct {
	Stall time.Duration `json:"stall"`
}

// obey carries orders out until they end. Whoever answers holds the gate for reading.
func obey(in *bufio.Reader, gate *sync.RWMutex, say *speaker) {
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			say.message(message{Error: err.Error()})
			return
		}
		gate.Lock()
		from := time.Now()
		<-time.After(o.Stall)
		was := time.Since(from)
		gate.Unlock()
		say.message(message{Stalled: was})
	}
}

// Stop ends the null server's process.
func (n *NullServer) Stop() { n.worker.kill() }

// nullServe is the null server's life.
func nullServe(ctx context.Context, gate *sync.RWMutex, say *speaker) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("null server: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	say.message(message{Addr: l.Addr().String()})
	replies := nullReplies()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("null server: %w", err)
		}
		go func() {
			defer c.Close()
			serveNull(c, gate, replies)
		}()
	}
}

// reply is an HTTP answer as bytes.
func reply(status, body string) []byte {
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// nullReplies are the answers by the third letter of the request line's path, which tells the requests apart.
func nullReplies() map[byte][]byte {
	page := reply("200 OK", `{"code":"ok","page":"`+strings.Repeat("x", 490)+`"}`)
	list := reply("200 OK", `{"code":"ok","gifts":"`+strings.Repeat("x", 140)+`"}`)
	claim := reply("200 OK", `{"code":"ok","order":"281474976710657","fen":2000}`)
	return map[byte][]byte{'s': page, 'g': list, 'v': list, 'c': claim, 'r': claim}
}

// replyTo finds the answer to a request: /static, /gifts, /servers, /claim or /receipt.
func replyTo(request []byte, replies map[byte][]byte) []byte {
	_, path, _ := bytes.Cut(request, []byte(" /"))
	if bytes.HasPrefix(path, []byte("servers")) {
		return replies['v']
	}
	if len(path) == 0 {
		return nil
	}
	return replies[path[0]]
}

// headEnd is where a request without a body ends.
const headEnd = "\r\n\r\n"

// serveNull answers what comes in one read with one write.
func serveNull(c net.Conn, gate *sync.RWMutex, replies map[byte][]byte) {
	buffer, filled := make([]byte, 64<<10), 0
	var out []byte
	for {
		n, err := c.Read(buffer[filled:])
		filled += n
		rest := buffer[:filled]
		for {
			end := bytes.Index(rest, []byte(headEnd))
			if end < 0 {
				break
			}
			out = append(out, replyTo(rest[:end], replies)...)
			rest = rest[end+len(headEnd):]
		}
		filled = copy(buffer, rest)
		if err != nil || filled == len(buffer) {
			return
		}
		gate.RLock()
		_, err = c.Write(out)
		gate.RUnlock()
		if err != nil {
			return
		}
		out = out[:0]
	}
}
