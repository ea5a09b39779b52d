// Package volley fires a load profile through Vegeta, in a process of its own, and says honestly what it owed, what it
// sent and how late that was.
//
// One Vegeta hit is one click, or one exposure that may become a click. Its RoundTripper hands the click to an engine and returns at once, so that a slow system
// can never slow Vegeta down; the engine carries the click's journey over a few pipelined connections, and counts each
// request from the moment it was owed.
package volley

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/login"
)

// The files a volley leaves in its directory.
const (
	TallyFile   = "tally.bin"   // tally.Decode reads it
	JournalFile = "journal.bin" // loadprofiles.ReadJournal reads it
	YieldFile   = "yield.json"  // the Yield that Fire returned
	CellsFile   = "cells.bin"   // tally.ReadCells reads it, also while it grows; only where users are told apart by cohorts
)

// Style is what one Vegeta hit carries.
type Style string

const (
	// Journeys: a hit is a click with its chained requests, carried by our engine. The default.
	Journeys Style = ""
	// Requests: a hit is one request, carried by our engine. The requests of a click are hits of their own, owed at set
	// distances, whatever became of the ones before. Nobody tries again.
	Requests Style = "requests"
	// Stock: a hit is one request, as in Requests, carried by Vegeta's own HTTP client as anybody would use it. It is there
	// to be compared with.
	Stock Style = "stock"
)

// Job is one volley: what to fire, at whom, and where the generator lives meanwhile. It can be sent to a worker.
type Job struct {
	Profile loadprofiles.Profile
	Scale   float64 // the run's scale: rates and users are multiplied by it; more than 0
	Seed    uint64  // the same seed asks for the same things in the same order
	Front   string  // host:port of the system's front door, where there is one and no name service
	Doors   Doors   // how users find their front doors otherwise
	Promo   string  // host:port of the promotion layer, where the profile has a promotion
	Key     string  // the run's login key: 32 hex digits
	Dir     string  // where the files go; it must exist
	Cores   string  // the generator's cores, as taskset writes them ("1", "0-2,5"); "": any
	Style   Style   // what one hit carries
	Tag     string  // what the requests' X-Rehearsal header says, letters, digits and dashes; "": no such header
}

// Progress is what a running volley tells twice a second.
type Progress struct {
	At       time.Duration         // since the volley began
	Clicks   loadprofiles.Launches // hits, until now; without those that a promotion's valve kept away
	Launched uint64                // requests
	Outcomes [api.Outcomes]uint64  // requests that ended, by outcome
	Critical [api.Outcomes]uint64  // of them, those of the path that must not break: all but the statics
	Wrong    string                // the first contradiction that users were told, of the latest claims of a shard; empty: none
	P99      time.Duration         // of the requests owed in the last half second that have ended
	LateP99  time.Duration         // of the clicks owed in the last half second
}

// Check returns every mistake in the job, joined, or nil.
func (j Job) Check() error {
	errs := []error{j.Profile.Check()}
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("volley: "+format, args...))
		}
	}
	bad(!(j.Scale > 0 && j.Scale <= 1000), "scale is %g; want more than 0, at most 1000", j.Scale)
	bad(j.Front == "" && j.Doors.DNS == "", "no front door to fire at")
	bad(j.Doors.DNS != "" && len(j.Doors.Names) != activity.IDCs, "%d regions' names; want %d", len(j.Doors.Names), activity.IDCs)
	bad(j.Doors.DNS != "" && (j.Doors.Port < 1 || j.Doors.Port > 1<<16-1), "port %d of the front doors", j.Doors.Port)
	bad(j.Doors.DNS != "" && j.Style == Stock, "style %q knows one front door, and no name service", j.Style)
	bad(j.Profile.Promotion.Share > 0 && j.Promo == "", "a promotion brings %g of the users, and there is no promotion layer to ask", j.Profile.Promotion.Share)
	bad(j.Style != Journeys && j.Profile.Promotion.Share > 0, "style %q with a promotion; only journeys have one", j.Style)
	bad(j.Dir == "", "no directory for the tally and the journal")
	bad(!slices.Contains([]Style{Journeys, Requests, Stock}, j.Style), "style %q; want %q, %q or none", j.Style, Requests, Stock)
	bad(j.Style != Journeys && j.Profile.Retry.Most > 0, "style %q with up to %d retries; only journeys try again", j.Style, j.Profile.Retry.Most)
	bad(j.Style != Journeys && (j.Profile.Funnel.Click > 0 || len(j.Profile.Packages.Changes) > 0), "style %q with exposures or offline packages; only journeys have them", j.Style)
	bad(j.Style != Journeys && j.Profile.Funnel.Presses > 1, "style %q with %d presses; only journeys press again", j.Style, j.Profile.Funnel.Presses)
	bad(j.Style != Journeys && len(j.Profile.Cohorts) > 0, "style %q tells no cohorts apart; only journeys do", j.Style)
	for _, r := range j.Tag {
		bad(r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z'), "tag %q: letters, digits and dashes only", j.Tag)
	}
	_, err := login.NewSigner(j.Key)
	_, wrong := parseCores(j.Cores)
	return errors.Join(append(errs, err, wrong)...)
}

// hits is the scaled curve of the job's hits: of exposures, of clicks where there are none, or of requests.
func (j Job) hits() loadprofiles.Curve {
	p := j.Profile.Scaled(j.Scale)
	if j.Style == Journeys {
		return p.Exposures()
	}
	return p.Curve
}

// Fire runs a job in a process of its own and returns what it saw, beside the files in the job's directory. It blocks
// for the curve's length, at most Patience and 3 s more for what is still on its way. tell, if not nil, is called twice
// a second, from one goroutine. When ctx ends, the volley stops within about a second, and its yield, marked Stopped,
// is returned without an error. The program must call BecomeWorker before anything else in main or TestMain.
func Fire(ctx context.Context, job Job, tell func(Progress)) (loadprofiles.Yield, error) {
	if err := job.Check(); err != nil {
		return loadprofiles.Yield{}, err
	}
	w, err := start(asGenerator, job.Cores)
	if err != nil {
		return loadprofiles.Yield{}, err
	}
	defer w.kill()
	if err := w.give(job); err != nil {
		return loadprofiles.Yield{}, err
	}
	defer context.AfterFunc(ctx, w.stop)()
	missed := uint64(0)
	for {
		m, err := w.next()
		switch {
		case err != nil:
			return loadprofiles.Yield{}, err
		case m.Yield != nil:
			m.Yield.Untold += missed
			return *m.Yield, nil
		case m.Progress != nil && tell != nil:
			from := time.Now()
			tell(*m.Progress)
			missed += uint64(time.Since(from) / tellTime)
		}
	}
}
