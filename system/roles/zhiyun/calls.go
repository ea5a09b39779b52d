package zhiyun

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"redpacket/system/config"
	"redpacket/system/control/playbook"
	"redpacket/system/pause"
	"redpacket/system/recon"
)

// roleRecon are the processes that a call to reconcile goes to.
const roleRecon = "recon"

// The bounds of a call to reconcile.
const (
	mostPasses = 3 // the second must find nothing; a third is for what came in between
	passEvery  = 250 * time.Millisecond
)

// call has the system do what a playbook asks for beside its switches. It does not wait. A call that is under way or is
// the next one already is as good as another.
func (p *platform) call(c playbook.Call) {
	if c == playbook.NoCall {
		return
	}
	select {
	case p.calls <- c:
	default:
	}
}

// callAll carries calls out, one after the other, until ctx ends.
func (p *platform) callAll(ctx context.Context) {
	for {
		select {
		case c := <-p.calls:
			if c == playbook.Reconcile {
				p.reconcile(ctx)
			}
		case <-ctx.Done():
			return
		}
	}
}

// reconcile has every recon run passes, each its own, until one finds nothing.
func (p *platform) reconcile(ctx context.Context) {
	var group sync.WaitGroup
	for _, i := range p.all {
		if i.Role == roleRecon {
			group.Go(func() { fmt.Printf("zhiyun %s: %s: %s\n", p.node, i.Node, p.passes(ctx, i)) })
		}
	}
	group.Wait()
}

// passes has one recon run passes until one finds nothing, and says what they came to.
func (p *platform) passes(ctx context.Context, of config.Instance) (came string) {
	for n := range mostPasses {
		r, err := p.pass(ctx, of)
		switch {
		case err != nil:
			return fmt.Sprintf("reconciliation, pass %d: %v", n+1, err)
		case !r.Whole():
			return fmt.Sprintf("reconciliation, pass %d stopped: %s", r.Pass, r.Why)
		}
		came = fmt.Sprintf("reconciliation, pass %d: %d differences, %d delivered again, %d dead letters", r.Pass, r.Found(), r.Reissued, r.DeadLetters)
		if r.Found() == 0 {
			return came
		}
	}
	return came + "; people must look"
}

// pass has a recon run one pass, after the one that may be under way, and waits for its end.
func (p *platform) pass(ctx context.Context, of config.Instance) (recon.Result, error) {
	for asked := uint64(0); ; {
		r, err := p.result(p.request(ctx, of, http.MethodGet, "/-/recon", nil))
		switch {
		case err != nil:
			return r, err
		case r.State == recon.Running:
		case asked == 0:
			r, err = p.result(p.request(ctx, of, http.MethodPost, "/-/recon/run", nil))
			if asked = r.Pass; err != nil {
				return r, err
			}
		case r.Pass != asked:
			return r, fmt.Errorf("pass %d was asked for, and pass %d is shown: it was restarted, or somebody else asked, too", asked, r.Pass)
		default:
			return r, nil
		}
		if !pause.For(ctx, passEvery) {
			return r, ctx.Err()
		}
	}
}

func (p *platform) result(page []byte, err error) (r recon.Result, _ error) {
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(page, &r); err != nil {
		return r, fmt.Errorf("its result: %w", err)
	}
	return r, nil
}
