package gslb

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"redpacket/system/config"
)

// streak turns single probes into health: one lost probe takes nobody out, and one lucky one brings nobody back.
type streak struct {
	fall, rise int
	healthy    bool
	against    int // probes in a row that spoke against healthy
}

// note takes in a probe's result and says whether the health has changed by it.
func (s *streak) note(ok bool) (changed bool) {
	if ok == s.healthy {
		s.against = 0
		return false
	}
	need := s.fall
	if ok {
		need = s.rise
	}
	if s.against++; s.against < need {
		return false
	}
	s.healthy, s.against = ok, 0
	return true
}

// prober asks one gateway for its health, and tells when that has changed.
type prober struct {
	site    config.Site
	balance config.Balance
	client  *http.Client
	streak  streak
	told    func(healthy bool, why error) // called at every probe
}

func newProber(site config.Site, b config.Balance, told func(healthy bool, why error)) *prober {
	return &prober{site: site, balance: b, told: told, streak: streak{fall: b.Fall, rise: b.Rise, healthy: true},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}}}
}

// run probes until ctx ends. A probe that hangs is not overtaken by the next.
func (p *prober) run(ctx context.Context) {
	tick := time.NewTicker(p.balance.Every.D())
	defer tick.Stop()
	for {
		err := p.probe(ctx)
		if ctx.Err() != nil {
			return
		}
		p.streak.note(err == nil)
		p.told(p.streak.healthy, err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// probe asks the gateway's admin port: the gateway is healthy while its door is open and it reaches instances of each of
// its own data centre's pools.
func (p *prober) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.balance.Within.D())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.site.Admin+"/-/health", nil)
	if err != nil {
		return err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %d: %.200s", answer.StatusCode, said)
	}
	return err
}
