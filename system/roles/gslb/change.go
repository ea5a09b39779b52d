package gslb

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
)

// change is what POST /-/weights takes: a region (empty: all of them) and its new weights; a data centre that is not named
// gets 0. So a drain is the other data centre's weight alone.
type change struct {
	Region  string  `json:"region"`
	Weights Weights `json:"weights"`
}

// maxChange bounds a change, in bytes.
const maxChange = 4 << 10

// handlers are GET /-/weights, which shows weights and health, and POST /-/weights, which needs the run's token as a bearer
// token, changes the weights, and shows what they are then.
func (b *balancer) handlers() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /-/weights":  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { b.show(w) }),
		"POST /-/weights": http.HandlerFunc(b.change),
	}
}

func (b *balancer) show(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(b.now.Load().state())
}

func (b *balancer) change(w http.ResponseWriter, r *http.Request) {
	shown := r.Header.Get("Authorization")
	if b.token == "" || subtle.ConstantTimeCompare([]byte(shown), []byte("Bearer "+b.token)) != 1 {
		http.Error(w, "changing weights needs the run's token", http.StatusForbidden)
		return
	}
	var c change
	from := json.NewDecoder(io.LimitReader(r.Body, maxChange))
	from.DisallowUnknownFields()
	if err := from.Decode(&c); err != nil {
		http.Error(w, `want {"region":"a","weights":{"a":100,"b":0}}: `+err.Error(), http.StatusBadRequest)
		return
	}
	if err := b.weigh(c.Region, c.Weights); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.show(w)
}
