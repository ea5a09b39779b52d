package ams

import (
	"errors"
	"slices"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/cmem"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
	"redpacket/system/wire"
)

// TestABatchInDoubtGoesOnBehindANewAnnouncement: the mode changes, the epoch does not; the batch is not given up.
func TestABatchInDoubtGoesOnBehindANewAnnouncement(t *testing.T) {
	b := newBench()
	b.stand.Mode, b.anew = pair.Mirrored, 2
	b.redis.claim.list = []decided{{threeShares(), nil}}
	b.log.append.list, b.log.again.list = []error{grantlog.ErrDoubt}, []error{grantlog.ErrFenced, grantlog.ErrFenced, nil}
	b.serve(t)
	if got := b.log.behind; len(got) != 3 || got[0] != 70 || got[2] != 71 {
		t.Errorf("asked behind the announcements %v; want the first at 70, the last at 71", got)
	}
	if got := b.ear.codes(); !slices.Equal(got, []api.Code{api.Unknown, api.Unknown, api.SoldOut}) || len(b.desk.finished) != 1 {
		t.Errorf("answered %v, finished %v", got, b.desk.finished)
	}
}

// TestABatchOfAPassedEpochIsForgotten: with two logs a refusal is no answer; only the epoch ends the asking.
func TestABatchOfAPassedEpochIsForgotten(t *testing.T) {
	b := newBench()
	b.stand.Mode, b.moved = pair.Mirrored, 3
	b.redis.claim.list = []decided{{threeShares(), nil}}
	b.log.append.list = []error{errors.Join(grantlog.ErrDoubt)}
	b.log.again.list = []error{grantlog.ErrFenced}
	b.serve(t)
	if b.log.forgot != 1 || len(b.desk.finished) != 0 || b.redis.giveBack.calls != 0 {
		t.Errorf("forgot %d, finished %v, returned %d times", b.log.forgot, b.desk.finished, b.redis.giveBack.calls)
	}
}

// TestUsersOfAnotherDataCentre are served only when the announcement says so.
func TestUsersOfAnotherDataCentre(t *testing.T) {
	for owns, want := range map[string][]api.Code{"": {api.Closed, api.OK}, "a": {api.OK, api.OK}} {
		b := newBench()
		b.desk.part, b.stand.Owns = activity.Part{IDC: activity.B, Of: 2}, owns
		w := newWorker(b.desk)
		var shares []cmem.Share
		for id, home := range []activity.IDC{activity.A, activity.B} {
			user := api.User(1)
			for activity.Home(user) != home {
				user++
			}
			w.batch = append(w.batch, waiting{call: wire.Call{ID: uint64(id), Op: api.Claim, User: user}, from: b.ear, at: time.Second})
			if owns != "" || home == activity.B {
				shares = append(shares, cmem.Share{Code: api.OK, Index: uint32(id), Fen: 1})
			}
		}
		b.redis.claim.list = []decided{{shares, nil}}
		w.serve(t.Context())
		if got := b.ear.codes(); !slices.Equal(got, want) {
			t.Errorf("owns %q: answered %v; want %v", owns, got, want)
		}
	}
}
