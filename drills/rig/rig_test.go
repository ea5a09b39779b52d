package rig

import (
	"runtime"
	"testing"
)

func TestPartitionGivesTheLastCoreToTheGenerator(t *testing.T) {
	for n, want := range map[int]Cores{1: {}, 2: {"0", "0-1", "1"}, 3: {"0-1", "0-1", "2"}, 16: {"0-14", "0-14", "15"}} {
		if got := Partition(n); got != want {
			t.Errorf("%d cores: %+v, want %+v", n, got, want)
		}
	}
	if Partition(1).String() == "" || Partition(4).String() == Partition(1).String() {
		t.Error("the words do not tell the partitions apart")
	}
}

func TestLookReadsThisMachine(t *testing.T) {
	r := Look()
	if r.Cores != runtime.NumCPU() || r.Memory == 0 || r.Kernel == "" || r.Go == "" {
		t.Errorf("%+v", r)
	}
	if field("/nowhere", "x") != "" {
		t.Error("a file that is not there has a field")
	}
}

func TestTicksFindTheStolenShare(t *testing.T) {
	before, after := ticks("cpu  10 0 10 80 0 0 0 0 5 5"), ticks("cpu  20 0 20 130 0 0 0 30 5 5")
	if got := after.StolenSince(before); got != 0.3 {
		t.Errorf("%+v after %+v: %g stolen, want 0.3", after, before, got)
	}
	if (Ticks{}).StolenSince(before) != 0 || ticks("") != (Ticks{}) || ticks("cpu x") != (Ticks{}) {
		t.Error("a kernel that says nothing has stolen something")
	}
	if Count().All == 0 {
		t.Error("this machine's ticks cannot be read")
	}
}
