package quiet_test

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

func TestQuiet(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Quiet")
}

var _ = Describe("while nothing happens", Ordered, Serial, func() { spec.Group("quiet", "stays silent", nil) })
