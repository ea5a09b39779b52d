package link

import (
	"context"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"redpacket/faults"
	"redpacket/system/wire/wiretest"
)

const (
	ms       = time.Millisecond
	patience = 2 * time.Second // of a caller; silence is known by it
)

func all(on string) Hit { return Hit{On: on, Share: 1} }

// hurts are the faults of connections and how a caller feels each: after one ping on a connection made before, and after
// one on a new connection.
func hurts() []struct {
	fault faults.Fault
	feels func(took time.Duration, err error) bool
} {
	late := func(by time.Duration) func(time.Duration, error) bool {
		return func(took time.Duration, err error) bool { return err == nil && took >= by }
	}
	over := func(_ time.Duration, err error) bool {
		return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE)
	}
	mute := func(_ time.Duration, err error) bool { return err != nil && strings.Contains(err.Error(), "timeout") }
	replies := Hit{On: "node", Way: Replies, Share: 1}
	return []struct {
		fault faults.Fault
		feels func(took time.Duration, err error) bool
	}{
		{Latency{Hit: replies, Delay: 80 * ms, Jitter: 20 * ms}, late(60 * ms)},
		{Latency{Hit: all("node"), Delay: 40 * ms}, late(80 * ms)},
		{Sliced{Hit: replies, Size: 1, Every: 10 * ms}, late(40 * ms)},
		{Silent{Hit: all("node")}, mute},
		{Silent{Hit: replies}, mute},
		{Reset{Hit: all("node")}, over},
		{Limited{Hit: replies, Bytes: 0}, over},
		{Cut{On: "node"}, over},
	}
}

// Every fault is felt by callers that came before it and by those that come after, and by nobody once it is healed. Heal
// may come again, from another value that is equal, and leaves nothing.
func TestEveryFaultBitesAndEnds(t *testing.T) {
	r := newRig(t, answering(t))
	use(t, r.links[0])
	for _, h := range hurts() {
		t.Run(h.fault.String(), func(t *testing.T) {
			before, err := call(r.links[0])
			if err != nil {
				t.Fatal(err)
			}
			defer before.conn.Close()
			if !eventually(func() bool { took, err := before.ping(5 * time.Second); return err == nil && !h.feels(took, err) }) {
				t.Fatal("it is felt before anything was done")
			}
			if err := h.fault.Inject(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if took, err := before.ping(patience); !h.feels(took, err) {
				t.Errorf("a caller from before: a ping took %s, %v", took, err)
			}
			for _, l := range r.links {
				var took time.Duration
				after, err := call(l)
				if err == nil {
					defer after.conn.Close()
					took, err = after.ping(patience)
				}
				if !h.feels(took, err) {
					t.Errorf("a new caller of %s: a ping took %s, %v", l.Name, took, err)
				}
			}
			if found := r.left(t); len(found) == 0 || !strings.HasPrefix(found[0], "a--node ") {
				t.Errorf("the audit finds %q", found)
			}
			for range 2 {
				if steps := r.undo(t, h.fault); len(steps) != 1 {
					t.Errorf("healing took more than it should: %q", steps)
				}
				mustCarry(t, r)
			}
		})
	}
}

// mustCarry sees every link carry as if nothing had ever been done to it.
func mustCarry(t *testing.T, r *rig) {
	t.Helper()
	if left := r.left(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	for _, l := range r.links {
		c, err := call(l)
		if err != nil {
			t.Errorf("a healed link: %v", err)
			continue
		}
		if _, err := c.ping(2 * time.Second); err != nil {
			t.Errorf("a healed link: %v", err)
		}
		_ = c.conn.Close()
	}
}

func TestAThinLinkTakesItsTime(t *testing.T) {
	r := newRig(t, answering(t))
	use(t, r.links[0])
	f := Bandwidth{Hit: Hit{On: "a--node", Way: Requests, Share: 1}, Rate: 1000}
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	const pings = 100 // 500 bytes
	if e := (probe{asks: pings}).send(t.Context(), r.links[0]); e.end != nil || e.took < 500*ms {
		t.Errorf("500 bytes at 1,000 bytes/s took %s, %v", e.took, e.end)
	}
	if steps := r.undo(t, f); len(steps) != 1 {
		t.Errorf("healed by: %q", steps)
	}
	mustCarry(t, r)
}

func TestAClosedConnectionIsSeenToCloseLate(t *testing.T) {
	r := newRig(t, answering(t))
	use(t, r.links[0])
	f := SlowClose{Hit: Hit{On: "a--node", Way: Replies, Share: 1}, By: 150 * ms}
	closes := func() time.Duration {
		c, err := call(r.links[0])
		if err == nil {
			_, err = c.ping(time.Second)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.conn.Close()
		took, err := leave(c.conn)
		if err != nil {
			t.Fatal(err)
		}
		return took
	}
	if took := closes(); took >= f.By {
		t.Fatalf("closes after %s by itself", took)
	}
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if took := closes(); took < f.By {
		t.Errorf("closes after %s; meant %s", took, f.By)
	}
	if err := f.Heal(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	mustCarry(t, r)
}

// A share of the connections: some are hurt and some are not, and none after the heal.
func TestAShareOfTheConnections(t *testing.T) {
	r := newRig(t, answering(t))
	use(t, r.links[0])
	f := Latency{Hit: Hit{On: "a--node", Way: Replies, Share: 0.5}, Delay: 60 * ms}
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	late := 0
	const calls = 60
	for range calls {
		c, err := call(r.links[0])
		if err != nil {
			t.Fatal(err)
		}
		took, err := c.ping(2 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if took >= f.Delay {
			late++
		}
		_ = c.conn.Close()
	}
	if late < calls/6 || late > calls*5/6 {
		t.Errorf("%d of %d connections are late; half of them should be", late, calls)
	}
	if err := f.Heal(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	mustCarry(t, r)
}

// A fault that would hurt nobody says so, and leaves nothing.
func TestWhatHitsNothingIsAnError(t *testing.T) {
	r := newRig(t, answering(t))
	quiet := Latency{Hit: all("b--node"), Delay: 50 * ms}
	for want, f := range map[string]faults.Fault{
		"nothing passed within": quiet,
		"hits nothing":          Silent{Hit: Hit{On: "a--node"}},
		"way 7":                 Silent{Hit: Hit{On: "a--node", Way: 7, Share: 1}},
		`no link "c--node"`:     Cut{On: "c--node"},
		"above the jitter":      Latency{Hit: all("a--node"), Delay: 20 * ms, Jitter: 20 * ms},
		"whole thousands":       Bandwidth{Hit: all("a--node"), Rate: 1500},
		"1 byte or more":        Sliced{Hit: all("a--node"), Every: ms},
		"1 … 2000":              SlowClose{Hit: all("a--node"), By: time.Microsecond},
		"0 … 2000":              Reset{Hit: all("a--node"), After: -ms},
		"0 … 1000000":           Limited{Hit: all("a--node"), Bytes: -1},
	} {
		if err := f.Inject(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", f, err, want)
		}
		if err := f.Heal(t.Context(), r); (err != nil) != strings.Contains(want, "no link") {
			t.Errorf("heal %s: %v", f, err)
		}
	}
	mustCarry(t, r)
	use(t, r.links[1])
	if err := quiet.Inject(t.Context(), r); err != nil {
		t.Errorf("and with a caller: %v", err)
	}
}

// A link that leads to nobody shows no change, whatever is done to it.
func TestALinkToNobodyCannotBeHurt(t *testing.T) {
	r := newRig(t, wiretest.Free(t))
	use(t, r.links[0])
	f := Silent{Hit: all("a--node")}
	if err := f.Inject(t.Context(), r); err == nil {
		t.Error("a link that leads to nobody was hurt")
	}
	if err := f.Heal(t.Context(), r); err != nil {
		t.Error(err)
	}
}

// Faults of one link overlap, and each heal takes its own away only, in any order.
func TestFaultsOfOneLinkOverlap(t *testing.T) {
	r := newRig(t, answering(t))
	use(t, r.links[0])
	one, other := Cut{On: "a--node"}, Cut{On: "node"}
	slow := Latency{Hit: Hit{On: "a--node", Way: Replies, Share: 1}, Delay: 60 * ms}
	for _, f := range []faults.Fault{slow, one, other} {
		if err := f.Inject(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	heal := func(f faults.Fault) {
		t.Helper()
		if err := f.Heal(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	heal(one)
	if _, err := call(r.links[0]); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the other cut is in force, and a caller got %v", err)
	}
	heal(other)
	c, err := call(r.links[0])
	if err != nil {
		t.Fatal(err)
	}
	if took, err := c.ping(time.Second); err != nil || took < slow.Delay {
		t.Errorf("the delay went with a cut: %s, %v", took, err)
	}
	heal(slow)
	mustCarry(t, r)
}

// What cannot be asked because the carrier is dead is healed with it; a frozen one is started again, and that is told.
func TestHealWithoutACarrier(t *testing.T) {
	r := newRig(t, answering(t))
	use(t, r.links[0])
	f := Silent{Hit: all("a--node")}
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	_ = r.Kill(t.Context(), carrier)
	if steps := r.undo(t, f); len(steps) != 1 {
		t.Errorf("heal on a dead carrier: %q", steps)
	}
	_ = r.Start(t.Context(), carrier)
	r.await(t)
	mustCarry(t, r)
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := r.Pause(t.Context(), carrier); err != nil {
		t.Fatal(err)
	}
	if steps := r.undo(t, f); len(steps) != 3 || !strings.HasPrefix(steps[2], "restart the linkd") {
		t.Errorf("heal on a frozen carrier: %q", steps)
	}
	mustCarry(t, r)
}

// An injection that is broken off, at whatever moment, leaves nothing on its way that would come after the heal.
func TestHealOfAnInjectionBrokenOff(t *testing.T) {
	r := newRig(t, answering(t))
	f := Cut{On: "a--node"}
	for n := range 40 {
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(n)*100*time.Microsecond)
		_ = f.Inject(ctx, r)
		stop()
		if steps, err := faults.Undo(t.Context(), f, r); err != nil || len(steps) != 1 {
			t.Fatalf("broken off after %d00 us: %v; it took %q", n, err, steps)
		}
	}
}
