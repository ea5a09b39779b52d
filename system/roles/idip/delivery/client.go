package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"redpacket/system/api"
)

// Client asks games to deliver. It may be used by several goroutines at once.
type Client struct {
	base   string // http://host:port
	within time.Duration
	http   *http.Client
}

// NewClient asks at addr (host:port), for within at most. It keeps one connection a game, so that one slow game's
// connection is nobody else's.
func NewClient(addr string, games int, within time.Duration) *Client {
	return &Client{base: "http://" + addr, within: within, http: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: games + 1, DisableCompression: true, ResponseHeaderTimeout: within,
	}}}
}

// Later is a refusal that says when to come back.
type Later struct {
	Status int
	After  time.Duration
}

// Error says what the game answered.
func (l Later) Error() string { return fmt.Sprintf("status %d, come back after %v", l.Status, l.After) }

// Deliver asks a game once. The error is a Later when the game says when to come back; after any error the orders may
// have been delivered.
func (c *Client) Deliver(ctx context.Context, game uint8, grants []api.Grant) ([]Answer, error) {
	body, err := json.Marshal(OrdersOf(grants))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	url := c.base + Path + "?game=" + strconv.Itoa(int(game))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer := io.LimitReader(resp.Body, MaxBody)
	defer func() { _, _ = io.Copy(io.Discard, answer) }() // so that the connection can be used again
	if resp.StatusCode == http.StatusOK {
		return DecodeAnswers(answer, grants)
	}
	seconds, _ := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 8)
	return nil, Later{resp.StatusCode, time.Duration(seconds) * time.Second}
}
