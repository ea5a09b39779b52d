package delivery

import (
	"encoding/json"
	"strings"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
)

// offer is an activity of two games with a gift each.
func offer() activity.Activity {
	return activity.Activity{ID: 1, Games: 2, Gifts: []activity.Gift{
		{ID: 0, Game: 0, Shares: 10, Total: 100}, {ID: 1, Game: 1, Shares: 10, Total: 100}}}
}

func grants(n int) (g []api.Grant) {
	for i := range n {
		g = append(g, api.Grant{Order: api.OrderOf(1, 1, uint32(i)), User: 1<<64 - 1, Fen: 1<<31 - 1, Server: 65535})
	}
	return g
}

func TestOrdersComeBack(t *testing.T) {
	for _, n := range []int{1, MaxOrders} {
		want := grants(n)
		body, err := json.Marshal(OrdersOf(want))
		if err != nil || len(body) > MaxBody {
			t.Fatalf("%d orders: %d bytes, %v", n, len(body), err)
		}
		got, err := DecodeOrders(strings.NewReader(string(body)), offer(), 1)
		if err != nil || len(got) != n || got[n-1] != want[n-1] {
			t.Fatalf("%d orders: %v, %v", n, got, err)
		}
	}
}

func TestBadOrdersAreRefused(t *testing.T) {
	many, err := json.Marshal(OrdersOf(grants(MaxOrders + 1)))
	if err != nil {
		t.Fatal(err)
	}
	const one = `{"order":281479271677952,"user":1,"gift":1,"fen":1,"server":1}`
	if _, err := DecodeOrders(strings.NewReader("["+one+"]"), offer(), 1); err != nil {
		t.Fatalf("a good order: %v", err)
	}
	if _, err := DecodeOrders(strings.NewReader("["+one+"]"), offer(), 0); err == nil {
		t.Error("an order of another game was taken")
	}
	for name, body := range map[string]string{
		"too many": string(many), "none": "[]", "no array": one, "nothing": "", "behind": "[" + one + "] [",
		"unknown field": `[{"order":281479271677952,"user":1,"gift":1,"fen":1,"server":1,"x":1}]`,
		"no user":       `[{"order":281479271677952,"user":0,"gift":1,"fen":1,"server":1}]`,
		"no money":      `[{"order":281479271677952,"user":1,"gift":1,"fen":0,"server":1}]`,
		"a debt":        `[{"order":281479271677952,"user":1,"gift":1,"fen":-1,"server":1}]`,
		"half a fen":    `[{"order":281479271677952,"user":1,"gift":1,"fen":0.5,"server":1}]`,
		"other gift":    `[{"order":281479271677952,"user":1,"gift":0,"fen":1,"server":1}]`,
		"no such gift":  `[{"order":281513631416320,"user":1,"gift":9,"fen":1,"server":1}]`,
		"activity 0":    `[{"order":4294967296,"user":1,"gift":1,"fen":1,"server":1}]`,
	} {
		if got, err := DecodeOrders(strings.NewReader(body), offer(), 1); err == nil {
			t.Errorf("%s: taken as %v", name, got)
		}
	}
}

func TestAnswersMustFit(t *testing.T) {
	g := grants(2)
	good := `[{"order":281479271677952,"result":"delivered"},{"order":281479271677953,"result":"conflict"}]`
	if a, err := DecodeAnswers(strings.NewReader(good), g); err != nil || a[1].Result != Conflict {
		t.Fatalf("%v, %v", a, err)
	}
	for name, body := range map[string]string{
		"too few":     `[{"order":281479271677952,"result":"delivered"}]`,
		"other order": strings.Replace(good, "953", "954", 1),
		"new result":  strings.Replace(good, "conflict", "perhaps", 1),
		"cut":         good[:len(good)-1],
	} {
		if a, err := DecodeAnswers(strings.NewReader(body), g); err == nil {
			t.Errorf("%s: taken as %v", name, a)
		}
	}
}
