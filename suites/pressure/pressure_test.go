package pressure_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestPressure(t *testing.T) { spec.Run(t, "Pressure") }

var _ = Describe("under pressure", Ordered, ContinueOnFailure, Serial, spec.Group{Name: "pressure", Says: "holds up", Scale: spec.Fitted}.Specs)
