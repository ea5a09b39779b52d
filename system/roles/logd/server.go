package logd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"redpacket/system/grantlog"
)

// Options are what a log server is told.
type Options struct {
	Name   string // in the server's own messages
	Listen string // host:port; port 0 takes a free one
	Data   string // the directory that holds the streams
	Games  uint8  // how many lanes' bookmarks to make
	IDC    string // whose log it is, where there are two; else empty
	Mirror string // whose log it mirrors; empty: nobody's
}

// Server is a running log.
type Server struct {
	nats  *server.Server
	holds grantlog.Streams
	ready atomic.Bool
}

// The server's own bounds. The stream's limit is below the store's, so that the stream refuses new grants in good order
// before the disk is full.
const (
	startWait   = 30 * time.Second // recovering a large store takes a while
	storeBytes  = 16 << 30
	memoryBytes = 64 << 20 // JetStream's memory streams; there are none
	syncEvery   = 2 * time.Minute
	maxPending  = 64 << 20 // bytes that wait for one slow client
)

// Start starts a server on its data directory and returns when it takes connections. It refuses to run when the server
// would acknowledge a message before it is on the disk.
func Start(o Options) (*Server, error) {
	host, port, err := splitAddress(o.Listen)
	if err != nil {
		return nil, err
	}
	n, err := server.NewServer(&server.Options{
		ServerName: o.Name, Host: host, Port: port,
		JetStream: true, StoreDir: o.Data, JetStreamMaxStore: storeBytes, JetStreamMaxMemory: memoryBytes,
		SyncAlways: true, SyncInterval: syncEvery,
		MaxPayload: grantlog.MaxMessage, MaxPending: maxPending, WriteDeadline: 10 * time.Second,
		NoLog: true, NoSigs: true, DisableShortFirstPing: true,
	})
	if err != nil {
		return nil, fmt.Errorf("log server on %s: %w", o.Listen, err)
	}
	problems := &complaints{}
	n.SetLoggerV2(problems, false, false, false)
	n.Start()
	s := &Server{nats: n, holds: grantlog.Streams{IDC: o.IDC, Mirror: o.Mirror, Games: o.Games}}
	if !n.ReadyForConnections(startWait) {
		s.Stop()
		return nil, fmt.Errorf("log server on %s with store %s does not start: %s", o.Listen, o.Data, problems.last())
	}
	if err := s.durable(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// splitAddress translates port 0: to the server it would mean its usual port.
func splitAddress(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("log server's address %q: want host:port: %w", addr, err)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// durable asks the running server, not the options it was given, whether an acknowledgement means on the disk.
func (s *Server) durable() error {
	js := s.nats.JetStreamConfig()
	if js == nil {
		return errors.New("log server runs without JetStream; is its data directory writable?")
	}
	if !js.SyncAlways {
		return errors.New("log server would acknowledge before the disk has synced (sync_interval is not always): not run")
	}
	return nil
}

// Addr is the address that clients of this machine connect to.
func (s *Server) Addr() string {
	addr, ok := s.nats.Addr().(*net.TCPAddr)
	if !ok {
		return ""
	}
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(addr.Port))
}

// Prepare makes the streams and the bookmarks, or finds them, and checks that no stream has lost a grant.
func (s *Server) Prepare(ctx context.Context) error {
	if err := grantlog.Create(ctx, s.Addr(), s.holds); err != nil {
		return err
	}
	// Read once: writers may be publishing already, and two readings would differ.
	for _, stream := range []string{grantlog.Stream, grantlog.MirrorStream} {
		if now := s.state(stream); now.Messages != now.Last {
			return fmt.Errorf("the stream %s has lost messages: it holds %d, and its last is %d", stream, now.Messages, now.Last)
		}
	}
	s.ready.Store(true)
	return nil
}

// Healthy is nil while the log can keep grants.
func (s *Server) Healthy() error {
	if err := s.durable(); err != nil {
		return err
	}
	if !s.ready.Load() || !s.nats.Running() {
		return errors.New("the stream is not there yet")
	}
	return nil
}

// Wait returns when ctx ends, or with an error when the server stops by itself.
func (s *Server) Wait(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		s.nats.WaitForShutdown()
		close(stopped)
	}()
	select {
	case <-ctx.Done():
		return nil
	case <-stopped:
		return errors.New("the log server has stopped by itself")
	}
}

// Stop ends the server and waits until its files are closed.
func (s *Server) Stop() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}
