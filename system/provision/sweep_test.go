package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"redpacket/system/provision/docker"
)

func TestPickFindsFreeBlocks(t *testing.T) {
	var used []netip.Prefix
	for n := range blocks {
		if n != 5 && n != 250 {
			used = append(used, block(n))
		}
	}
	free, err := pick(used, 100, 2)
	if err != nil || !slices.Equal(free, []netip.Prefix{block(250), block(5)}) {
		t.Errorf("picked %v, %v; want the two free ones, looking on from 100", free, err)
	}
	if _, err := pick(append(used, block(5)), 0, 2); err == nil {
		t.Error("two blocks were picked where one is free")
	}
	if _, err := pick([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 0, 2); err == nil {
		t.Error("a block was picked inside a network in use")
	}
	// Networks without a block of their own (host, none) have an invalid prefix, which overlaps nothing.
	if free, err := pick([]netip.Prefix{{}}, 255, 4); err != nil || !slices.Equal(free, []netip.Prefix{block(255), block(0), block(1), block(2)}) {
		t.Errorf("picked %v, %v", free, err)
	}
}

func TestOwnersThatAreCertainlyDead(t *testing.T) {
	me := owner{100, "5000", "boot-1 pid:[1]"}
	look := func(pid int) (string, bool) { return "5000", pid == 100 }
	cases := []struct {
		name string
		o    owner
		dead bool
	}{
		{"myself", me, false},
		{"no such process", owner{101, "5000", me.boot}, true},
		{"my process id, used before by another", owner{100, "4000", me.boot}, true},
		{"before the last boot", owner{100, "5000", "boot-0 pid:[1]"}, true},
		{"in another process namespace", owner{101, "5000", "boot-1 pid:[2]"}, false},
		{"labels that nobody can read", ownerOf(map[string]string{labelPID: "x", labelBoot: me.boot}), true},
	}
	for _, c := range cases {
		if got := c.o.dead(me, look); got != c.dead {
			t.Errorf("%s: dead %v, want %v", c.name, got, c.dead)
		}
	}
}

func TestThisProcessIsAlive(t *testing.T) {
	me, err := thisOwner()
	if err != nil {
		t.Fatal(err)
	}
	if me.pid != os.Getpid() || me.start == "" || me.dead(me, startOf) {
		t.Errorf("%+v is said to be dead", me)
	}
	if _, alive := startOf(1 << 30); alive {
		t.Error("a process that cannot be is alive")
	}
}

// left is what two runs left behind: run 1's owner is dead, run 2's is not, and one network is not ours.
func left() []docker.Thing {
	label := func(run, boot string) map[string]string {
		return map[string]string{labelRun: run, labelPID: "1", labelBoot: boot}
	}
	return []docker.Thing{
		{Kind: docker.Volumes, Name: "v1", Labels: label("1", "dead")},
		{Kind: docker.Networks, Name: "n1", Labels: label("1", "dead")},
		{Kind: docker.Containers, Name: "c1", Labels: label("1", "dead")},
		{Kind: docker.Containers, Name: "c2", Labels: label("2", "alive")},
		{Kind: docker.Networks, Name: "other"},
	}
}

func TestOnlyTheRunsOfDeadOwnersAreSwept(t *testing.T) {
	gone := func(o owner) bool { return o.boot == "dead" }
	if got := deadRuns(left(), false, gone); !slices.Equal(got, []string{"1"}) {
		t.Errorf("runs of dead owners: %v", got)
	}
	if got := deadRuns(left(), true, gone); !slices.Equal(got, []string{"1", "2"}) {
		t.Errorf("all runs: %v", got)
	}
}

func TestContainersGoBeforeWhatTheyUse(t *testing.T) {
	var mu sync.Mutex
	var order []string
	refusal := errors.New("in use")
	removed, err := removeThings(t.Context(), left(), func(_ context.Context, t docker.Thing) error {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, t.Name)
		if t.Name == "other" {
			return refusal
		}
		return nil
	})
	slices.Sort(order[:2])
	slices.Sort(order[2:4])
	if want := []string{"c1", "c2", "n1", "other", "v1"}; !slices.Equal(order, want) {
		t.Errorf("removed in the order %v, want %v", order, want)
	}
	slices.Sort(removed)
	if want := []string{"container c1", "container c2", "network n1", "volume v1"}; !slices.Equal(removed, want) || !errors.Is(err, refusal) {
		t.Errorf("removed %v, %v; want %v and the refusal", removed, err, want)
	}
}

func TestAnEmptyNetworkThatCannotGoIsNoLeftover(t *testing.T) {
	stuck := fmt.Errorf("remove network n1: %w", docker.ErrMiscounted)
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"one", stuck, true},
		{"joined", errors.Join(errors.Join(stuck, nil), stuck), true},
		{"with another", errors.Join(stuck, errors.New("in use")), false},
		{"another", errors.New("in use"), false},
		{"none", nil, false},
	} {
		if got := onlyMiscounted(c.err); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTheReaperWatchesAndIsDismissed(t *testing.T) {
	me, err := thisOwner()
	if err != nil {
		t.Fatal(err)
	}
	var r reaper
	if err := r.start("0badcafe", me); err != nil {
		t.Fatal(err)
	}
	pid := r.process.Process.Pid
	if _, alive := startOf(pid); !alive {
		t.Error("the reaper does not run")
	}
	r.dismiss()
	if _, alive := startOf(pid); alive {
		t.Error("a dismissed reaper still runs")
	}
	r.dismiss() // a second time does nothing
}

func TestAReaperDoesNotStartAReaper(t *testing.T) {
	t.Setenv(reaperVariable, "{}")
	var r reaper
	if err := r.start("0badcafe", owner{}); err == nil || !strings.Contains(err.Error(), "BecomeReaper") {
		t.Errorf("a program that forgot BecomeReaper: %v; want to be told", err)
	}
}

func TestAReaperThatIsToldToGoNeedsNoDocker(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	var answer strings.Builder
	if err := reap(`{"run":"1"}`, nil, strings.NewReader(nothingLeft+"\n"), &answer); err != nil || answer.String() != watching {
		t.Errorf("a reaper with nothing left to do: %v, said %q", err, answer.String())
	}
	if err := reap(`{"run":"1"}`, nil, strings.NewReader(""), io.Discard); !errors.Is(err, ErrNoDocker) {
		t.Errorf("a reaper whose owner died: %v; want it to look for Docker", err)
	}
	if err := reap(`{`, nil, strings.NewReader(""), io.Discard); err == nil {
		t.Error("orders that cannot be read were accepted")
	}
}

// told is a guard that writes down what happens to it.
type told struct{ heard *[]string }

func (g told) Hear(line string)       { *g.heard = append(*g.heard, line) }
func (g told) Bereft(context.Context) { *g.heard = append(*g.heard, "bereft") }
func (g told) Dismissed()             { *g.heard = append(*g.heard, "dismissed") }

func TestAReapersGuardHearsTheOwnerAndThenItsEnd(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	for owner, want := range map[string][]string{
		"journal /x\nalive\n" + nothingLeft + "\n": {"journal /x", "alive", "dismissed"},
		"journal /x\nalive\n":                      {"journal /x", "alive", "bereft"},
		"":                                         {"bereft"},
	} {
		var heard []string
		_ = reap(`{"run":"1"}`, func(string) Guard { return told{&heard} }, strings.NewReader(owner), io.Discard)
		if !slices.Equal(heard, want) {
			t.Errorf("the owner said %q, the guard heard %q; want %q", owner, heard, want)
		}
	}
}
