package admin

import (
	"io"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ask reads the page as Prometheus does, or only some names of it, as zhiyun does.
func ask(t testing.TB, r Registry, names ...string) string {
	t.Helper()
	request := httptest.NewRequest("GET", "/-/metrics?"+url.Values{"name[]": names}.Encode(), nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	if kind := w.Result().Header.Get("Content-Type"); kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("the page is %s", kind)
	}
	return w.Body.String()
}

func small() Registry {
	r := NewRegistry()
	r.Counter("calls_total", "Calls, by op.", Labels{"op": "list", "code": `a"b\c` + "\n"}, func() float64 { return 1.5e9 })
	r.Gauge("depth", "A\nhelp.", nil, func() float64 { return -0.25 })
	r.Counter("calls_total", "Calls, by op.", Labels{"op": "claim"}, func() float64 { return 7 })
	r.Counters("sums_total", "Sums.", "of", func(yield func(string, float64)) { yield("x", 1); yield("y", 2) })
	lib := prometheus.NewGauge(prometheus.GaugeOpts{Name: "library", Help: "A library's."})
	r.Library().MustRegister(lib)
	return r
}

func TestAPageIsPrometheusText(t *testing.T) {
	page := ask(t, small())
	for _, want := range []string{
		"# HELP calls_total Calls, by op.\n# TYPE calls_total counter\n" + `calls_total{code="a\"b\\c\n",op="list"} 1.5e+09` + "\n" + `calls_total{op="claim"} 7` + "\n# HELP depth",
		"# HELP depth A\\nhelp.\n# TYPE depth gauge\ndepth -0.25\n",
		"sums_total{of=\"x\"} 1\nsums_total{of=\"y\"} 2\n", "\nlibrary 0\n", "# TYPE process_cpu_seconds_total counter\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("want\n%s\nin\n%s", want, page)
		}
	}
	if got := ask(t, small(), "library", "depth", "none"); strings.Contains(got, "calls") || !strings.Contains(got, "\ndepth -0.25\n") || !strings.Contains(got, "\nlibrary 0\n") {
		t.Errorf("two names asked for: %s", got)
	}
	if v := small().Values("calls_total", "sums_total"); len(v) != 4 || v[`calls_total{op="claim"}`] != 7 || v[`sums_total{of="y"}`] != 2 {
		t.Errorf("%v", v)
	}
}

// What the process says of itself is held to what the kernel says elsewhere.
func TestAProcessIsToldOf(t *testing.T) {
	r := NewRegistry()
	for began := time.Now(); time.Since(began) < 20*time.Millisecond; { // it works, so that there is a time to tell
		_ = strings.Repeat("x", 100)
	}
	before := r.Values()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	after := r.Values()
	if after["process_open_fds"] != before["process_open_fds"]+1 || after["process_open_fds"] < 4 {
		t.Errorf("descriptors: %g, and with one more %g", before["process_open_fds"], after["process_open_fds"])
	}
	if cpu := before["process_cpu_seconds_total"]; cpu < 0.001 || cpu > 600 {
		t.Errorf("processor: %g s", cpu)
	}
	if rss := after["process_resident_memory_bytes"]; rss < 1<<20 || rss > 1<<33 {
		t.Errorf("memory: %g", rss)
	}
	if most := after["process_max_fds"]; most < 64 {
		t.Errorf("at most %g descriptors", most)
	}
	if age := float64(time.Now().Unix()) - after["process_start_time_seconds"]; age < -1 || age > 60 {
		t.Errorf("began %g s ago", age)
	}
}

func TestTheKernelsFilesAreRead(t *testing.T) {
	dev := "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes packets\n" +
		"    lo: 9 1 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n  eth0: 5 1 0 0 0 0 0 0 1200 1 0 0 0 0 0 0\neth1:7 1 0 0 0 0 0 0 34 1 0 0 0 0 0 0\n"
	if sent := transmitted([]byte(dev)); sent != 1234 {
		t.Errorf("sent %g", sent)
	}
	if rss := resident([]byte("999 3 1 1 0 1 0\n")); rss != float64(3*os.Getpagesize()) {
		t.Errorf("resident %g", rss)
	}
	if open("/proc/none").read() != nil || transmitted(nil) != 0 || resident(nil) != 0 {
		t.Error("something is told of a machine without such files")
	}
}

func BenchmarkPage(b *testing.B) {
	r := small()
	for b.Loop() {
		_, _ = io.Discard.Write(r.page(nil, nil))
	}
}

func TestAVolumeIsToldOf(t *testing.T) {
	r := NewRegistry()
	disk(r, t.TempDir())
	v := r.Values("redpacket_disk_free_bytes", "redpacket_disk_bytes")
	free, all := v["redpacket_disk_free_bytes"], v["redpacket_disk_bytes"]
	if len(v) != 2 || !(free > 0 && free <= all) {
		t.Errorf("%g of %g bytes free", free, all)
	}
	if free, all := room("/no/such/volume"); free != 0 || all != 0 {
		t.Errorf("a volume that is not there: %g, %g", free, all)
	}
}
