package tgw

import (
	"bytes"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/login"
	"redpacket/system/wire"
)

// cpu is the time that this process has used on all cores; on a busy machine it says more than the wall clock.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkToken(b *testing.B) {
	s, err := login.NewSigner(key)
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(token(b, 7))
	b.ReportAllocs()
	began := cpu(b)
	for b.Loop() {
		if _, err := s.Check(text, 1); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
}

// BenchmarkGateway drives the whole gateway over loopback: two client connections with deep pipelines, and both pools
// of ams, all in this process; what is reported is the cost of all of them together.
func BenchmarkGateway(b *testing.B) {
	for _, mix := range []struct {
		name  string
		lines []string
	}{
		{"static", []string{"GET /static/1"}},
		{"list", []string{"GET /gifts"}},
		{"refused", []string{claim}}, // one user: all but the first are too soon
		{"half static", []string{"GET /static/0", "GET /gifts", "GET /static/1", "GET /servers?gift=3"}},
	} {
		b.Run(mix.name, func(b *testing.B) {
			r := start(b, nil, both()...)
			for _, a := range r.ams {
				a.answer(fast)
			}
			const burst = 256
			var text strings.Builder
			user := token(b, api.User(7))
			for i := range burst {
				text.WriteString(mix.lines[i%len(mix.lines)] + " HTTP/1.1\r\nHost: tgw\r\nAuthorization: Bearer " + user + "\r\n\r\n")
			}
			b.ReportAllocs()
			b.ResetTimer()
			began := cpu(b)
			done := make(chan error, 2)
			for range 2 {
				go func() { done <- pump(r.front, text.String(), max(1, b.N/2/burst), burst) }()
			}
			for range 2 {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
		})
	}
}

// fast answers without a thought for what it was asked.
func fast(batch []wire.Call, from *wire.Caller) {
	var replies [256]wire.Reply
	body := []byte(`{"code":"ok","order":"0001000300000007","fen":2000,"server":9,"repeat":false}`)
	for len(batch) > 0 {
		n := min(len(batch), len(replies))
		for i, c := range batch[:n] {
			replies[i] = wire.Reply{ID: c.ID, Code: api.OK, Queued: 50, Body: body}
		}
		from.Reply(replies[:n])
		batch = batch[n:]
	}
}

// pump sends bursts of requests and counts the ends of answers; at most 16 bursts are on their way.
func pump(addr, burst string, bursts, size int) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	room := make(chan struct{}, 16)
	go func() {
		for range bursts {
			room <- struct{}{}
			if _, err := io.WriteString(conn, burst); err != nil {
				return
			}
		}
	}()
	const mark = "HTTP/1.1 "
	buf, kept, seen := make([]byte, 256<<10), 0, 0
	for released := 0; seen < bursts*size; {
		n, err := conn.Read(buf[kept:])
		if err != nil {
			return err
		}
		n += kept
		seen += bytes.Count(buf[:n], []byte(mark))
		kept = copy(buf, buf[max(0, n-len(mark)+1):n]) // a mark may be split between two reads
		for ; released < seen/size; released++ {
			<-room
		}
	}
	return nil
}
