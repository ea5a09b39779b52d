// Package smoke is what every change must pass in containers: the stores' promises, a small drill with every money
// invariant, the loss of Redis, hostile bytes at the front door, and that nothing is left behind.
package smoke

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Reply is what the front door answered to raw bytes.
type Reply struct {
	Status int
	Code   string // the business code in the body
	Body   string
	Closed bool // the connection was closed after it
}

// Say sends raw bytes to the front door and reads one answer, within a time.
func Say(addr, bytes string, within time.Duration) (Reply, error) {
	conn, err := net.DialTimeout("tcp", addr, within)
	if err != nil {
		return Reply{}, fmt.Errorf("dial the front door: %w", err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(within)); err != nil {
		return Reply{}, err
	}
	// The door may refuse, and close, before it has read everything: a failed write is not yet the answer.
	_, writeErr := io.WriteString(conn, bytes)
	return listen(bufio.NewReader(conn), writeErr)
}

func listen(from *bufio.Reader, writeErr error) (Reply, error) {
	answer, err := http.ReadResponse(from, nil)
	if err != nil {
		return Reply{}, fmt.Errorf("no answer (%w; writing said: %v)", err, writeErr)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return Reply{}, fmt.Errorf("half an answer: %w", err)
	}
	r := Reply{Status: answer.StatusCode, Body: string(body), Closed: answer.Close}
	if _, rest, ok := strings.Cut(r.Body, `"code":"`); ok {
		r.Code, _, _ = strings.Cut(rest, `"`)
	}
	return r, nil
}
