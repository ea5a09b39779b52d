package inside

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"

	"redpacket/system/config"
)

const inNamespace = "REDPACKET_TEST_NAMESPACE"

// apart runs the test that calls it again, as root of a network of its own, and says whether this is that run.
func apart(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNamespace) != "" {
		return true
	}
	again := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	again.Env = append(os.Environ(), inNamespace+"=1")
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}}
	said, err := again.CombinedOutput()
	if again.ProcessState == nil {
		t.Skipf("no network of its own is to be had here: %v", err)
	}
	if err != nil || !strings.Contains(string(said), "--- PASS: "+t.Name()) {
		t.Fatalf("%v\n%s", err, said)
	}
	return false
}

// wire makes an interface with a network behind it, on which nobody is.
func wire(t *testing.T) {
	t.Helper()
	near := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth9"}, PeerName: "far9"}
	addr, err := netlink.ParseAddr("10.9.9.1/24")
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return netlink.LinkAdd(near) },
		func() error { return netlink.AddrAdd(near, addr) },
		func() error { return netlink.LinkSetUp(near) },
		func() error {
			far, err := netlink.LinkByName("far9")
			if err != nil {
				return err
			}
			return netlink.LinkSetUp(far)
		},
		func() error {
			return netlink.NeighAdd(&netlink.Neigh{LinkIndex: near.Index, State: netlink.NUD_PERMANENT, IP: net.IPv4(10, 9, 9, 2), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 2}})
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
}

// helper runs a helper until stop is called, which returns what it said.
func helper(t *testing.T, o Order) (stop func() (string, error)) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	said, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		err := Run(ctx, []string{Hurt, string(text)}, writer)
		_ = writer.Close()
		done <- err
	}()
	var heard bytes.Buffer
	one := make([]byte, 1)
	for !strings.Contains(heard.String(), "\n") {
		if n, err := said.Read(one); n == 0 || err != nil {
			break // it ended without a word
		}
		heard.Write(one)
	}
	return func() (string, error) {
		end()
		_, _ = heard.ReadFrom(said)
		return heard.String(), <-done
	}
}

func TestPacketsAreDroppedAndOurTableAloneGoes(t *testing.T) {
	if !apart(t) {
		return
	}
	wire(t)
	conn, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	theirs := conn.AddTable(&nftables.Table{Name: "theirs", Family: nftables.TableFamilyIPv4})
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	to := Match{Proto: "udp", Remote: netip.MustParsePrefix("10.9.9.2/32"), RemotePort: 7300}
	for _, c := range []struct {
		name  string
		share float64
	}{{"all", 1}, {"half", 0.5}} {
		stop := helper(t, Order{Name: c.name, For: config.Duration(time.Minute), Drop: &Drop{Match: []Match{to}, Out: true, Share: c.share}})
		if there, err := has(conn, table(c.name)); err != nil || !there {
			t.Fatal(err, "there is no table of ours")
		}
		said, err := stop()
		if err != nil || !strings.HasPrefix(said, On) || !strings.Contains(said, "packets dropped") {
			t.Fatalf("%s: %q, %v", c.name, said, err)
		}
		if there, err := has(conn, table(c.name)); err != nil || there {
			t.Fatal(err, "our table is still there")
		}
	}
	if there, err := has(conn, theirs); err != nil || !there {
		t.Fatal(err, "somebody else's table is gone")
	}
}

func TestRulesThatHitNothingAreAnError(t *testing.T) {
	if !apart(t) {
		return
	}
	wire(t)
	o := Order{Name: "x", For: config.Duration(time.Minute), Drop: &Drop{Match: []Match{{Proto: "tcp", LocalPort: 21000}}, In: true, Share: 1}}
	said, err := helper(t, o)()
	if err == nil || !strings.Contains(err.Error(), "nothing uses what they hurt") || strings.Contains(said, On) {
		t.Fatalf("%q, %v", said, err)
	}
	conn, _ := nftables.New()
	if there, err := has(conn, table("x")); err != nil || there {
		t.Fatal(err, "the rules stayed")
	}
}

// A helper that was killed left its rules; another one undoes them, and a third finds nothing to undo.
func TestAnotherHelperUndoes(t *testing.T) {
	if !apart(t) {
		return
	}
	wire(t)
	o := Order{Name: "left", For: config.Duration(time.Minute), Drop: &Drop{Match: []Match{{Remote: netip.MustParsePrefix("10.9.9.0/24")}}, Out: true, Share: 1}}
	conn, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Drop.set(conn, table(o.Name)); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", "10.9.9.77:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("?")); err == nil {
		t.Error("a packet that is dropped was sent")
	}
	text, _ := json.Marshal(o)
	for _, want := range []string{"undone: 1 of 1 packets were dropped", "undone: no table"} {
		var said bytes.Buffer
		if err := Run(t.Context(), []string{Undo, string(text)}, &said); err != nil || !strings.HasPrefix(said.String(), want) {
			t.Fatalf("%q, %v; want %q", said.String(), err, want)
		}
	}
}

func TestWhatLeavesIsHeldBack(t *testing.T) {
	if !apart(t) {
		return
	}
	wire(t)
	stop := helper(t, Order{Name: "narrow", For: config.Duration(time.Minute), Shape: &Shape{Rate: 64 << 10}})
	c, err := net.Dial("udp", "10.9.9.2:9")
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		_, _ = c.Write(make([]byte, 1000))
	}
	if said, err := helper(t, Order{Name: "again", For: config.Duration(time.Minute), Shape: &Shape{Rate: 64 << 10}})(); err == nil || !strings.Contains(err.Error(), "shaped already") {
		t.Errorf("a second shape: %q, %v", said, err)
	}
	said, err := stop()
	if err != nil || !strings.Contains(said, "2 interfaces hold back") {
		t.Fatalf("%q, %v", said, err)
	}
	if strings.Contains(said, " 0 packets were held back") {
		t.Errorf("nothing was held back: %q", said)
	}
	links, err := interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if q, err := ours(l, "narrow"); err != nil || q != nil {
			t.Errorf("our queue is still there: %v, %v", q, err)
		}
	}
}

func TestADelayNeedsNetemAndSaysSo(t *testing.T) {
	if !apart(t) {
		return
	}
	wire(t)
	said, err := helper(t, Order{Name: "late", For: config.Duration(time.Minute), Shape: &Shape{Delay: config.Duration(50 * time.Millisecond)}})()
	if err != nil && !strings.Contains(err.Error(), "no netem") || err == nil && !strings.HasPrefix(said, On) {
		t.Fatalf("%q, %v", said, err)
	}
}

func TestALargeVolumeIsNotFilled(t *testing.T) {
	dir := t.TempDir()
	f := &Fill{Dir: dir}
	if size, _, err := f.room(); err != nil || size <= mostFilled {
		t.Skipf("the disk here has %d bytes (%v)", size, err)
	}
	if _, err := f.do(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "machine's own disk") {
		t.Fatalf("it fills the machine's disk: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestBadOrdersDoNothing(t *testing.T) {
	drop := `"drop":{"match":[{}],"in":true,"out":false,"share":1}`
	for _, text := range []string{
		`{}`, `{"name":"x","for":"1s"}`, `{"name":"x",` + drop + `}`, `{"for":"1s",` + drop + `}`, `{"name":"x","for":"1s",` + drop + `,"fill":{"dir":"/data"}}`,
		`{"name":"x","for":"1s",` + drop + `} x`, `{"name":"x","for":"1s","drops":1}`, `{"name":"x","for":"1s","drop":{"match":[],"in":true,"out":true,"share":1}}`,
		`{"name":"x","for":"1s","drop":{"match":[{}],"in":false,"out":false,"share":1}}`, `{"name":"x","for":"1s","drop":{"match":[{}],"in":true,"out":false,"share":1.5}}`,
		`{"name":"x","for":"1s","drop":{"match":[{"local_port":7}],"in":true,"out":false,"share":1}}`, `{"name":"x","for":"1s","shape":{"rate":1}}`,
		`{"name":"x","for":"1s","shape":{}}`, `{"name":"x","for":"1s","shape":{"rate":65536,"delay":"1s"}}`,
	} {
		if err := Run(t.Context(), []string{Hurt, text}, &bytes.Buffer{}); err == nil {
			t.Errorf("%s was obeyed", text)
		}
	}
	if err := Run(t.Context(), []string{"dance"}, &bytes.Buffer{}); err == nil {
		t.Error("it danced")
	}
}
