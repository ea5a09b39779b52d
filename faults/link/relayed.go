package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"redpacket/faults"
	"redpacket/system/relay"
)

// relayed is a fault of datagrams as linkd's relay plays it.
type relayed struct {
	of   faults.Fault
	on   string
	way  Way
	hurt relay.Hurt
	did  func(relay.Force) int64 // how often what is meant was done
}

// hitWait bounds the wait for the first datagram that a fault hits. Nodes that report do so once a second each.
const hitWait = 5 * time.Second

// order is the fault as the relay takes it.
func (r relayed) order() relay.Hurt {
	h := r.hurt
	h.Name, h.Way = name(r.of), map[Way]string{Requests: relay.Requests, Replies: relay.Replies}[r.way]
	return h
}

func (r relayed) check() error {
	err := errors.Join(Hit{On: r.on, Way: r.way, Share: 1}.check(), r.order().Check())
	if err != nil {
		err = fmt.Errorf("%s: %w", r.of, err)
	}
	return err
}

// inject hurts every link of the victim and waits until the relay of one of them has hit a datagram.
func (r relayed) inject(ctx context.Context, on faults.Levers) error {
	if err := r.check(); err != nil {
		return err
	}
	order := r.order()
	links, err := carried(on, r.on, true)
	if err != nil {
		return err
	}
	if err := each(links, func(l faults.Link) error {
		_, err := ask(ctx, http.MethodPut, hurtOf(l, order.Name), order)
		return err
	}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hitWait)
	defer cancel()
	return until(ctx, func() error { return r.hits(ctx, links) })
}

// hits is nil when one of the links has hit a datagram.
func (r relayed) hits(ctx context.Context, links []faults.Link) error {
	met := int64(0)
	for _, l := range links {
		s, err := ask(ctx, http.MethodGet, relayOf(l), nil)
		if err != nil {
			return fmt.Errorf("link %s: %w", l.Name, err)
		}
		for _, f := range s.Hurts {
			if f.Hurt.Name != name(r.of) {
				continue
			}
			if r.did(f) > 0 {
				return nil
			}
			met += f.Met
		}
	}
	return fmt.Errorf("no effect: %q hit none of the %d datagrams that came", r.of, met)
}

func (r relayed) mend() mend { return mend{on: r.on, datagrams: true, names: []string{name(r.of)}} }

func relayOf(l faults.Link) string {
	return "http://" + l.API + relay.Path + "/" + url.PathEscape(l.Name)
}

func hurtOf(l faults.Link, hurt string) string { return relayOf(l) + "/hurts/" + hurt }

// ask calls the relay's API, and returns the state of the link where that is the answer.
func ask(ctx context.Context, method, at string, order any) (s relay.State, err error) {
	return s, tell(ctx, method, at, order, &s)
}

// tell sends JSON and reads it; into may be nil. A change that was asked for is waited for, callWithin at most, though ctx
// ends meanwhile: else it might come after the heal that should have undone it.
func tell(ctx context.Context, method, at string, order, into any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if method != http.MethodGet {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusNoContent || answer.StatusCode == http.StatusOK && into == nil:
		return nil
	case answer.StatusCode == http.StatusOK:
		return json.Unmarshal(text, into)
	}
	return fmt.Errorf("%s %s answers %s: %s", method, at, answer.Status, bytes.TrimSpace(text))
}
