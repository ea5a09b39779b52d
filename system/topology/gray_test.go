package topology

import (
	"strings"
	"testing"
)

// The new version's nodes reach what the old ones reach, and are reached by whoever reaches those.
func TestWithGrayIsSound(t *testing.T) {
	one := OneIDC()
	both, err := one.WithGray()
	if err != nil || both.Check() != nil {
		t.Fatal(err, both.Check())
	}
	if got := strings.Join(both.New(), " "); got != "gray-ams-light-1 gray-ams-light-2 gray-ams-heavy-1 gray-ams-heavy-2" {
		t.Errorf("the new version is %s", got)
	}
	if len(one.New()) != 0 || len(both.Old("ams-heavy")) != 2 || len(both.Role("ams-heavy")) != 4 || len(one.Nodes) != len(OneIDC().Nodes) {
		t.Errorf("%v of %v; before %v", both.Old("ams-heavy"), both.Role("ams-heavy"), one.New())
	}
	ends := func(t Topology, node string) map[string]bool {
		found := map[string]bool{}
		for _, l := range t.Links {
			if l.From == node || l.To == node {
				found[l.From+">"+l.To+" in "+l.Group] = true
			}
		}
		return found
	}
	ports := map[int]string{}
	for _, l := range both.Links {
		if other, taken := ports[l.Port]; taken {
			t.Errorf("links %s and %s share port %d", other, l.Name, l.Port)
		}
		ports[l.Port] = l.Name
	}
	for _, name := range both.New() {
		n, _ := both.Node(name)
		old, _ := both.Node(strings.TrimPrefix(name, grayPrefix))
		if n.Role != old.Role || n.Data != old.Data || n.IDC != old.IDC || !n.Gray() || old.Gray() {
			t.Errorf("%+v beside %+v", n, old)
		}
		for end := range ends(both, old.Name) {
			if !ends(both, name)[strings.ReplaceAll(end, old.Name, name)] {
				t.Errorf("%s has a link %s, and %s has none such", old.Name, end, name)
			}
		}
	}
	if _, err := TwoIDC().WithGray(); err == nil || !strings.Contains(err.Error(), "2 data centres") {
		t.Errorf("in two data centres: %v", err)
	}
}
