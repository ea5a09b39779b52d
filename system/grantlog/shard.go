package grantlog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"redpacket/system/pair"
	"redpacket/system/pause"
)

// Shard is the state of one IDC's shard: the last announcement on its subject.
type Shard struct {
	IDC     string // a or b
	Epoch   uint32 // 0: nothing was ever announced
	Primary string // the cmem node that decides
	Open    bool
	Fence   uint64 // the sequence number of this announcement; 0: none

	Pair
}

// announcement is a Shard as it stands in the log.
type announcement struct {
	Epoch   uint32 `json:"epoch"`
	Primary string `json:"primary"`
	Open    bool   `json:"open"`
	By      string `json:"by"` // unique to one call of Announce in one log: by it a call knows its own announcement

	Mode    pair.Mode `json:"mode,omitzero"`
	Owns    string    `json:"owns,omitempty"`
	Foreign bool      `json:"foreign,omitempty"`
	Even    Even      `json:"even,omitzero"`
	Void    Seqs      `json:"void,omitempty"`
}

// text is the announcement as the log keeps it.
func (a announcement) text() []byte {
	data, _ := json.Marshal(a) // numbers, words and a bool always marshal
	return data
}

// readAnnouncement trusts nothing: epoch 0 is a shard of which nothing was announced, and an open one has a primary.
func readAnnouncement(data []byte) (announcement, error) {
	var a announcement
	if err := json.Unmarshal(data, &a); err != nil {
		return announcement{}, err
	}
	if a.Epoch == 0 || a.Open && a.Primary == "" {
		return announcement{}, fmt.Errorf("%.80q announces epoch %d with primary %q", data, a.Epoch, a.Primary)
	}
	return a, nil
}

// Shard returns the shard's last announcement. It asks until the log answers or ctx ends.
func (l *Log) Shard(ctx context.Context, idc string) (Shard, error) {
	s, _, err := l.shard(ctx, idc)
	return s, err
}

// shard also tells which call of Announce made the announcement.
func (l *Log) shard(ctx context.Context, idc string) (s Shard, by string, err error) {
	m, found, err := l.last(ctx, "shard."+idc)
	if err != nil || !found {
		return Shard{IDC: idc}, "", err
	}
	a, err := readAnnouncement(m.msg.Data)
	if err != nil {
		return Shard{}, "", fmt.Errorf("announcement %d of shard %s: %w", m.pos, idc, err)
	}
	l.learn(m.pos, idc)
	s = Shard{IDC: idc, Epoch: a.Epoch, Primary: a.Primary, Open: a.Open, Fence: m.pos}
	if a.Mode != pair.Single {
		s.Pair = Pair{Mode: a.Mode, By: a.By, Owns: a.Owns, Foreign: a.Foreign, Even: a.Even, Void: a.Void}
	}
	return s, a.By, nil
}

// Announce makes s the shard's state, unless the last announcement is no longer the one with s.Fence: then the error is
// ErrFenced, nothing was announced, and the caller must look again. It returns s with the Fence of the new
// announcement. It asks until the answer is certain; when ctx ends before, the error is ErrDoubt.
func (l *Log) Announce(ctx context.Context, s Shard) (Shard, error) {
	by := cmp.Or(s.By, nats.NewInbox())
	data := announcement{s.Epoch, s.Primary, s.Open, by, s.Mode, s.Owns, s.Foreign, s.Even, s.Void}.text()
	subject := "shard." + s.IDC
	for {
		// No subject beside the number: it is the published one that must stand where s.Fence says.
		pos, err := l.send(ctx, &nats.Msg{Subject: subject, Data: data, Header: nats.Header{
			headerID: []string{by}, headerExpected: []string{strconv.FormatUint(s.Fence, 10)}}})
		if errors.Is(err, ErrFenced) {
			// Perhaps fenced by an attempt of our own whose answer was lost.
			pos, err = l.own(ctx, s, by, err)
		}
		switch {
		case err == nil:
			l.learn(pos, s.IDC)
			s.Fence = pos
			return s, nil
		case errors.Is(err, ErrFenced):
			return Shard{}, fmt.Errorf("announce shard %s, epoch %d: %w", s.IDC, s.Epoch, err)
		}
		if !pause.For(ctx, redialWait) {
			return Shard{}, fmt.Errorf("announce shard %s, epoch %d: %w: %v", s.IDC, s.Epoch, ErrDoubt, err)
		}
	}
}

// own returns the place of the last announcement when it is this caller's, else the refusal. An own announcement that
// another has already followed counts as refused: the caller must look again in any case.
func (l *Log) own(ctx context.Context, s Shard, by string, refusal error) (uint64, error) {
	last, whose, err := l.shard(ctx, s.IDC)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %v", ErrDoubt, err)
	case whose == by:
		return last.Fence, nil
	}
	return 0, refusal
}

// How often Watch looks when nothing is heard, and how soon after something is, or a connection that was lost is back.
const (
	lookEvery = time.Second
	lookSoon  = 5 * time.Millisecond
)

// Watch calls changed with the shard's state, now and at every newer announcement, until ctx ends. Announcements that
// follow each other fast may be passed over; the newest never is. It looks through every loss of the connection.
func (l *Log) Watch(ctx context.Context, idc string, changed func(Shard)) error {
	heard := make(chan *nats.Msg, 16)
	sub, err := l.nc.ChanSubscribe("shard."+idc, heard)
	if err != nil {
		return fmt.Errorf("watch shard %s: %w", idc, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	connected := l.nc.StatusChanged(nats.CONNECTED)
	defer l.nc.RemoveStatusListener(connected)
	told, next := false, Shard{}
	for wait := time.Duration(0); ; {
		wait = min(max(2*wait, lookSoon), lookEvery)
		s, err := l.Shard(ctx, idc)
		if err != nil {
			return fmt.Errorf("watch shard %s: %w", idc, err)
		}
		if !told || s.Fence > next.Fence {
			told, next = true, s
			changed(s)
		}
		timer := time.NewTimer(wait)
		select {
		case <-heard:
			// Heard is not stored: the log may still refuse it, or be writing it. So look, soon and again.
			wait = 0
		case _, open := <-connected:
			if wait = 0; !open { // the log was closed
				connected = nil
			}
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}
