package tgw

import (
	"context"
	"slices"
	"testing"

	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/l5"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/logd"
)

// The pools go by what the instances say of themselves in a real store; what they knew last outlives the store, and, on
// disk, the gateway.
func TestThePoolsGoByWhoAnnouncesItself(t *testing.T) {
	t.Parallel()
	server, err := logd.Start(logd.Options{Name: "control", Listen: "127.0.0.1:0", Data: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	if err := control.Create(t.Context(), server.Addr()); err != nil {
		t.Fatal(err)
	}
	store, err := control.Dial(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	announce := func(role, node string) (leave func()) {
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			l5.Announce(ctx, store, l5.Drill(), role, node)
		}()
		return func() { stop(); <-done }
	}
	names := []string{"ams-light-1", "ams-light-2", "ams-heavy-1"}
	cfg := config.Config{Node: "tgw", Data: t.TempDir(), Peers: map[string]string{"control": server.Addr()}}
	begin := func() *rig {
		r := start(t, nil, names...)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.discover(ctx, cfg)
		}()
		t.Cleanup(func() { stop(); <-done })
		return r
	}
	defer announce("ams-light", names[0])()
	defer announce("ams-heavy", names[2])()
	r := begin()
	lists := func(r *rig, want ...string) func() bool {
		return func() bool {
			var got []string
			for _, name := range names {
				if r.metric("redpacket_l5_listed", name) == 1 {
					got = append(got, name)
				}
			}
			return slices.Equal(got, want)
		}
	}
	pausetest.Until(t, "the one that is not there to be off the list", lists(r, names[0], names[2]))
	leave := announce("ams-light", names[1])
	pausetest.Until(t, "the one that has come to be on it", lists(r, names...))
	leave()
	pausetest.Until(t, "the one that left to be off it", lists(r, names[0], names[2]))
	server.Stop()
	pausetest.Until(t, "the store's loss to be seen", func() bool { return !store.Up() })
	again := begin()
	pausetest.Until(t, "a gateway that starts while the store is away to know it from its disk", lists(again, names[0], names[2]))
	if !lists(r, names[0], names[2])() {
		t.Error("the store's death has changed the list")
	}
}
