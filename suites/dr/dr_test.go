package dr_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestDisasters(t *testing.T) { spec.Run(t, "Disaster recovery") }

// The worst of several repetitions of DR-9 counts: the loss of a data centre is nothing to be lucky in.
var _ = spec.Group{Name: "dr", When: "after a disaster", Says: "holds up", Scale: spec.Own, Times: map[string]int{"dr-9": 9}}.Describe()
