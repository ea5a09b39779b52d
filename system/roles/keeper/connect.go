package keeper

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"redpacket/system/control"
	"redpacket/system/grantlog"
)

// witnessNode is the peer that is the third place.
const witnessNode = "control"

// connect reaches the shard's log; where there is a link to the other IDC's log and one to the witness, the log and its
// mirror. end closes what it opened.
func (k *keeper) connect(ctx context.Context, probes *sync.WaitGroup) (end func(), err error) {
	own, err := k.cfg.Own("log")
	if err != nil {
		return nil, err
	}
	mirror, mirrored := k.cfg.Peers["log-"+k.cfg.Part.Other().String()]
	third, witnessed := k.cfg.Peers[witnessNode]
	if !k.cfg.Part.Shared() || !mirrored || !witnessed {
		log, err := grantlog.Connect(ctx, own)
		if err != nil {
			return nil, err
		}
		k.log = single{log}
		return log.Close, nil
	}
	twin, err := grantlog.OpenTwin(k.cfg.IDC, own, mirror)
	if err != nil {
		return nil, err
	}
	other, err := grantlog.Open(own, grantlog.MirrorStream)
	if err != nil {
		twin.Close()
		return nil, err
	}
	store, err := control.Dial(third)
	if err != nil {
		twin.Close()
		other.Close()
		return nil, err
	}
	d := newDuo(k.cfg, twin, other, store.Witness())
	d.say = func(format string, args ...any) { k.say("keeper " + k.cfg.Node + ": " + fmt.Sprintf(format, args...)) }
	k.log, k.duo = d, d
	for i := range d.logs {
		probes.Go(func() { d.watch(ctx, i) })
	}
	return func() { twin.Close(); other.Close(); store.Close() }, nil
}

// command is what an operator may tell a keeper to do.
type command string

const (
	cmdTakeOver command = "take-over"
	cmdGiveBack command = "give-back"
)

// request is an order that waits for the keeper's loop.
type request struct {
	what command
	done chan error
}

// obey does what an operator ordered. The users it is about are the other IDC's.
func (k *keeper) obey(ctx context.Context, what command) error {
	if what == cmdTakeOver {
		return k.takeOver(ctx)
	}
	return k.giveBack(ctx)
}

// handlers answer POST /-/take-over and POST /-/give-back on the admin port: 200 when it is done, 409 when it may not be
// done now, 503 when it failed on the way and should be asked for again.
func (k *keeper) handlers() map[string]http.Handler {
	all := map[string]http.Handler{}
	for _, what := range []command{cmdTakeOver, cmdGiveBack} {
		all["POST /-/"+string(what)] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { k.answer(w, r, what) })
	}
	return all
}

// orderWithin bounds how long an operator waits; the order itself goes on.
const orderWithin = 30 * time.Second

func (k *keeper) answer(w http.ResponseWriter, r *http.Request, what command) {
	shown := r.Header.Get("Authorization")
	if k.cfg.Token == "" || subtle.ConstantTimeCompare([]byte(shown), []byte("Bearer "+k.cfg.Token)) != 1 {
		http.Error(w, "moving users needs the run's token", http.StatusForbidden)
		return
	}
	ask, ctx := request{what, make(chan error, 1)}, r.Context()
	timer := time.NewTimer(orderWithin)
	defer timer.Stop()
	select {
	case k.orders <- ask:
	case <-timer.C:
		http.Error(w, "the keeper is busy; ask again", http.StatusServiceUnavailable)
		return
	case <-ctx.Done():
		return
	}
	var err error
	select {
	case err = <-ask.done:
	case <-timer.C:
		err = errors.New("it takes long; the keeper's log says how far it is")
	case <-ctx.Done():
		return
	}
	switch {
	case errors.Is(err, ErrRefused):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}
