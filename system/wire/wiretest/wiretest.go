// Package wiretest is the other end of a connection in tests, on this machine.
package wiretest

import (
	"io"
	"net"
	"testing"
)

// Listen listens on an address of its own until the test ends.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// Free is an address that nobody listens on at the moment.
func Free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Serve hands each connection to a goroutine of its own, and closes it when that returns; new ones come until the test ends.
// It returns the address.
func Serve(t testing.TB, each func(net.Conn)) string {
	t.Helper()
	l := Listen(t)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				each(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// Echo sends back what it hears.
func Echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }
