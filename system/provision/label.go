package provision

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"redpacket/system/provision/docker"
)

// What everything of a run is labelled with, so that it can be found and removed whoever made it.
const (
	labelRun   = "redpacket.run"
	labelNode  = "redpacket.node"        // containers and volumes only
	labelPID   = "redpacket.owner-pid"   // the process that made the run
	labelStart = "redpacket.owner-start" // when it started, in the kernel's ticks: process ids are used again
	labelBoot  = "redpacket.boot-id"     // of which boot of the machine, and in which process namespace

	labelTopology = "redpacket.topology" // the front network only: which nodes and links the run has, as JSON
)

// The run's networks.
const (
	networkFront  = "front"
	networkInner  = "inner"  // -a, -b: a data centre's own
	networkShared = "shared" // of the nodes that serve every data centre
)

// name is what something of this run is called on the engine.
func (c *Cluster) name(of string) string { return "redpacket-" + c.run + "-" + of }

func (c *Cluster) labels(node string) map[string]string {
	l := map[string]string{labelRun: c.run, labelPID: strconv.Itoa(c.owner.pid), labelStart: c.owner.start, labelBoot: c.owner.boot}
	if node != "" {
		l[labelNode] = node
	}
	return l
}

// owner is a process that no other can be mistaken for.
type owner struct {
	pid   int
	start string // ticks since boot
	boot  string // boot id and process namespace
}

// thisOwner is this process.
func thisOwner() (owner, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return owner{}, fmt.Errorf("tell this process from others: %w; the harness runs on Linux", err)
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return owner{}, fmt.Errorf("tell this process from others: %w; the harness runs on Linux", err)
	}
	start, _ := startOf(os.Getpid())
	return owner{os.Getpid(), start, strings.TrimSpace(string(boot)) + " " + space}, nil
}

// startOf is when a process started; alive is false when there is none, or only its corpse.
func startOf(pid int) (start string, alive bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", false
	}
	// The second field is the program's name in brackets, which may hold anything: count from the last bracket.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const state, started = 0, 19
	if len(fields) <= started || fields[state] == "Z" || fields[state] == "X" {
		return "", false
	}
	return fields[started], true
}

// ownerOf reads the owner from labels; a label that cannot be read leaves an owner that is certainly not alive.
func ownerOf(labels map[string]string) owner {
	pid, _ := strconv.Atoi(labels[labelPID])
	return owner{pid, labels[labelStart], labels[labelBoot]}
}

// dead says whether an owner, looked at by me, is certainly gone. A process in another process namespace of this boot
// cannot be seen from here: it is not certainly gone.
func (o owner) dead(me owner, look func(pid int) (start string, alive bool)) bool {
	boot, space, _ := strings.Cut(o.boot, " ")
	myBoot, mySpace, _ := strings.Cut(me.boot, " ")
	if boot != myBoot {
		return true // the machine has been started anew since
	}
	if space != mySpace {
		return false
	}
	start, alive := look(o.pid)
	return !alive || start != o.start
}

// deadRuns picks the runs whose owner is gone; all: every run. They come sorted.
func deadRuns(things []docker.Thing, all bool, gone func(owner) bool) []string {
	runs := map[string]bool{}
	for _, t := range things {
		if run := t.Labels[labelRun]; run != "" && (all || gone(ownerOf(t.Labels))) {
			runs[run] = true
		}
	}
	return slices.Sorted(maps.Keys(runs))
}
