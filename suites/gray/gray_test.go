package gray_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestGray(t *testing.T) { spec.Run(t, "Gray") }

var _ = spec.Group{Name: "gray", When: "a few users first", Says: "tells", Scale: spec.Own}.Describe()
