package night_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestNight(t *testing.T) { spec.Run(t, "Night") }

var _ = spec.Group{Name: "night", When: "the night", Says: "holds up", Scale: spec.Fitted}.Describe()
