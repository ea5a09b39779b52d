package volley

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/api"
	"redpacket/system/gray"
	"redpacket/system/login"
)

// marking answers as a front door whose new version serves a share of the users.
func marking(t *testing.T, percent int) func(head string) []byte {
	signer, err := login.NewSigner(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return func(head string) []byte {
		_, token, signed := strings.Cut(head, "Bearer ")
		token, _, _ = strings.Cut(token, "\r\n")
		if user, err := signer.Check([]byte(token), 1); signed && err == nil && gray.Takes(user, percent) {
			return bytes.Replace(ok(head), []byte("\r\n"), []byte("\r\n"+gray.Header+": "+gray.Version+"\r\n"), 1)
		}
		return ok(head)
	}
}

func cellsJob(t *testing.T, percent int, curve loadprofiles.Curve) Job {
	s := &scripted{}
	s.answer = marking(t, percent)
	j := job(t, s.serve(t), curve)
	j.Profile.Cohorts = []int{1, 5, 20, 50, 100}
	j.Profile.Conns = loadprofiles.Conns{Static: 1, Read: 100, Claim: 100}
	return j
}

func cellsIn(t *testing.T, dir string) []*tally.Tally {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, CellsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cells, err := tally.ReadCells(file, 10, -1)
	if err != nil {
		t.Fatal(err)
	}
	return cells.Of
}

// TestCohortsAreCountedApart: each request is counted in the cell of its user's cohort and of the version that its answer names, and
// all of them together are the tally's.
func TestCohortsAreCountedApart(t *testing.T) {
	j := cellsJob(t, 20, loadprofiles.Hold(24_000, 500*time.Millisecond))
	_, all, journal := fireHere(t, j)
	cells := cellsIn(t, j.Dir)
	dynamic := []api.Op{api.List, api.Select, api.Claim, api.Receipt}
	if got, want := tally.Over(cells).Sum(0, forever, nil, nil), all.Sum(0, forever, dynamic, nil); got != want || want == 0 {
		t.Errorf("the cells have %d requests, the tally %d", got, want)
	}
	for cohort, end := range j.Profile.Cohorts {
		byOld, byNew := cells[loadprofiles.CellOf(cohort, false)].Sum(0, forever, nil, nil), cells[loadprofiles.CellOf(cohort, true)].Sum(0, forever, nil, nil)
		if (byNew > 0) != (end <= 20) || (byOld > 0) == (end <= 20) {
			t.Errorf("the cohort up to %d %%: %d answered by the old version, %d by the new", end, byOld, byNew)
		}
	}
	for _, a := range journal {
		if a.Gray != gray.Takes(a.User, 20) {
			t.Fatalf("the claim of user %d, bucket %d: by the new version is %v", a.User, gray.Bucket(a.User), a.Gray)
		}
	}
}

// TestCellsCanBeReadWhileTheyGrow: before the volley is over, what is older than its clients' patience can be read.
func TestCellsCanBeReadWhileTheyGrow(t *testing.T) {
	j := cellsJob(t, 50, loadprofiles.Hold(2400, 4*time.Second))
	j.Profile.Patience = 200 * time.Millisecond
	early := uint64(0)
	if _, err := run(context.Background(), j, 1, func(p Progress) {
		if file, err := os.Open(filepath.Join(j.Dir, CellsFile)); err == nil && p.At < 4*time.Second {
			cells, _ := tally.ReadCells(file, 10, -1) // torn, as long as it grows
			if early == 0 && cells.Until >= time.Second {
				early = tally.Over(cells.Of).Sum(0, time.Second, nil, nil)
			}
			_ = file.Close()
		}
	}); err != nil {
		t.Fatal(err)
	}
	if final := tally.Over(cellsIn(t, j.Dir)).Sum(0, time.Second, nil, nil); early != final || final == 0 {
		t.Errorf("of the first second's %d requests %d could be read while the volley ran", final, early)
	}
}

func TestMergeAddsCellsUp(t *testing.T) {
	one, two := cellsJob(t, 5, loadprofiles.Hold(6000, 100*time.Millisecond)), cellsJob(t, 5, loadprofiles.Hold(6000, 100*time.Millisecond))
	two.Seed = 2
	_, _, _ = fireHere(t, one)
	_, _, _ = fireHere(t, two)
	into := t.TempDir()
	if _, err := Merge(into, one.Dir, two.Dir); err != nil {
		t.Fatal(err)
	}
	a, b, sum := cellsIn(t, one.Dir), cellsIn(t, two.Dir), cellsIn(t, into)
	for i := range sum {
		if got, want := sum[i].Sum(0, forever, nil, nil), a[i].Sum(0, forever, nil, nil)+b[i].Sum(0, forever, nil, nil); got != want {
			t.Errorf("cell %d has %d requests, want %d", i, got, want)
		}
	}
}

func TestCohortsThatCannotBe(t *testing.T) {
	good := cellsJob(t, 0, loadprofiles.Hold(600, time.Second))
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Job){
		"not rising":         func(j *Job) { j.Profile.Cohorts = []int{5, 5, 100} },
		"not all":            func(j *Job) { j.Profile.Cohorts = []int{5, 50} },
		"none first":         func(j *Job) { j.Profile.Cohorts = []int{0, 100} },
		"shared connections": func(j *Job) { j.Profile.Conns.Read = 2 },
		"hits as requests":   func(j *Job) { j.Style, j.Profile.Retry.Most = Requests, 0 },
	} {
		j := good
		change(&j)
		if j.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
