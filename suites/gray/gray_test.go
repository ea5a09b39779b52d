package gray_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestGray(t *testing.T) { spec.Run(t, "Gray") }

var _ = Describe("a few users first", Ordered, ContinueOnFailure, Serial, spec.Group{Name: "gray", Says: "tells", Scale: spec.Own}.Specs)
