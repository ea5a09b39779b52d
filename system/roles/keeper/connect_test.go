package keeper

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"redpacket/system/config"
)

// The admin port moves users for those who show the run's token, and says whether asking again makes sense.
func TestOrdersOverTheAdminPort(t *testing.T) {
	t.Parallel()
	k := &keeper{cfg: config.Config{Node: "keeper-b", Token: "secret"}, orders: make(chan request)}
	answers := map[error]int{nil: http.StatusOK, fmt.Errorf("no: %w", ErrRefused): http.StatusConflict, errors.New("a log is away"): http.StatusServiceUnavailable}
	for path, want := range map[string]command{"/-/take-over": cmdTakeOver, "/-/give-back": cmdGiveBack} {
		for err, status := range answers {
			go func() {
				r := <-k.orders
				if r.what != want {
					err = errors.New("another order came")
				}
				r.done <- err
			}()
			if got := post(k, path, "Bearer secret"); got != status {
				t.Errorf("%s that ends with %v: status %d, want %d", path, err, got, status)
			}
		}
		for _, shown := range []string{"", "Bearer ", "Bearer secre", "secret"} {
			if got := post(k, path, shown); got != http.StatusForbidden {
				t.Errorf("%s with %q: status %d", path, shown, got)
			}
		}
	}
	k.cfg.Token = ""
	if got := post(k, "/-/take-over", "Bearer "); got != http.StatusForbidden {
		t.Errorf("a run without a token: status %d", got)
	}
}

func post(k *keeper, path, shown string) int {
	mux := http.NewServeMux()
	for pattern, h := range k.handlers() {
		mux.Handle(pattern, h)
	}
	r, w := httptest.NewRequest(http.MethodPost, path, nil), httptest.NewRecorder()
	r.Header.Set("Authorization", shown)
	mux.ServeHTTP(w, r)
	return w.Code
}

// Without a second data centre there is nobody to move.
func TestOrdersNeedAPair(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	for _, what := range []command{cmdTakeOver, cmdGiveBack} {
		if err := k.obey(t.Context(), what); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
