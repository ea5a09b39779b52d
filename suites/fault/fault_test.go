package fault_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestFault(t *testing.T) { spec.Run(t, "Fault") }

var _ = Describe("when something breaks", Ordered, ContinueOnFailure, Serial, spec.Group{Name: "fault", Says: "holds up", Scale: spec.Own}.Specs)
