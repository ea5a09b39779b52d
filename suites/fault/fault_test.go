package fault_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestFault(t *testing.T) { spec.Run(t, "Fault") }

var _ = spec.Group("fault", "when something breaks", "holds up", spec.Own)
