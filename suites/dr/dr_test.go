package dr_test

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

func TestDisasters(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Disaster recovery")
}

var _ = Describe("after a disaster", Ordered, ContinueOnFailure, Serial, func() { spec.Group("dr", "holds up") })
