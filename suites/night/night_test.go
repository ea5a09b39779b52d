package night_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestNight(t *testing.T) { spec.Run(t, "Night") }

var _ = Describe("the night", Ordered, ContinueOnFailure, Serial, spec.Group{Name: "night", Says: "holds up", Scale: spec.Fitted}.Specs)
