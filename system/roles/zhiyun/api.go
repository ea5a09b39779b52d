package zhiyun

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"redpacket/system/control"
	"redpacket/system/control/ops"
)

// routes is the API. Looking needs no token, changing does.
func routes(p *platform, w *watcher, token string) map[string]http.Handler {
	changing := func(do func(r *http.Request) (ops.Outcome, error)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if control.Allowed(w, r, token) {
				tell(w, r, do)
			}
		})
	}
	return map[string]http.Handler{
		"GET /switches":  http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { say(w, http.StatusOK, p.view(r.Context())) }),
		"PUT /switches":  changing(p.put),
		"GET /playbooks": http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { say(rw, http.StatusOK, w.standings()) }),
		"POST /playbooks/{id}/activate": changing(func(r *http.Request) (ops.Outcome, error) {
			return p.activate(r.Context(), r.PathValue("id"), control.ByHand)
		}),
		"POST /playbooks/{id}/rollback": changing(func(r *http.Request) (ops.Outcome, error) { return p.rollBack(r.Context(), r.PathValue("id")) }),
	}
}

// tell carries a change out and answers what became of it: 200 when every process has it, 504 when some did not echo it
// in time, which are named.
func tell(w http.ResponseWriter, r *http.Request, do func(r *http.Request) (ops.Outcome, error)) {
	// The change goes on when the caller has gone: half a change is worse.
	o, err := do(r.WithContext(context.WithoutCancel(r.Context())))
	var big *http.MaxBytesError
	switch {
	case errors.Is(err, errUnknown):
		http.Error(w, err.Error(), http.StatusNotFound)
	case errors.Is(err, errConflict):
		http.Error(w, err.Error(), http.StatusConflict)
	case errors.As(err, &big):
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case !o.Effective:
		say(w, http.StatusGatewayTimeout, o)
	default:
		say(w, http.StatusOK, o)
	}
}

// put is PUT /switches: {"version":7,"sample_one_in":10,…}. The settings become the base under the active playbooks; a
// version must be the one in force, 0 or none is any.
func (p *platform) put(r *http.Request) (ops.Outcome, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, control.MostBody))
	if err != nil {
		return ops.Outcome{}, err
	}
	var asked struct {
		Version uint64 `json:"version"`
		control.Settings
	}
	if err := control.Strictly(body, &asked); err != nil {
		return ops.Outcome{}, err
	}
	if err := asked.Settings.Check(); err != nil {
		return ops.Outcome{}, err
	}
	return p.set(r.Context(), asked.Settings, asked.Version)
}

// view asks everyone.
func (p *platform) view(ctx context.Context) ops.View {
	v := ops.View{Wanted: *p.wanted.Load(), Runs: map[string]uint64{}, Silent: map[string]string{}}
	echoes, errs := p.each(ctx, p.all, p.echo)
	for i, e := range echoes {
		if errs[i] != nil {
			v.Silent[p.all[i].Node] = errs[i].Error()
			continue
		}
		v.Runs[p.all[i].Node] = e.Version
	}
	return v
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
