package packet_test

import (
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/kinds"
	"redpacket/faults/packet"
)

func TestPacketsBehave(t *testing.T) {
	for _, f := range []faults.Fault{
		packet.Dropped{Node: "b", Links: []string{"b--c"}, Share: 0.2, Way: packet.Out},
		packet.Isolated{Node: "b", Way: packet.In}, packet.Isolated{Node: "b"},
		packet.Narrow{Node: "b", Rate: 64 << 10}, packet.Delayed{Node: "b", By: 50 * time.Millisecond, Round: 10 * time.Millisecond},
	} {
		t.Run(f.String(), func(t *testing.T) {
			faultstest.Behaves(t, faultstest.Case{Fault: f, On: (&faultstest.Memory{}).Has("a", "b", "c")})
		})
	}
}

// Two faults on one node end each by itself.
func TestEachIsRestoredAlone(t *testing.T) {
	on := (&faultstest.Memory{}).Has("b")
	one, other := packet.Isolated{Node: "b", Way: packet.In}, packet.Isolated{Node: "b", Way: packet.Out}
	for _, f := range []faults.Fault{one, other} {
		if err := f.Inject(t.Context(), on); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Heal(t.Context(), on); err != nil {
		t.Fatal(err)
	}
	found, err := one.Residue(t.Context(), on)
	if err != nil || len(found) != 1 || found[0].What != "loses 100 % of all its packets that leave" {
		t.Errorf("%q, %v", found, err)
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, f := range []faults.Fault{
		packet.Dropped{Node: "b", Share: 1}, packet.Dropped{Node: "b", Links: []string{"l"}}, packet.Dropped{Node: "b", Links: []string{"l"}, Share: 2},
		packet.Dropped{Links: []string{"l"}, Share: 1}, packet.Dropped{Node: "b", Links: []string{"l"}, Share: 1, Way: "up"},
		packet.Isolated{}, packet.Isolated{Node: "b", Way: "up"}, packet.Narrow{Node: "b"}, packet.Narrow{Rate: 9}, packet.Delayed{Node: "b"},
	} {
		if kinds.Check(f) == nil {
			t.Errorf("%#v is taken", f)
		}
	}
}
