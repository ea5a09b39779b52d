package volley

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/login"
)

func TestStockVegetaFiresTheSameHits(t *testing.T) {
	t.Parallel()
	var s *scripted
	s = &scripted{answer: func(head string) []byte {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch n := s.asked["/claim"]; {
		case head[:4] != "POST":
			return ok(head)
		case n == 2:
			return shed(0, 0)
		case n == 3:
			return reply("429 Too Many Requests", `{"code":"too_soon"}`)
		case n == 4:
			return nil
		}
		return ok(head)
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(1500, 600*time.Millisecond))
	j.Style = Requests
	ours, _, _ := fireHere(t, job(t, (&scripted{answer: ok}).serve(t), j.Profile.Curve).as(Requests))
	j.Style, j.Tag = Stock, "stock-1"
	y, all, journal := fireHere(t, j)
	if y.Clicks.Owed != 900 || y.Clicks.Launched != 900 || y.Owed != 900 || y.Launched != 900 || y.Vegeta.Hits != 900 || y.Stream != ours.Stream {
		t.Errorf("yield %+v; the other style's stream is %s", y, ours.Stream)
	}
	if y.Conns < 1 || y.Vegeta.P99 <= 0 || y.Vegeta.Rate <= 0 || y.Shards != 1 {
		t.Errorf("yield %+v", y)
	}
	claims := count(all, api.Claim, api.Done)
	if count(all, api.Claim, api.Shed) != 1 || count(all, api.Claim, api.Refused) != 1 || len(journal) < claims+2 || claims == 0 {
		t.Errorf("%d claims done, %d in the journal", claims, len(journal))
	}
	for _, a := range journal {
		if a.Outcome == api.Done && (a.Order == 0 || a.Fen == 0 || a.User == 0) {
			t.Errorf("attempt %+v", a)
		}
	}
	for op := range api.Ops {
		if count(all, op, api.Failed) > 0 {
			t.Errorf("%s failed %d times", op, count(all, op, api.Failed))
		}
	}
}

// as is the job in another style.
func (j Job) as(style Style) Job {
	j.Style = style
	return j
}

// A front door that cannot follow makes stock Vegeta fall behind; what never left is owed, and it ends.
func TestStockVegetaEndsAndOwesWhatNeverLeft(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	defer close(hold)
	s := &scripted{answer: func(head string) []byte {
		<-hold
		return nil
	}}
	j := job(t, s.serve(t), loadprofiles.Hold(30_000, 100*time.Millisecond))
	j.Style = Stock
	j.Profile.Patience = 100 * time.Millisecond
	front := s.serve(t)
	j.Front = front
	ended := make(chan loadprofiles.Yield, 1)
	go func() {
		y, err := run(context.Background(), j, 1, nil)
		if err != nil {
			t.Error(err)
		}
		ended <- y
	}()
	select {
	case y := <-ended:
		if y.Clicks.Owed != 3000 || y.Owed != 3000 || y.Launched > 3000 || y.Conns > stockWorkers || y.Launched != y.Vegeta.Hits {
			t.Errorf("yield %+v", y)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
}

// Tagged users, and those of a neighbour, are carried by stock Vegeta with the same words as by our engine.
func TestStockVegetaCarriesTheTag(t *testing.T) {
	j := job(t, "front:80", loadprofiles.Hold(2000, time.Second)).as(Stock)
	j.Profile.Users.Tagged, j.Profile.Users.Neighbour = 0.5, loadprofiles.Neighbour{Activity: 9, Share: 0.3, Gifts: []api.Gift{1}}
	if err := j.Check(); err != nil {
		t.Fatal(err)
	}
	signer, err := login.NewSigner(j.Key)
	if err != nil {
		t.Fatal(err)
	}
	crowd := j.Profile.Crowd(j.Seed)
	texts := newRequests(j.Tag)
	texts.neighbour = 9
	e := &engine{profile: j.Profile, crowd: crowd, signer: signer, texts: texts, deal: newDeal(j.Profile, crowd), tally: newTally(j.Profile)}
	stock, same := newStock(plan{curve: j.hits(), of: 1}, e, j), newDeal(j.Profile, crowd)
	kinds := map[string]int{}
	for hit := range uint64(2000) {
		var got vegeta.Target
		if err := stock.target(&got); err != nil {
			t.Fatal(err)
		}
		r := same.to(hit + 1)
		if r.op == api.Static {
			continue
		}
		var token [login.TokenLen]byte
		signer.Mint(token[:0], r.click.User, 0)
		want := string(texts.dynamic(nil, r.op, r.click, &token))
		url, _, _ := strings.Cut(strings.TrimPrefix(got.URL, "http://front:80"), "#")
		if line := got.Method + " " + url + " HTTP/1.1\r\n"; !strings.HasPrefix(want, line) {
			t.Fatalf("%q; our engine asks %q", line, want)
		}
		if !strings.Contains(want, "Authorization: "+got.Header.Get("Authorization")+"\r\n") {
			t.Fatalf("%q; our engine asks %q", got.Header, want)
		}
		tagged := strings.Contains(want, "\r\nX-Pressure: 1\r\n")
		if tagged != (got.Header.Get("X-Pressure") == "1") {
			t.Fatalf("%q; our engine asks %q", got.Header, want)
		}
		kinds[fmt.Sprintf("tagged %v, beside %v", tagged, strings.Contains(url, "activity=9"))]++
	}
	if len(kinds) != 4 {
		t.Errorf("asked were %v; want some of each kind", kinds)
	}
}
