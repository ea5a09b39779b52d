package dr_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"redpacket/suites/spec"
)

func TestMain(m *testing.M) { spec.Main(m) }

func TestDisasters(t *testing.T) { spec.Run(t, "Disaster recovery") }

// The worst of several repetitions of DR-9 counts: the loss of a data centre is nothing to be lucky in.
var _ = Describe("after a disaster", Ordered, ContinueOnFailure, Serial, spec.Group{Name: "dr", Says: "holds up", Scale: spec.Own, Times: map[string]int{"dr-9": 9}}.Specs)
