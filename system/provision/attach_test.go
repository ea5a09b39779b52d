package provision

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// The topology that a network carries is the one that was stood up, so every address follows from it as it did then.
func TestTheTopologyIsFoundOnANetwork(t *testing.T) {
	for _, want := range []topology.Topology{topology.OneIDC(), topology.TwoIDC()} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := topologyOf([]docker.Network{{Name: "inner"}, {Name: "front", Labels: map[string]string{labelTopology: string(text)}}})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s comes back as %+v, %v", want.Name, got, err)
		}
	}
	for label, want := range map[string]string{"{": "network front", `{"Name":"x"}`: "has no nodes"} {
		if _, err := topologyOf([]docker.Network{{Name: "front", Labels: map[string]string{labelTopology: label}}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", label, err, want)
		}
	}
	if _, err := topologyOf([]docker.Network{{Name: "inner"}}); err == nil || !strings.Contains(err.Error(), "none of its networks") {
		t.Errorf("a run of which only a part is left: %v", err)
	}
}
