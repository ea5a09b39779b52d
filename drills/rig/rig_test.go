package rig

import (
	"runtime"
	"testing"
)

func TestPartitionGivesTheLastCoreToTheGenerator(t *testing.T) {
	for n, want := range map[int]Cores{1: {}, 2: {"0", "1"}, 3: {"0-1", "2"}, 16: {"0-14", "15"}} {
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
