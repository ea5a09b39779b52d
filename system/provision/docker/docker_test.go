package docker

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNoDockerIsOneClearLine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	_, err := Connect(t.Context())
	if !errors.Is(err, ErrNoDocker) {
		t.Fatalf("the error is %v; want ErrNoDocker", err)
	}
	for _, want := range []string{"nonexistent", "start Docker", "DOCKER_HOST"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q is more than a line", err)
	}
}

func TestCgroupCPU(t *testing.T) {
	cases := map[string]struct{ path, text string }{
		"version 1":                {"cpuacct/docker/abc/cpuacct.usage", "1500000\n"},
		"version 2 under cgroupfs": {"docker/abc/cpu.stat", "usage_usec 1500\nuser_usec 1000\n"},
		"version 2 under systemd":  {"system.slice/docker-abc.scope/cpu.stat", "usage_usec 1500\n"},
	}
	for name, c := range cases {
		root := t.TempDir()
		path := filepath.Join(root, c.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, ok := cgroupCPU(root, "abc"); !ok || got != 1500*time.Microsecond {
			t.Errorf("%s: %s, %v; want 1.5ms", name, got, ok)
		}
		if _, ok := cgroupCPU(root, "another"); ok {
			t.Errorf("%s: a container without a group has a time", name)
		}
	}
}

func TestLinesAreCutAndBounded(t *testing.T) {
	var got []string
	w := &lineWriter{each: func(line string) { got = append(got, line) }}
	for _, part := range []string{"one\ntw", "o\n\nthree", "\nlast"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("write %q: %d, %v", part, n, err)
		}
	}
	w.flush()
	if want := []string{"one", "two", "three", "last"}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q", got, want)
	}
	got = nil
	_, _ = w.Write([]byte(strings.Repeat("x", 3*longestLine)))
	w.flush()
	if len(got) != 3 {
		t.Errorf("an endless line came in %d pieces, want 3", len(got))
	}
}

func TestFollowTellsWhyABuildFailed(t *testing.T) {
	account := `{"stream":"Step 1/2 : RUN false\n"}` + "\n" + `{"status":"pulling"}` + "\n" +
		`{"errorDetail":{"code":1,"message":"returned a non-zero code: 1"},"error":"x"}` + "\n"
	heard := 0
	err := follow(strings.NewReader(account), func() { heard++ })
	if err == nil || !strings.Contains(err.Error(), "non-zero code") || !strings.Contains(err.Error(), "RUN false") {
		t.Errorf("the error is %v; want the engine's words and the step before", err)
	}
	if heard != 2 {
		t.Errorf("heard %d messages, want 2", heard)
	}
	if err := follow(strings.NewReader(`{"stream":"ok"}`), func() {}); err != nil {
		t.Errorf("a good account: %v", err)
	}
	if err := follow(strings.NewReader(`{"stream":`), func() {}); err == nil {
		t.Error("an account that breaks off is no error")
	}
}

func TestGatewayIsTheFirstHost(t *testing.T) {
	n := Network{Subnet: netip.MustParsePrefix("10.77.3.0/24")}
	if got := n.Gateway().String(); got != "10.77.3.1" {
		t.Errorf("the gateway is %s", got)
	}
}
