package pressure_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestPressure(t *testing.T) { spec.Run(t, "Pressure") }

var _ = spec.Group{Name: "pressure", When: "under pressure", Says: "holds up", Scale: spec.Fitted}.Describe()
