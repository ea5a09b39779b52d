package topology

import (
	"strings"
	"testing"
)

func TestOneIDCIsSound(t *testing.T) {
	one := OneIDC()
	if err := one.Check(); err != nil {
		t.Fatal(err)
	}
	ports := map[int]string{}
	for _, l := range one.Links {
		if other, taken := ports[l.Port]; taken {
			t.Errorf("links %s and %s share port %d", other, l.Name, l.Port)
		}
		ports[l.Port] = l.Name
	}
	if got := len(one.Role("ams-heavy")); got != 2 {
		t.Errorf("%d ams-heavy; want 2", got)
	}
	if _, ok := one.Node("nobody"); ok {
		t.Error("found a node that does not exist")
	}
}

func TestTwoIDCIsSound(t *testing.T) {
	two := TwoIDC()
	if err := two.Check(); err != nil {
		t.Fatal(err)
	}
	if got := two.IDCs(); len(got) != 2 || got[0] != "a" || got[1] != "b" || len(two.Nodes) != 44 {
		t.Errorf("%d nodes in %v", len(two.Nodes), got)
	}
	if got := two.RoleIn("ams-heavy", "b"); len(got) != 2 || got[0] != "ams-heavy-b1" {
		t.Errorf("b's ams-heavy are %v", got)
	}
	ports := map[int]string{}
	for _, l := range two.Links {
		if other, taken := ports[l.Port]; taken {
			t.Errorf("links %s and %s share port %d", other, l.Name, l.Port)
		}
		ports[l.Port] = l.Name
		from, _ := two.Node(l.From)
		to, _ := two.Node(l.To)
		if crosses := from.IDC != to.IDC && from.IDC != "" && to.IDC != ""; crosses != (l.Group == "between") {
			t.Errorf("link %s is in group %s", l.Name, l.Group)
		}
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	bad := Topology{Name: "bad", Nodes: []Node{{Name: "a", Port: 1}, {Name: "a"}, {Name: "quiet"}, {Name: "l", Role: "linkd", Group: "g"}},
		Links: []Link{
			{Name: "a--nobody", From: "a", To: "nobody", Group: "g"},
			{Name: "a--quiet", From: "a", To: "quiet", Group: "g"},
			{Name: "a--a", From: "a", To: "a", Group: "h"},
			{Name: "a--a", From: "a", To: "a", Group: "g"},
		}}
	err := bad.Check()
	for _, want := range []string{`node name "a"`, "a--nobody joins", "quiet, which listens nowhere", `group "h"`, "a--a is there twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
}

func TestWithGivesOneNodeAnotherImage(t *testing.T) {
	one := OneIDC()
	own, err := one.With("cmem-2", "example/store:1")
	if err != nil || own.Check() != nil {
		t.Fatal(err, own.Check())
	}
	for i, n := range own.Nodes {
		want := one.Nodes[i]
		if n.Name == "cmem-2" {
			want.Image = "example/store:1"
		}
		if n != want {
			t.Errorf("%+v, want %+v", n, want)
		}
		if told := n.Role != "cmem" && n.Role != "ledger" && n.Role != "monitor"; n.Told() != told {
			t.Errorf("%s with the image %s is told who it is: %v", n.Name, n.Image, n.Told())
		}
	}
	if before, _ := one.Node("cmem-2"); before.Image != Redis {
		t.Error("the topology that was asked has changed")
	}
	if got := own.Own(); len(got) != 1 || got[0] != "cmem-2=example/store:1" || len(one.Own()) != 0 {
		t.Errorf("images of one's own: %v, and before %v", got, one.Own())
	}
	both, err := one.With("cmem", "example/store:1")
	if err != nil || len(both.Own()) != 2 {
		t.Errorf("both stores: %v, %v", both.Own(), err)
	}
	if _, err := one.With("nobody", "example/store:1"); err == nil || !strings.Contains(err.Error(), `no role "nobody"`) {
		t.Errorf("for a node that there is not: %v", err)
	}
}
