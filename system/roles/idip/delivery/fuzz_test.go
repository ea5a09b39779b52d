package delivery

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// FuzzOrders: a request that is taken holds orders of this game only, and asks for the same when it is written again.
func FuzzOrders(f *testing.F) {
	a := activity.Festival(1, 0.0001)
	grants := []api.Grant{{Order: api.OrderOf(1, 3, 0), User: 7, Fen: 2000, Server: 4}, {Order: api.OrderOf(1, 13, 2), User: 8, Fen: 8000}}
	text, err := json.Marshal(OrdersOf(grants))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, uint8(3))
	f.Add([]byte(`[{"order":281487861612544,"user":7,"gift":3,"fen":2000,"server":70000}]`), uint8(3))
	f.Add([]byte(`[{"order":0,"user":0,"gift":0,"fen":-1}] `), uint8(0))
	f.Add([]byte(`[]`), uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, game uint8) {
		got, err := DecodeOrders(bytes.NewReader(body), a, game)
		if err != nil {
			return
		}
		for _, g := range got {
			if gift, ok := a.Gift(g.Order.Gift()); !ok || gift.Game != game || g.Fen < 1 || g.User == 0 {
				t.Fatalf("game %d takes %+v", game, g)
			}
		}
		again, err := json.Marshal(OrdersOf(got))
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeOrders(bytes.NewReader(again), a, game); err != nil || !slices.Equal(back, got) || len(got) > MaxOrders {
			t.Fatalf("%+v is written, and read as %+v, %v", got, back, err)
		}
	})
}

// FuzzAnswers: answers that are taken are one to each order, in order, each of a known word.
func FuzzAnswers(f *testing.F) {
	f.Add(`[{"order":1,"result":"delivered"},{"order":2,"result":"repeat"}]`, uint64(1), uint64(2))
	f.Add(`[{"order":1,"result":"delivered"},{"order":1,"result":"conflict"}]`, uint64(1), uint64(1))
	f.Add(`[{"order":1},{"order":2,"result":"lost"}] x`, uint64(1), uint64(2))
	f.Add(`null`, uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, body string, one, two uint64) {
		grants := []api.Grant{{Order: api.Order(one)}, {Order: api.Order(two)}}
		got, err := DecodeAnswers(strings.NewReader(body), grants)
		if err != nil {
			return
		}
		if len(got) != 2 || got[0].Order != grants[0].Order || got[1].Order != grants[1].Order {
			t.Fatalf("%q answers %+v", body, got)
		}
		for _, a := range got {
			if !slices.Contains([]string{Delivered, Repeat, Conflict}, a.Result) {
				t.Fatalf("%q answers %q", body, a.Result)
			}
		}
	})
}
