// Package rig says what machine a drill runs on, and which of its cores belong to whom.
package rig

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"redpacket/drills/record"
)

// Cores is a partition of the rig, each part as taskset writes it; empty means anywhere. Beside is where the system's
// stores and its delivery side run.
type Cores struct{ System, Beside, Generator string }

// Partition gives the last core to the generator and the others to the system, so that a busy system cannot make the
// load late. Where that leaves the system one core, its stores and its delivery side may use what the generator, which
// goes first there, leaves of its own (docs/performance.md has what that brings). One core cannot be shared out.
func Partition(cores int) Cores {
	switch {
	case cores < 2:
		return Cores{}
	case cores == 2:
		return Cores{System: "0", Beside: "0-1", Generator: "1"}
	}
	system := fmt.Sprintf("0-%d", cores-2)
	return Cores{System: system, Beside: system, Generator: strconv.Itoa(cores - 1)}
}

// String is the partition in words.
func (c Cores) String() string {
	if c == (Cores{}) {
		return "one core, shared by system and generator"
	}
	if c.Beside != c.System {
		return fmt.Sprintf("system on core %s, generator first on core %s, stores and deliveries on %s", c.System, c.Generator, c.Beside)
	}
	return fmt.Sprintf("system on cores %s, generator on core %s", c.System, c.Generator)
}

// Mine is the partition of this machine.
func Mine() Cores { return Partition(runtime.NumCPU()) }

// Look reads the facts of this machine; what cannot be read stays empty. Docker's version is the caller's to add.
func Look() record.Rig {
	cores := Mine()
	r := record.Rig{Cores: runtime.NumCPU(), Go: runtime.Version(), System: cores.System, Beside: cores.Beside, Generator: cores.Generator,
		Processor: field("/proc/cpuinfo", "model name")}
	if kb, err := strconv.ParseUint(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		r.Memory = kb << 10
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		r.Kernel = unix.ByteSliceToString(name.Release[:])
	}
	return r
}

// field is the value of the first "name : value" line of a file.
func field(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
