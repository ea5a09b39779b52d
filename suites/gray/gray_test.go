package gray_test

import (
	"testing"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestGray(t *testing.T) { spec.Run(t, "Gray") }

var _ = spec.Group("gray", "a few users first", "tells", spec.Own)
