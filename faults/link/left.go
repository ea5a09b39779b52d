package link

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"redpacket/faults"
	"redpacket/system/relay"
)

var (
	_ faults.Auditor = Hit{}
	_ faults.Auditor = Cut{}
	_ faults.Auditor = Stray{}
	_ faults.Auditor = OneWay{}
)

// Residue is every toxic on any link, and every link that is disabled.
func (Hit) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return left(ctx, on)
}

// Residue is every toxic on any link, and every link that is disabled.
func (Cut) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return left(ctx, on)
}

// Residue is everything that is done to the datagrams of any link.
func (Stray) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return left(ctx, on)
}

// Residue is everything that is done to the datagrams of any link.
func (OneWay) Residue(ctx context.Context, on faults.Levers) ([]faults.Residue, error) {
	return left(ctx, on)
}

// left asks every carrier that lives for all that it carries. A dead one has none, and will start without what was done to it.
func left(ctx context.Context, on faults.Levers) (found []faults.Residue, err error) {
	leads := map[string]map[string]string{} // carrier's API -> link -> the node that it leads to
	for _, node := range on.Nodes() {
		to, err := on.Links(node)
		if err != nil {
			continue // no link leads there
		}
		for _, l := range to {
			if is, err := on.Look(ctx, l.Carrier); l.API == "" || err == nil && is == faults.Dead {
				continue
			}
			if leads[l.API] == nil {
				leads[l.API] = map[string]string{}
			}
			leads[l.API][l.Name] = node
		}
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	for api, to := range leads {
		group.Go(func() {
			wounds, e := look(ctx, api, to)
			mu.Lock()
			defer mu.Unlock()
			found, err = append(found, wounds...), errors.Join(err, e)
		})
	}
	group.Wait()
	return found, err
}

// look asks one carrier.
func look(ctx context.Context, api string, to map[string]string) (found []faults.Residue, err error) {
	proxies, err := within(ctx, "ask "+api+" for its proxies", func() (map[string]*toxiproxy.Proxy, error) { return toxiproxy.NewClient(api).Proxies() })
	if err != nil {
		return nil, err
	}
	var relays map[string]relay.State
	if err := tell(ctx, http.MethodGet, "http://"+api+relay.Path, nil, &relays); err != nil {
		return nil, fmt.Errorf("ask %s for its relays: %w", api, err)
	}
	wound := func(link, what string) { found = append(found, faults.Residue{Victim: link, Of: to[link], What: what}) }
	for name, p := range proxies {
		if !p.Enabled {
			wound(name, "is cut")
		}
		for _, t := range p.ActiveToxics {
			wound(name, fmt.Sprintf("has the toxic %s (%s)", t.Name, t.Type))
		}
	}
	for name, r := range relays {
		for _, h := range r.Hurts {
			wound(name, "has the hurt "+h.Hurt.Name)
		}
	}
	return found, nil
}
