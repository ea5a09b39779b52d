package link

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"redpacket/faults"
)

// callWithin bounds every call of a carrier's API. Toxiproxy answers a change when every connection of the proxy has taken
// it, and one whose reader is stuck never does; it has no answer about that proxy until then, either.
const callWithin = 3 * time.Second

// proxy is a link's proxy by its carrier's API. Each call waits callWithin at most; one that is given up goes on in the
// background for the 30 s that Toxiproxy's client allows it.
type proxy struct {
	link   faults.Link
	client *toxiproxy.Client
}

// proxyOf is a link's proxy.
func proxyOf(l faults.Link) proxy { return proxy{l, toxiproxy.NewClient(l.API)} }

// now is the proxy as it is.
func (p proxy) now(ctx context.Context) (*toxiproxy.Proxy, error) {
	return within(ctx, "ask for the proxy", func() (*toxiproxy.Proxy, error) { return p.client.Proxy(p.link.Name) })
}

// known is the proxy without asking, for calls that need its name only.
func (p proxy) known() *toxiproxy.Proxy {
	known := p.client.NewProxy()
	known.Name = p.link.Name
	return known
}

// within gives a call up when its time is over.
func within[T any](ctx context.Context, what string, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		value, err := call()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			r.err = fmt.Errorf("%s: %w", what, r.err)
		}
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("%s: no answer within %s: %w", what, callWithin, ctx.Err())
	}
}

// add adds a toxic. One of that name is the same one, for the name comes from its arguments. Once it is asked for it is
// waited for, though ctx ends meanwhile: else the toxic might come after the heal that should have removed it.
func (p proxy) add(ctx context.Context, t toxiproxy.Toxic) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("add toxic %s: %w", t.Name, err)
	}
	_, err := within(context.WithoutCancel(ctx), "add toxic "+t.Name, func() (*toxiproxy.Toxic, error) {
		return p.known().AddToxic(t.Name, t.Type, t.Stream, t.Toxicity, t.Attributes)
	})
	if refusedWith(err, http.StatusConflict) {
		return nil
	}
	return err
}

// remove removes a toxic; one that is not there is removed.
func (p proxy) remove(ctx context.Context, toxic string) error {
	_, err := within(ctx, "remove toxic "+toxic, func() (none struct{}, err error) { return none, p.known().RemoveToxic(toxic) })
	if refusedWith(err, http.StatusNotFound) {
		return nil
	}
	return err
}

func refusedWith(err error, status int) bool {
	var refused *toxiproxy.ApiError
	return errors.As(err, &refused) && refused.Status == status
}

// enable lets connections in, or ends those there are and lets none in. It says so in its own words, for Toxiproxy's client
// must first ask for the whole proxy, and gets no answer about one with a toxic whose removal is stuck.
func (p proxy) enable(ctx context.Context, enabled bool) error {
	return tell(ctx, http.MethodPost, "http://"+p.link.API+"/proxies/"+url.PathEscape(p.link.Name), map[string]bool{"enabled": enabled}, nil)
}

// restore enables the proxy unless a cut is still in force, by whichever fault.
func (p proxy) restore(ctx context.Context) error {
	now, err := p.now(ctx)
	if err != nil || cut(now) || now.Enabled {
		return err
	}
	return p.enable(ctx, true)
}

// cut says that a fault wants the proxy disabled.
func cut(p *toxiproxy.Proxy) bool {
	return slices.ContainsFunc(p.ActiveToxics, func(t toxiproxy.Toxic) bool { return strings.HasSuffix(t.Name, cutMark) })
}

// mended is an error while the proxy has one of the toxics, or is disabled and by no cut.
func (p proxy) mended(ctx context.Context, names []string) error {
	now, err := p.now(ctx)
	if err != nil {
		return err
	}
	for _, t := range now.ActiveToxics {
		if slices.Contains(names, t.Name) {
			return fmt.Errorf("toxic %s is still there", t.Name)
		}
	}
	if !now.Enabled && !cut(now) {
		return errors.New("the proxy is disabled")
	}
	return nil
}
