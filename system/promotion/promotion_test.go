package promotion_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"redpacket/system/promotion"
)

func asked(t *testing.T, h http.Handler) (promotion.Valve, error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	c := promotion.Dial(strings.TrimPrefix(server.URL, "http://"), 300*time.Millisecond)
	defer c.Close()
	return c.Ask(t.Context())
}

func TestTheClientHearsHowTheValveIs(t *testing.T) {
	for _, closed := range []bool{false, true} {
		v, err := asked(t, promotion.Handler(func() promotion.Valve { return promotion.Valve{Closed: closed} }))
		if err != nil || v.Closed != closed {
			t.Errorf("a valve that is closed (%v) is heard as %+v, %v", closed, v, err)
		}
	}
}

// What cannot be read says nothing about the valve; least of all that it is open.
func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	say := func(status int, text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(text))
		})
	}
	for name, h := range map[string]http.Handler{
		"refused": say(503, `{"closed":false}`), "empty": say(200, ""), "no valve": say(200, "{}"), "another field": say(200, `{"closed":false,"open":true}`),
		"twice": say(200, `{"closed":false}{"closed":true}`), "too long": say(200, `{"closed":false`+strings.Repeat(" ", 2000)+"}"),
		"silent": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
	} {
		if v, err := asked(t, h); !errors.Is(err, promotion.ErrUnanswered) || v.Closed {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := promotion.Dial("127.0.0.1:1", time.Second).Ask(ctx); !errors.Is(err, promotion.ErrUnanswered) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestNobodyTurnsTheValveThere(t *testing.T) {
	server := httptest.NewServer(promotion.Handler(func() promotion.Valve { return promotion.Valve{} }))
	defer server.Close()
	answer, err := http.Post(server.URL+promotion.Path, "application/json", strings.NewReader(`{"closed":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %d", answer.StatusCode)
	}
}
