package quiet_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestQuiet(t *testing.T) { spec.Run(t, "Quiet") }

var _ = spec.Group{Name: "quiet", When: "while nothing happens", Says: "stays silent", Scale: spec.Own}.Describe()
