package wire

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"redpacket/system/api"
	"redpacket/system/pause/pausetest"
	"redpacket/system/wire/wiretest"
)

const claimText = "POST /claim?gift=12&server=3 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nAuthorization: Bearer 01234567890123456789012345678901234567\r\n\r\n"

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"static": "GET /static/1 HTTP/1.1\r\nHost: a\r\n\r\n", "claim": claimText} {
		b.Run(name, func(b *testing.B) {
			buf, l := []byte(text), Limits{}.orDefault()
			b.ReportAllocs()
			var r Request
			for b.Loop() {
				l.parse(buf, &r)
			}
		})
	}
}

// pump writes n requests and reads answers of a known size, with a deep pipeline.
func pump(b *testing.B, addr, text string, size int) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	const burst = 256
	block := []byte(strings.Repeat(text, burst))
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for left := b.N; left > 0; left -= burst {
			if _, err := conn.Write(block[:len(text)*min(left, burst)]); err != nil {
				return
			}
		}
	}()
	if n, err := io.CopyN(io.Discard, bufio.NewReaderSize(conn, 256<<10), int64(b.N)*int64(size)); err != nil {
		b.Fatalf("after %d bytes: %v", n, err)
	}
}

func BenchmarkStaticOverLoopback(b *testing.B) {
	var page *Response
	f, addr := open(b, Door{Serve: func(batch *Batch) {
		for i := range batch.Requests {
			batch.Answer(i, page)
		}
	}})
	page = f.Replies().With(api.OK, append([]byte(`{"code":"ok"`), bytes.Repeat([]byte{' '}, 500)...))
	pump(b, addr, "GET /static/1 HTTP/1.1\r\nHost: a\r\n\r\n", len(page.text))
}

func BenchmarkCallsOverLoopback(b *testing.B) {
	l := wiretest.Listen(b)
	defer startCalls(b.Context(), l, echo)()
	var count atomic.Int64
	link := DialCalls(b.Context(), l.Addr().String(), func(r []Reply) { count.Add(int64(len(r))) })
	pausetest.Until(b, "the link", link.Up)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		for !link.Send(Call{ID: uint64(i)}) {
			pausetest.Until(b, "room", func() bool { return link.Behind() == 0 })
		}
	}
	pausetest.Until(b, "all replies", func() bool { return count.Load() == int64(b.N) })
}
