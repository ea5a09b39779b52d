package volley

import (
	"context"
	"testing"
	"time"

	"redpacket/loadprofiles"
)

// BenchmarkFire is the generator at 200,000 requests/s on core 1 against the null server on core 0, in every style. Say how many requests: go test -run xxx -bench Fire -benchtime 1000000x
func BenchmarkFire(b *testing.B) {
	b.Run("journeys", func(b *testing.B) { benchFire(b, Journeys, loadprofiles.Conns{}) })
	b.Run("requests", func(b *testing.B) { benchFire(b, Requests, loadprofiles.Conns{}) })
	b.Run("stock", func(b *testing.B) { benchFire(b, Stock, loadprofiles.Conns{}) })
	b.Run("requests-1000-conns", func(b *testing.B) {
		benchFire(b, Requests, loadprofiles.Conns{Static: 200, Read: 400, Claim: 400})
	})
	b.Run("journeys-1000-conns", func(b *testing.B) { benchFire(b, Journeys, loadprofiles.Conns{Static: 200, Read: 400, Claim: 400}) })
}

func benchFire(b *testing.B, style Style, conns loadprofiles.Conns) {
	const rate = 200_000
	null, err := StartNullServer("0")
	if err != nil {
		b.Fatal(err)
	}
	defer null.Stop()
	p := loadprofiles.Night200k(time.Second)
	p.Curve = loadprofiles.Hold(rate, max(100*time.Millisecond, time.Duration(b.N)*time.Second/rate))
	p.Retry = loadprofiles.Retry{}
	if conns.All() > 0 {
		p.Conns = conns
	}
	j := Job{Profile: p, Scale: 1, Seed: 1, Front: null.Addr, Key: testKey, Dir: b.TempDir(), Cores: "1", Style: style}
	b.ResetTimer()
	y, err := Fire(context.Background(), j, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(y.CPU.Nanoseconds())/1e3/float64(y.Launched), "cpu-us/request")
	b.ReportMetric(100*float64(y.Clicks.Launched)/float64(y.Clicks.Owed), "launched-%")
	b.ReportMetric(float64(y.Launched)/y.Length.Seconds(), "requests/s")
	b.ReportMetric(float64(y.LateP99.Microseconds())/1e3, "late-p99-ms")
}
