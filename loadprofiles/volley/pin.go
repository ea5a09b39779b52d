package volley

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxCore bounds the numbers in a list of cores.
const maxCore = 1023

// parseCores reads a list of cores as taskset writes it: "1", "0-2,5". Nothing means no pinning: nil.
func parseCores(list string) ([]int, error) {
	if list == "" {
		return nil, nil
	}
	var cores []int
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil || first < 0 || last < first || last > maxCore || len(cores)+last-first > maxCore {
			return nil, fmt.Errorf("cores %q: want numbers and ranges such as 0-2,5", list)
		}
		for core := first; core <= last; core++ {
			cores = append(cores, core)
		}
	}
	return cores, nil
}

// firstInLine is the generator's nice value: whoever shares its cores waits for it, not it for them.
const firstInLine = -10

// goFirst puts the generator before whoever shares its cores. Linux may weigh whole sessions against each other (its
// autogroups), and then a process' own nice value counts only inside its session: so it gets a session of its own, and that
// the value. Where any of this is not allowed, lateness will tell.
func goFirst() {
	_, _ = unix.Setsid()
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, firstInLine)
	_ = os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(firstInLine)), 0)
}

// pin puts this process on its cores, and returns when it is there. Affinity belongs to a thread and a Go program has
// several before main runs, so this one is set and the program is run again in the same process: all threads of the
// second run descend from it.
func pin() error {
	cores, err := parseCores(os.Getenv(coresVar))
	if err != nil || cores == nil || os.Getenv(pinnedVar) != "" {
		return err
	}
	var set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin the worker to cores %s: %w", os.Getenv(coresVar), err)
	}
	if as := role(os.Getenv(roleVar)); as == asGenerator || as == asBurner { // a burner is a neighbour of the same rank
		goFirst()
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to run it pinned: %w", err)
	}
	env := append(os.Environ(), pinnedVar+"=1", fmt.Sprintf("GOMAXPROCS=%d", len(cores)))
	return fmt.Errorf("run %s pinned: %w", self, syscall.Exec(self, os.Args, env))
}

// otherCores lists the cores this process may use and the given list does not name; the list itself when none is left.
func otherCores(list string) string {
	var mine unix.CPUSet
	taken, err := parseCores(list)
	if err != nil || len(taken) == 0 || unix.SchedGetaffinity(0, &mine) != nil {
		return list
	}
	for _, core := range taken {
		mine.Clear(core)
	}
	var left []string
	for core := range maxCore {
		if mine.IsSet(core) {
			left = append(left, strconv.Itoa(core))
		}
	}
	if len(left) == 0 {
		return list
	}
	return strings.Join(left, ",")
}
