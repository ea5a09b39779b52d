package dr_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestDisasters(t *testing.T) { spec.Run(t, "Disaster recovery") }

var _ = spec.Group("dr", "after a disaster", "holds up", spec.Own)
