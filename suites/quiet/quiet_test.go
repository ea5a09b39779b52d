package quiet_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestQuiet(t *testing.T) { spec.Run(t, "Quiet") }

var _ = Describe("while nothing happens", Ordered, ContinueOnFailure, Serial, spec.Group{Name: "quiet", Says: "stays silent", Scale: spec.Own}.Specs)
