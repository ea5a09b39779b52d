package rig

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// Ticks is how much processor time the machine has had, in the kernel's ticks, and how much of it the hypervisor kept for
// others. Zero where the kernel does not say.
type Ticks struct{ All, Stolen uint64 }

// StolenSince is the share (0 … 1) of the processor time since an earlier reading that the hypervisor kept for others: time
// that nobody on this machine could have used, and in which everything on it stood still.
func (now Ticks) StolenSince(before Ticks) float64 {
	if now.All <= before.All {
		return 0
	}
	return float64(now.Stolen-before.Stolen) / float64(now.All-before.All)
}

// Count reads the machine's ticks.
func Count() Ticks {
	f, err := os.Open("/proc/stat")
	if err != nil {
		return Ticks{}
	}
	defer f.Close()
	line := bufio.NewScanner(f)
	line.Scan()
	return ticks(line.Text())
}

// ticks reads "cpu user nice system idle iowait irq softirq steal …".
func ticks(line string) Ticks {
	const steal = 7
	var t Ticks
	fields := strings.Fields(line)
	for i, text := range fields[min(1, len(fields)):] {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || i > steal {
			break // what follows is counted in the user time already
		}
		t.All += n
		if i == steal {
			t.Stolen = n
		}
	}
	return t
}
