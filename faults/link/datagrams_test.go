package link

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"redpacket/faults"
)

// talk sends numbered datagrams through the rig's wire, one every two milliseconds, and returns what has come back by when
// it is called: the numbers in their order, and how many were sent.
func talk(t *testing.T, r *rig) func() (heard []uint32, sent uint32) {
	t.Helper()
	conn, err := net.Dial("udp", r.wire.Entrance)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var heard []uint32
	var sent uint32
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	t.Cleanup(func() { stop(); _ = conn.Close(); group.Wait() })
	group.Go(func() {
		for buf := make([]byte, 16); ; {
			n, err := conn.Read(buf)
			if ctx.Err() != nil {
				return
			}
			if err == nil && n == 4 {
				mu.Lock()
				heard = append(heard, binary.BigEndian.Uint32(buf))
				mu.Unlock()
			}
		}
	})
	group.Go(func() {
		for tick := time.NewTicker(2 * time.Millisecond); ; {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			mu.Lock()
			_, _ = conn.Write(binary.BigEndian.AppendUint32(nil, sent))
			sent++
			mu.Unlock()
		}
	})
	return func() ([]uint32, uint32) {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(heard), sent
	}
}

// Each fault of datagrams shows in what a caller hears, and no longer when it is healed.
func TestEveryFaultOfDatagramsBitesAndEnds(t *testing.T) {
	some := Stray{On: "ear", Way: Requests, Share: 0.5, Seed: 5}
	every := Stray{On: "d--ear", Way: Replies, Share: 1}
	inOrder := func(heard []uint32, _ uint32) bool { return slices.IsSorted(heard) }
	none := func(heard []uint32, _ uint32) bool { return len(heard) == 0 }
	for _, c := range []struct {
		fault faults.Fault
		want  func(heard []uint32, sent uint32) bool
	}{
		{Lossy{some}, func(heard []uint32, sent uint32) bool { return len(heard) > int(sent)/4 && len(heard) < int(sent)*3/4 }},
		{Lossy{every}, none},
		{Duplicated{every}, func(heard []uint32, _ uint32) bool { return doubled(heard) > len(heard)/3 }},
		{Delayed{Stray: every, By: 100 * ms}, inOrder},
		{Delayed{Stray: every, By: 50 * ms, Jitter: 50 * ms}, func(heard []uint32, sent uint32) bool { return !inOrder(heard, sent) }},
		{Reordered{Stray: some, By: 20 * ms}, func(heard []uint32, sent uint32) bool { return !inOrder(heard, sent) }},
		{OneWay{On: "ear", Lost: Replies}, none},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			r := newRig(t, answering(t))
			talk(t, r) // another caller's datagrams draw their lots, too
			if err := c.fault.Inject(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			said := talk(t, r)
			if !eventually(func() bool { _, sent := said(); return sent > 200 }) {
				t.Fatal("nothing was sent")
			}
			if heard, sent := said(); !c.want(heard, sent) {
				t.Errorf("of %d it heard %v", sent, heard)
			}
			for range 2 {
				if steps := r.undo(t, c.fault); len(steps) != 1 {
					t.Errorf("healing took more than it should: %q", steps)
				}
			}
			whole := talk(t, r)
			if !eventually(func() bool {
				heard, _ := whole()
				return len(heard) > 100 && slices.IsSorted(heard) && doubled(heard) == 0 && int(heard[len(heard)-1]) == len(heard)-1
			}) {
				heard, sent := whole()
				t.Errorf("healed, and of %d it heard %v", sent, heard)
			}
		})
	}
}

func doubled(heard []uint32) int {
	return len(heard) - len(slices.Compact(slices.Sorted(slices.Values(heard))))
}

// eventually looks for a minute: tests share their machine.
func eventually(so func() bool) bool {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(lookEvery) {
		if so() {
			return true
		}
	}
	return false
}

func TestDatagramsThatNobodySendsCannotBeHurt(t *testing.T) {
	r := newRig(t, answering(t))
	for want, f := range map[string]faults.Fault{
		"none of the 0 datagrams":  Lossy{Stray{On: "ear", Share: 1}},
		"it does nothing":          Lossy{Stray{On: "ear"}},
		"way 9":                    Lossy{Stray{On: "ear", Share: 1, Way: 9}},
		"carries datagrams: false": Lossy{Stray{On: "a--node", Share: 1}},
		"carries datagrams: true":  Cut{On: "ear"},
		"no way through at all":    OneWay{On: "ear"},
		"a delay of":               Delayed{Stray: Stray{On: "ear", Share: 1}, By: time.Minute},
	} {
		if err := f.Inject(t.Context(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", f, err, want)
		}
		if err := f.Heal(t.Context(), r); (err != nil) != strings.Contains(want, "carries") {
			t.Errorf("heal %s: %v", f, err)
		}
	}
	if s, err := ask(t.Context(), http.MethodGet, relayOf(r.wire), nil); err != nil || len(s.Hurts) > 0 {
		t.Errorf("left behind: %+v, %v", s, err)
	}
}

func TestHealOfDatagramsWithoutACarrier(t *testing.T) {
	r := newRig(t, answering(t))
	talk(t, r)
	f := Lossy{Stray{On: "ear", Share: 1}}
	if err := f.Inject(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := r.Pause(t.Context(), carrier); err != nil {
		t.Fatal(err)
	}
	if steps := r.undo(t, f); len(steps) != 2 || !strings.HasPrefix(steps[1], "restart the linkd") {
		t.Errorf("heal on a frozen carrier: %q", steps)
	}
	if left := r.left(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
