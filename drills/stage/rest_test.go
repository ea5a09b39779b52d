package stage

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// What was used before the watch is not counted, the dearest comes first, and what two nodes use adds up.
func TestAtRest(t *testing.T) {
	r := atRest(map[string]time.Duration{"a": time.Hour, "b": time.Second}, map[string]time.Duration{"a": time.Hour + time.Second, "b": 4 * time.Second},
		10*time.Second, map[string]uint64{"a": 1 << 30, "b": 1 << 29})
	want := 0.4 / float64(runtime.NumCPU())
	if r.Share < want-1e-9 || r.Share > want+1e-9 || r.Bytes != 3<<29 || r.Nodes[0] != (Cost{"b", 0.3}) || r.Nodes[1].Node != "a" {
		t.Errorf("%+v", r)
	}
	if text := r.String(); !strings.Contains(text, "2 containers") || !strings.Contains(text, "1.50 GiB") || !strings.Contains(text, "b 30.00 %, a 10.00 %") {
		t.Error(text)
	}
}
