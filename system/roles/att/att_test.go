package att

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/login"
)

const key = "00112233445566778899aabbccddeeff"

// front is a front door that answers as the real one does, but for what a test changes.
type front struct {
	t      *testing.T
	offer  activity.Activity
	signer *login.Signer
	spoil  func(w http.ResponseWriter, r *http.Request) bool // true: it has answered
	asked  []string
	users  map[api.User]int
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	gift, _ := f.offer.WatchedGift()
	if !strings.HasPrefix(r.URL.Path, "/static/") {
		user, err := f.signer.Check([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")), uint32(time.Now().Unix()))
		if err != nil {
			f.t.Errorf("%s: %v", r.URL, err)
		}
		f.users[user]++
	}
	if f.spoil != nil && f.spoil(w, r) {
		return
	}
	switch r.URL.Path {
	case "/static/0":
		fmt.Fprint(w, `{"code":"ok","part":"frame"}`)
	case "/gifts":
		fmt.Fprintf(w, `{"code":"ok","gifts":[0%s],"fen":[1,2]}`, strings.Repeat(",1", len(f.offer.Gifts)-1))
	case "/servers":
		fmt.Fprintf(w, `{"code":"ok","game":0,"servers":[1%s]}`, strings.Repeat(",2", activity.Servers-1))
	default:
		fmt.Fprintf(w, `{"code":"ok","order":"%d","gift":%d,"fen":2000,"server":1}`, api.OrderOf(1, gift, 7), gift)
	}
}

// walking is a walker at such a door.
func walking(t *testing.T, spoil func(http.ResponseWriter, *http.Request) bool) (*walker, *front) {
	t.Helper()
	signer, err := login.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, offer: activity.Festival(1, 0.01), signer: signer, spoil: spoil, users: map[api.User]int{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	rules := config.Default()
	w, err := newWalker(config.Config{Node: "att", IDC: "a", Key: key, Activity: f.offer, Rules: rules,
		Sites: []config.Site{{Front: strings.TrimPrefix(server.URL, "http://")}}})
	if err != nil {
		t.Fatal(err)
	}
	return w, f
}

func (s *seen) counts() (all [outcomes]int64) {
	for o := range outcomes {
		all[o] = s.journeys[o].Load()
	}
	return all
}

func TestAJourneyWalksTheWholePath(t *testing.T) {
	t.Parallel()
	w, f := walking(t, nil)
	if w.seen.healthy() == nil {
		t.Error("healthy before any journey")
	}
	at := time.Now()
	for range activity.Watchers {
		w.walk(t.Context(), at)
	}
	w.walk(t.Context(), at.Add(time.Second)) // the first user's turn, and it claimed a second ago
	want := strings.Repeat("GET /static/0 GET /gifts GET /servers POST /claim GET /receipt ", activity.Watchers)
	if got := strings.Join(f.asked, " ") + " "; got != want {
		t.Errorf("asked %s", got)
	}
	if got := w.seen.counts(); got != [outcomes]int64{ok: activity.Watchers} || w.seen.healthy() != nil {
		t.Errorf("journeys %v, %v", got, w.seen.healthy())
	}
	for user, n := range f.users {
		if gift, _ := f.offer.WatchedGift(); !f.offer.Watched(user, gift) || activity.Home(user) != activity.A || n != 4 {
			t.Errorf("user %d came %d times", user, n)
		}
	}
}

// What a machine would not notice: a status of 200 and a body that is not what was asked for.
func TestAnAnswerIsLookedAt(t *testing.T) {
	t.Parallel()
	says := func(status int, body string) func(w http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(status); fmt.Fprint(w, body) }
	}
	for name, c := range map[string]struct {
		path string
		do   func(w http.ResponseWriter)
		want outcome
	}{
		"200 without JSON":              {"/gifts", says(200, "<html>ok</html>"), wrong},
		"200 with a refusal in it":      {"/claim", says(200, `{"code":"busy"}`), wrong},
		"200 with a code nobody knows":  {"/claim", says(200, `{"code":"fine"}`), wrong},
		"an empty static part":          {"/static/0", says(200, `{"code":"ok"}`), wrong},
		"a list with a gift missing":    {"/gifts", says(200, `{"code":"ok","gifts":[1,2],"fen":[3,4]}`), wrong},
		"no servers":                    {"/servers", says(200, `{"code":"ok","game":0,"servers":[]}`), wrong},
		"a share of nothing":            {"/claim", says(200, `{"code":"ok","order":"1","fen":0}`), wrong},
		"a share without an amount":     {"/claim", says(200, `{"code":"ok","order":"281474976710657"}`), wrong},
		"a receipt of another share":    {"/receipt", says(200, `{"code":"ok","order":"281474976710999","fen":2000}`), wrong},
		"a receipt that is not there":   {"/receipt", says(404, `{"code":"not_found"}`), wrong},
		"a claim too soon":              {"/claim", says(429, `{"code":"too_soon"}`), wrong},
		"a page that needs a token":     {"/gifts", says(401, `{"code":"unsigned"}`), wrong},
		"come back later":               {"/gifts", says(503, `{"code":"busy"}`), shed},
		"the shard is closed":           {"/claim", says(503, `{"code":"closed"}`), shed},
		"the outcome is not known":      {"/claim", says(504, `{"code":"unknown"}`), unknown},
		"the connection is cut":         {"/claim", cut, unknown},
		"sold out before a first claim": {"/claim", says(409, `{"code":"sold_out"}`), over},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := walking(t, func(rw http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != c.path {
					return false
				}
				c.do(rw)
				return true
			})
			w.walk(t.Context(), time.Now())
			var want [outcomes]int64
			want[c.want] = 1
			if got := w.seen.counts(); got != want {
				t.Errorf("journeys %v, want %v", got, want)
			}
		})
	}
}

func TestWhatWasGrantedStays(t *testing.T) {
	t.Parallel()
	again := ""
	w, _ := walking(t, func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/claim" || again == "" {
			return false
		}
		status := http.StatusOK
		if strings.Contains(again, "sold_out") {
			status = http.StatusConflict
		}
		rw.WriteHeader(status)
		fmt.Fprint(rw, again)
		return true
	})
	at := time.Now()
	for range activity.Watchers {
		w.walk(t.Context(), at)
	}
	again = `{"code":"ok","order":"281474976710664","fen":2001}`
	w.walk(t.Context(), at.Add(6*time.Second))
	again = `{"code":"sold_out"}`
	w.walk(t.Context(), at.Add(6*time.Second))
	if got := w.seen.counts(); got != [outcomes]int64{ok: activity.Watchers, wrong: 2} {
		t.Errorf("journeys %v", got)
	}
}

func TestADoorThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	w, _ := walking(t, func(_ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done()
		return true
	})
	w.rules.ReadWithin = config.Duration(10 * time.Millisecond)
	w.walk(t.Context(), time.Now())
	if got := w.seen.counts(); got != [outcomes]int64{unknown: 1} {
		t.Errorf("journeys %v", got)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	w.walk(ended, time.Now())
	if got := w.seen.counts(); got != [outcomes]int64{unknown: 1} {
		t.Errorf("a journey that was called off counts: %v", got)
	}
}

func TestRunSaysWhatItLacks(t *testing.T) {
	for want, c := range map[string]config.Config{
		"login key":    {Node: "att"},
		"0 front door": {Node: "att", Key: key, Activity: activity.Festival(1, 0.01)},
		"of 0 gifts":   {Node: "att", Key: key, Sites: []config.Site{{Front: "x"}}},
	} {
		if err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

// cut ends the connection in the middle of an answer.
func cut(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}
