package fault_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestFault(t *testing.T) { spec.Run(t, "Fault") }

var _ = spec.Group{Name: "fault", When: "when something breaks", Says: "holds up", Scale: spec.Own}.Describe()
