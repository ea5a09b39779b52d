package relay

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// Path is where the API is: GET Path and GET Path/<link> show links, PUT and DELETE Path/<link>/hurts/<name> begin and end
// a hurt. Both may be done twice.
const Path = "/relays"

// maxOrder bounds the body of an order.
const maxOrder = 4 << 10

// Links are relays by the names of their links, and the API over them.
type Links map[string]*Relay

// Handler answers the API.
func (l Links) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, l.index)
	mux.HandleFunc("GET "+Path+"/{link}", l.on(func(r *Relay, w http.ResponseWriter, _ *http.Request) { show(w, r.State()) }))
	mux.HandleFunc("PUT "+Path+"/{link}/hurts/{name}", l.on(hurt))
	mux.HandleFunc("DELETE "+Path+"/{link}/hurts/{name}", l.on(func(r *Relay, w http.ResponseWriter, q *http.Request) {
		r.End(q.PathValue("name"))
		w.WriteHeader(http.StatusNoContent)
	}))
	return mux
}

func (l Links) index(w http.ResponseWriter, _ *http.Request) {
	all := map[string]State{}
	for name, r := range l {
		all[name] = r.State()
	}
	show(w, all)
}

func (l Links) on(do func(*Relay, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, q *http.Request) {
		if r := l[q.PathValue("link")]; r != nil {
			do(r, w, q)
			return
		}
		http.Error(w, "no such link", http.StatusNotFound)
	}
}

// hurt answers 200 with the state; 400 when the order is not one, 409 when another of its name is in force or there are
// too many, 413 when it is too long.
func hurt(r *Relay, w http.ResponseWriter, q *http.Request) {
	h, err := DecodeHurt(http.MaxBytesReader(w, q.Body, maxOrder))
	if err == nil && h.Name != q.PathValue("name") {
		err = errors.New("the order is for a hurt of another name")
	}
	if err == nil {
		err = r.Hurt(h)
	}
	var long *http.MaxBytesError
	switch {
	case err == nil:
		show(w, r.State())
	case errors.As(err, &long):
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
	case errors.Is(err, ErrTaken):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// DecodeHurt reads one order, strictly, and checks it.
func DecodeHurt(body io.Reader) (h Hurt, err error) {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil {
		return Hurt{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Hurt{}, errors.New("something stands behind the order")
	}
	return h, h.Check()
}

func show(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what) // a caller who is gone asks again
}
