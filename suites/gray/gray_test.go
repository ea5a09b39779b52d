package gray_test

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

func TestGray(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Gray")
}

var _ = Describe("a few users first", Ordered, ContinueOnFailure, Serial, func() { spec.Group("gray", "tells", nil) })
