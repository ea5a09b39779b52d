package fault_test

import (
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/stage"
	"redpacket/suites/spec"
)

// The generator and the warden are this binary, run again.
func TestMain(m *testing.M) {
	stage.Become()
	os.Exit(m.Run())
}

func TestFault(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Fault")
}

var _ = Describe("when something breaks", Ordered, ContinueOnFailure, Serial, func() { spec.Group("fault", "holds up", nil) })
