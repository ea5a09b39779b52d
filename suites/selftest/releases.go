package selftest

import (
	"time"

	"redpacket/drills/drillstest"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/system/api"
)

// Releases are the changes that make a record one of a release that should not have gone on.
func Releases() []Change {
	type made = *drillstest.Apart
	return []Change{
		{"a new version that fails a tenth of its users", func(a made) { cell(a, true, after, hit{time.Millisecond, api.Failed, 1}) }, fails("SameVersion")},
		{"a sixth of the new version's users answered by the old", func(a made) {
			for i := range a.Attempts {
				if t := &a.Attempts[i]; t.Gray && t.User%6 == 0 {
					t.Gray = false
				}
			}
		}, map[string]judge.Status{"SplitAsAsked": judge.Fail, "SameVersion": judge.Inconclusive}},
		{"an answer of the new version to a user of the old", func(a made) {
			w, _ := a.Window(after)
			a.Cells[loadprofiles.CellOf(1, true)].Record(w.From+time.Second, time.Millisecond, api.List, api.Done)
		}, fails("RoutedAsAsked")},
		{"a gate that let the release pass though it failed", func(a made) {
			a.Events = append(a.Events, record.Event{Track: record.Gate, What: judge.GateName(50), Level: judge.Fail.String(), Because: "p99"})
		}, fails("Released")},
		{"a new version that answers after it was taken back", func(a made) { cell(a, true, gone, hit{time.Millisecond, api.Done, 1}) }, fails("TakenBack")},
		{"a user who was told a fen more than the share has", func(a made) {
			for i := range a.Attempts {
				if t := &a.Attempts[i]; t.Outcome == api.Done && !askedAgain(a, *t) {
					t.Fen++
					return
				}
			}
		}, fails("AmountsTrue", "GrantsKept")},
		{"rules that split the lucky gifts otherwise", func(a made) { a.Activity.Seed++ }, fails("SameMoney", "MoneyConserved", "AmountsTrue", "NewcomersOnly")},
	}
}

// cell adds lists of the users of the new version to a cell, each fifty milliseconds of a window.
func cell(a *drillstest.Apart, byNew bool, window string, h hit) {
	w, _ := a.Window(window)
	for at := w.From; at < w.To; at += 50 * time.Millisecond {
		for range h.times {
			a.Cells[loadprofiles.CellOf(0, byNew)].Record(at, h.took, api.List, h.out)
		}
	}
}

// askedAgain says whether a claim is not the only one of its user and gift.
func askedAgain(a *drillstest.Apart, one loadprofiles.Attempt) bool {
	n := 0
	for _, t := range a.Attempts {
		if t.User == one.User && t.Gift == one.Gift {
			n++
		}
	}
	return n > 1
}
