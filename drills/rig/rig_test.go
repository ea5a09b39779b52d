package rig

import (
	"runtime"
	"testing"
)

func TestPartitionGivesTheLastCoreToTheGenerator(t *testing.T) {
	for n, want := range map[int]Cores{1: {}, 2: {System: "0", Generator: "1"}, 3: {System: "0-1", Generator: "2"}, 16: {System: "0-14", Generator: "15"}} {
		if got := Partition(n, false); got != want {
			t.Errorf("%d cores: %+v, want %+v", n, got, want)
		}
	}
	if got, want := Partition(2, true), (Cores{System: "0-1", Generator: "1", First: true}); got != want {
		t.Errorf("with the right to go first: %+v, want %+v", got, want)
	}
	words := map[string]bool{}
	for _, c := range []Cores{Partition(1, true), Partition(4, true), Partition(4, false)} {
		words[c.String()] = true
	}
	if len(words) != 3 {
		t.Errorf("the words do not tell the partitions apart: %v", words)
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
