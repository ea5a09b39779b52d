package ail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"redpacket/system/config"
	"redpacket/system/control"
)

// Path is where a process is asked about its health; PUT and DELETE want the illness' name behind it.
const Path = "/-/ail/"

// Order is an illness as it is ordered.
type Order struct {
	Symptoms
	For config.Duration `json:"for"` // after which it ends by itself
}

// Echo is an illness as the process tells of it.
type Echo struct {
	Symptoms
	Left config.Duration `json:"left"`
	Hits uint64          `json:"hits"` // calls that it has shown on
}

// View is a process' health.
type View struct {
	Node string          `json:"node"`
	Wall time.Time       `json:"wall"` // what its clock shows
	Ails map[string]Echo `json:"ails"`
}

// View tells how the process is.
func (a *Ail) View() View {
	v := View{Node: a.node, Wall: a.Clock.Now(), Ails: map[string]Echo{}}
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, i := range a.known {
		v.Ails[name] = Echo{i.Symptoms, config.Duration(time.Until(i.until)), i.hits.Load()}
	}
	return v
}

// mostOrder is the most bytes of an order.
const mostOrder = 4 << 10

// ServeHTTP is Path: GET tells, PUT with a name and the run's token makes ill, DELETE heals; all answer with the View.
func (a *Ail) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Path[min(len(Path), len(r.URL.Path)):]
	if r.Method != http.MethodGet && !control.Allowed(w, r, a.token) {
		return
	}
	switch r.Method {
	case http.MethodGet:
	case http.MethodDelete:
		a.Heal(name)
	case http.MethodPut:
		if err := a.obey(name, http.MaxBytesReader(w, r.Body, mostOrder)); err != nil {
			http.Error(w, fmt.Sprintf("%s: %v", a.node, err), http.StatusBadRequest)
			return
		}
	default:
		w.Header().Set("Allow", "GET, PUT, DELETE")
		http.Error(w, "GET tells, PUT makes ill, DELETE heals", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(a.View())
}

func (a *Ail) obey(name string, body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var o Order
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the order")
	}
	return a.Fall(name, o.Symptoms, o.For.D())
}

// Each calls yield with every running total of what calls met: failed, lost, slowed.
func (a *Ail) Each(yield func(what string, total float64)) {
	yield("failed", float64(a.failed.Load()))
	yield("lost", float64(a.lost.Load()))
	yield("slowed", float64(a.slowed.Load()))
}

// Count is how many illnesses the process has.
func (a *Ail) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.known)
}
