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

// repeated are the drills of which the worst of several repetitions counts: the loss of a data centre is nothing to be lucky in.
func repeated() map[string]int { return map[string]int{"dr-9": 9} }

var _ = Describe("after a disaster", Ordered, ContinueOnFailure, Serial, func() { spec.Group("dr", "holds up", repeated()) })
