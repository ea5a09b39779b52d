package logd

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/grantlog"
	"redpacket/system/wire/wiretest"
)

// A server that would acknowledge before the disk has synced must not run, whoever asked for it.
func TestRefusesToBeLax(t *testing.T) {
	for name, options := range map[string]*server.Options{
		"lax":     {Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true},
		"no disk": {Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true},
	} {
		n, err := server.NewServer(options)
		if err != nil {
			t.Fatal(err)
		}
		n.Start()
		s := &Server{nats: n}
		if !n.ReadyForConnections(5*time.Second) || s.durable() == nil || s.Healthy() == nil {
			t.Errorf("%s: such a server counts as durable", name)
		}
		s.Stop()
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	for _, o := range []Options{
		{Listen: "nowhere", Data: t.TempDir()}, {Listen: "127.0.0.1:x", Data: t.TempDir()},
	} {
		if s, err := Start(o); err == nil {
			s.Stop()
			t.Errorf("%+v: started", o)
		}
	}
	if err := Run(t.Context(), config.Config{Node: "log"}); err == nil || !strings.Contains(err.Error(), "log") {
		t.Errorf("no addresses: %v", err)
	}
}

func TestPrepareTwice(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s, err := Start(Options{Name: "log", Listen: "127.0.0.1:0", Data: dir, Games: 2})
		if err != nil {
			t.Fatal(err)
		}
		if s.Healthy() == nil {
			t.Fatal("healthy before the stream is there")
		}
		if err := errors.Join(s.Prepare(t.Context()), s.Prepare(t.Context()), s.Healthy()); err != nil {
			t.Fatal(err)
		}
		l, err := grantlog.Connect(t.Context(), s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		shard, err := l.Shard(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Announce(t.Context(), grantlog.Shard{IDC: "a", Epoch: shard.Epoch + 1, Fence: shard.Fence}); err != nil {
			t.Fatal(err)
		}
		if state := s.State(); state.Last != shard.Fence+1 || state.Messages != state.Last || state.Bytes == 0 {
			t.Fatalf("state %+v after announcement %d", state, shard.Fence+1)
		}
		l.Close()
		s.Stop()
	}
}

func TestRunTurnsHealthy(t *testing.T) {
	cfg := config.Config{Node: "log", Inner: wiretest.Free(t), Admin: wiretest.Free(t), Data: t.TempDir(), Activity: activity.Activity{Games: 2}}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, cfg) }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for healthy := false; !healthy; {
		select {
		case <-tick.C:
		case err := <-ended:
			t.Fatalf("ended: %v", err)
		}
		resp, err := http.Get("http://" + cfg.Admin + "/-/health")
		if err == nil {
			healthy = resp.StatusCode == http.StatusOK
			_ = resp.Body.Close()
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatalf("ended: %v", err)
	}
}
