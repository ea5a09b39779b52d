package ail

import (
	"bytes"
	"net/http"

	"redpacket/system/pause"
)

// Requests is next for a process that may be ill: a request that fails is answered 500, one whose reply is lost is served
// and its connection cut. part tells whose a request is.
func (a *Ail) Requests(part func(*http.Request) string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := a.now.Load()
		if c == nil {
			next.ServeHTTP(w, r)
			return
		}
		f := c.meet(part(r))
		a.count(f)
		if f.fails {
			http.Error(w, a.node+" is ill, as ordered", http.StatusInternalServerError)
			return
		}
		if !f.lost && f.late == 0 {
			next.ServeHTTP(w, r)
			return
		}
		kept := &answer{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(kept, r)
		if !pause.For(r.Context(), f.late) {
			return
		}
		if !f.lost || !cut(w) {
			kept.give(w)
		}
	})
}

// cut ends a request's connection without an answer, and says whether it could.
func cut(w http.ResponseWriter) bool {
	conn, _, err := http.NewResponseController(w).Hijack()
	return err == nil && conn.Close() == nil
}

// answer is an answer that is kept back.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header are the answer's headers.
func (k *answer) Header() http.Header { return k.header }

// WriteHeader keeps the status.
func (k *answer) WriteHeader(status int) { k.status = status }

// Write keeps the body.
func (k *answer) Write(p []byte) (int, error) { return k.body.Write(p) }

func (k *answer) give(w http.ResponseWriter) {
	for name, values := range k.header {
		w.Header()[name] = values
	}
	w.WriteHeader(k.status)
	_, _ = w.Write(k.body.Bytes()) // a caller who is gone hears nothing
}
