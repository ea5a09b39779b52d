// Package promotion is what the promotion layer says to those who would show the event to users, whether to: its answer,
// and a client that asks for it.
package promotion

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"redpacket/system/control"
)

// Path is where the promotion layer answers GET with its Valve, as JSON.
const Path = "/valve"

// Valve says whether the promotion is stopped: then nobody is shown it any more. Who was, still comes.
type Valve struct {
	Closed bool `json:"closed"`
}

// ErrUnanswered is wrapped by the error of an Ask that was not answered with a Valve in time.
var ErrUnanswered = errors.New("the promotion layer did not answer")

// mostBody is the most bytes of an answer.
const mostBody = 1 << 10

// Client asks one promotion layer. It may be used from any goroutine.
type Client struct {
	url  string
	http http.Client
}

// Dial makes a client of the promotion layer at addr (host:port), which waits for no answer longer than within. Nothing is
// sent yet.
func Dial(addr string, within time.Duration) *Client {
	return &Client{url: "http://" + addr + Path, http: http.Client{Transport: &http.Transport{}, Timeout: within}}
}

// Ask is how the valve is now. The error wraps ErrUnanswered; a valve that cannot be read is not thought open.
func (c *Client) Ask(ctx context.Context) (v Valve, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostBody))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s says %d: %.100s", c.url, answer.StatusCode, text)
	}
	var said struct {
		Closed *bool `json:"closed"`
	}
	if err == nil {
		err = control.Strictly(text, &said)
	}
	if err == nil && said.Closed == nil {
		err = fmt.Errorf("%s says %.100s", c.url, text)
	}
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	return Valve{Closed: *said.Closed}, nil
}

// Close gives the connections back.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Handler answers every question with what now says.
func Handler(now func() Valve) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(now()) // to a client that is gone nothing is owed
	})
	return mux
}
