package courier

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
	"redpacket/system/roles/idip/delivery"
)

// askWait is how long one request may take; the game's own limit is shorter.
const askWait = 6 * time.Second

// client asks games to deliver. It may be used by several goroutines at once.
type client struct {
	base string // http://host:port
	http *http.Client
}

// later is a game's refusal that says when to come back.
type later struct {
	status int
	after  time.Duration
}

// Error says what the game answered.
func (l later) Error() string { return fmt.Sprintf("status %d, come back after %v", l.status, l.after) }

// deliver asks a game once. The error is a later when the game says when to come back; after any error the orders may
// have been delivered.
func (c *client) deliver(ctx context.Context, game uint8, grants []api.Grant) ([]delivery.Answer, error) {
	body, err := json.Marshal(delivery.OrdersOf(grants))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	url := c.base + delivery.Path + "?game=" + strconv.Itoa(int(game))
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
	answer := io.LimitReader(resp.Body, delivery.MaxBody)
	defer func() { _, _ = io.Copy(io.Discard, answer) }() // so that the connection can be used again
	if resp.StatusCode == http.StatusOK {
		return delivery.DecodeAnswers(answer, grants)
	}
	seconds, _ := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 8)
	return nil, later{resp.StatusCode, time.Duration(seconds) * time.Second}
}
