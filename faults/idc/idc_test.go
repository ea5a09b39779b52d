package idc_test

import (
	"testing"

	"redpacket/faults"
	"redpacket/faults/faultstest"
	"redpacket/faults/idc"
	"redpacket/faults/kinds"
)

func TestDataCentresBehave(t *testing.T) {
	for _, f := range []faults.Fault{
		idc.Dead{IDC: "a", Nodes: []string{"tgw-a", "log-a"}}, idc.Parted{Carrier: "linkd-between", Links: []string{"tgw-a--ams-light-b1"}},
		idc.Secluded{IDC: "a", Gateways: []string{"tgw-a"}, Probers: []string{"gslb"}},
	} {
		t.Run(f.String(), func(t *testing.T) {
			faultstest.Behaves(t, faultstest.Case{Fault: f, On: (&faultstest.Memory{}).Has("tgw-a", "log-a", "tgw-b", "linkd-between", "gslb")})
		})
	}
}

// What is not listed is not touched, and one that cannot be hurt does not keep the others from being healed.
func TestOnlyWhatIsListed(t *testing.T) {
	on := (&faultstest.Memory{}).Has("tgw-a", "log-a", "tgw-b")
	f := idc.Dead{IDC: "a", Nodes: []string{"tgw-a", "nobody", "log-a"}}
	if err := f.Inject(t.Context(), on); err == nil {
		t.Error("a node that is not there was killed")
	}
	for node, want := range map[string]faults.State{"tgw-a": faults.Dead, "log-a": faults.Dead, "tgw-b": faults.Running} {
		if is, err := on.Look(t.Context(), node); err != nil || is != want {
			t.Errorf("%s is %s (%v); want %s", node, is, err, want)
		}
	}
	_ = f.Heal(t.Context(), on)
	if found, err := f.Residue(t.Context(), on); err != nil || len(found) > 0 {
		t.Errorf("%q, %v", found, err)
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, f := range []faults.Fault{
		idc.Dead{}, idc.Dead{IDC: "a"}, idc.Dead{Nodes: []string{"x"}}, idc.Dead{IDC: "a", Nodes: []string{""}}, idc.Parted{Carrier: "x"}, idc.Parted{Links: []string{"x"}},
		idc.Secluded{IDC: "a"},
	} {
		if kinds.Check(f) == nil {
			t.Errorf("%#v is taken", f)
		}
	}
}
