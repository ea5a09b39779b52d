package grantlog

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The variables by which a child knows what to do: the spool's directory, the first batch's number, and where to die.
const (
	crashDir   = "REDPACKET_CRASH_DIR"
	crashFirst = "REDPACKET_CRASH_FIRST"
	crashPlan  = "REDPACKET_CRASH_PLAN"
)

const (
	crashWriters = 3
	crashEach    = 400 // batches a writer appends, if it lives
	crashSegment = 4000
)

// plan says where a child dies: the name of a step of the write path, the how-manieth time, and how the write tears.
type plan struct {
	step string
	nth  int
	torn int // per cent of the bytes that the disk has got, where a write tears
}

func (p plan) String() string { return fmt.Sprintf("%s %d %d", p.step, p.nth, p.torn) }

// The steps. A power cut loses what was never synced: all of it, or all but a beginning; a file may have its new length
// and zeros in the place of the data.
const (
	beforeWrite  = "before-write"
	amidWrite    = "amid-write"
	beforeSync   = "before-sync"
	afterSync    = "after-sync"
	powerCut     = "power-cut"
	powerZeros   = "power-zeros"
	beforeCreate = "before-create"
	afterCreate  = "after-create"
	afterDir     = "after-dir"
	atRandom     = "at-random" // the parent kills, after the nth acknowledgement
)

// crashDisk is the real disk of a process that kills itself at one step.
type crashDisk struct {
	osDisk
	plan plan
	seen map[string]int
}

func (d *crashDisk) at(step string) bool {
	d.seen[step]++
	return step == d.plan.step && d.seen[step] == d.plan.nth
}

// die ends the process as kill -9 does: nothing is flushed, no defer runs.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func (d *crashDisk) Create(path string) (file, error) {
	if d.at(beforeCreate) {
		die()
	}
	f, err := d.osDisk.Create(path)
	if d.at(afterCreate) {
		die()
	}
	return &crashFile{file: f, disk: d}, err
}

func (d *crashDisk) Open(path string, length int64) (file, error) {
	f, err := d.osDisk.Open(path, length)
	return &crashFile{file: f, disk: d}, err
}

func (d *crashDisk) SyncDir(dir string) error {
	err := d.osDisk.SyncDir(dir)
	if d.at(afterDir) {
		die()
	}
	return err
}

// crashFile holds the bytes back until the sync when the power is to be cut, as a disk's cache would.
type crashFile struct {
	file
	disk *crashDisk
	held []byte
}

func (f *crashFile) Write(p []byte) (int, error) {
	d := f.disk
	part := p[:len(p)*d.plan.torn/100]
	if d.at(beforeWrite) {
		die()
	}
	if d.at(amidWrite) {
		_, _ = f.file.Write(part)
		die()
	}
	if d.plan.step == powerCut || d.plan.step == powerZeros {
		f.held = append(f.held, p...)
		return len(p), nil
	}
	return f.file.Write(p)
}

func (f *crashFile) Sync() error {
	d := f.disk
	part := f.held[:len(f.held)*d.plan.torn/100]
	if d.at(powerCut) {
		_, _ = f.file.Write(part)
		die()
	}
	if d.at(powerZeros) {
		_, _ = f.file.Write(append(part, make([]byte, len(f.held)-len(part))...))
		die()
	}
	if len(f.held) > 0 {
		if _, err := f.file.Write(f.held); err != nil {
			return err
		}
		f.held = nil
	}
	if d.at(beforeSync) {
		die()
	}
	err := f.file.Sync()
	if d.at(afterSync) {
		die()
	}
	return err
}

// TestCrashChild is the process that is killed; by itself it has nothing to do.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		return
	}
	var p plan
	first, err := strconv.ParseUint(os.Getenv(crashFirst), 10, 64)
	if _, e := fmt.Sscan(os.Getenv(crashPlan), &p.step, &p.nth, &p.torn); e != nil || err != nil {
		t.Fatal(e, err)
	}
	s, err := openSpool(dir, &crashDisk{plan: p, seen: map[string]int{}})
	if err != nil {
		t.Fatal(err)
	}
	s.full = crashSegment
	var all sync.WaitGroup
	for w := range uint64(crashWriters) {
		all.Go(func() {
			for i := range uint64(crashEach) {
				n := first + i*crashWriters + w
				if err := s.Append(context.Background(), some(n, int(1+n%5))); err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("acked %d\n", n)
			}
		})
	}
	all.Wait()
}

// crash runs a child until it dies, and returns the batches it was told are durable.
func crash(t *testing.T, dir string, first uint64, p plan) (acked []uint64) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), crashDir+"="+dir, crashFirst+"="+strconv.FormatUint(first, 10), crashPlan+"="+p.String())
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(io.TeeReader(out, &said)); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "acked "); ok {
			number, err := strconv.ParseUint(n, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			if acked = append(acked, number); p.step == atRandom && len(acked) == p.nth {
				_ = child.Process.Kill()
			}
		}
	}
	err = child.Wait()
	var end *exec.ExitError
	if !errors.As(err, &end) || end.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%s: the child was not killed: %v\n%s", p, err, said.String())
	}
	return acked
}

// A process that is killed at any step of a write has lost no batch that it was told is durable, and made none up; its
// successor cuts what is torn at the end of a batch, and goes on. All the crashes happen to one spool.
func TestSpoolThroughCrashes(t *testing.T) {
	t.Parallel()
	draw := rand.New(rand.NewPCG(5, 6))
	plans := []plan{
		{beforeCreate, 1, 0}, {afterCreate, 1, 0}, {afterDir, 1, 0}, // an empty spool's first file
		{beforeWrite, 3, 0}, {amidWrite, 1, 50}, {amidWrite, 4, 3}, {amidWrite, 2, 99}, {beforeSync, 5, 0}, {afterSync, 1, 0}, {afterSync, 6, 0},
		{powerCut, 2, 0}, {powerCut, 3, 30}, {powerCut, 5, 97}, {powerZeros, 1, 0}, {powerZeros, 4, 60},
		{beforeCreate, 2, 0}, {afterCreate, 1, 0}, {afterDir, 3, 0}, // the next segment's
	}
	for range 6 {
		plans = append(plans, plan{step: atRandom, nth: 1 + draw.IntN(60)})
	}
	dir, next := t.TempDir(), uint64(1)
	durable := map[uint64]bool{}
	for _, p := range plans {
		for _, n := range crash(t, dir, next, p) {
			durable[n] = true
		}
		next += crashWriters * crashEach
		held := afterCrash(t, dir, p, next)
		for n := range durable {
			if !held[n] {
				t.Fatalf("%s: batch %d was acknowledged, and is lost", p, n)
			}
		}
	}
	if len(durable) < 100 {
		t.Fatalf("only %d batches were ever acknowledged", len(durable))
	}
}

// afterCrash opens the spool again, appends batch next-1, and returns what it holds: batches as they were made and no
// others.
func afterCrash(t *testing.T, dir string, p plan, next uint64) map[uint64]bool {
	t.Helper()
	s, err := OpenSpool(dir)
	if err != nil {
		t.Fatalf("%s: %v", p, err)
	}
	defer s.Close()
	segments, err := s.Segments()
	if err != nil || len(segments) == 0 {
		t.Fatalf("%s: %d segments, %v", p, len(segments), err)
	}
	for _, seg := range segments {
		if whole, err := readSegment(seg, func([]byte) error { return nil }); err != nil || whole != seg.Bytes {
			t.Fatalf("%s: %s was not cut at the end of a batch: %d of %d bytes, %v", p, seg.Path, whole, seg.Bytes, err)
		}
	}
	if err := s.Append(t.Context(), some(next-1, 2)); err != nil {
		t.Fatalf("%s: does not go on: %v", p, err)
	}
	held := map[uint64]bool{}
	for b, err := range s.Read(t.Context()) {
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		made := some(b.Number, len(b.Grants))
		if held[b.Number] || b.Number == 0 || b.Number >= next || !reflect.DeepEqual(b, made) {
			t.Fatalf("%s: batch %d was never written so, or is there twice", p, b.Number)
		}
		held[b.Number] = true
	}
	if !held[next-1] {
		t.Fatalf("%s: what was appended after the crash is not there", p)
	}
	return held
}
