package drills_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/faults"
	"redpacket/faults/link"
	"redpacket/loadprofiles"
	"redpacket/system/config"
	"redpacket/system/pause/pausetest"
	"redpacket/system/roles/linkd"
	"redpacket/system/wire/wiretest"
)

// hop is a real linkd with the one link a--b to a node that echoes; used says that somebody calls through it all the time.
func hop(t *testing.T, used bool) func(string) ([]faults.Link, error) {
	t.Helper()
	cfg := config.Config{Node: "linkd-x", Inner: wiretest.Free(t), Admin: wiretest.Free(t), Links: []config.Forward{{Name: "a--b", Listen: wiretest.Free(t), To: wiretest.Serve(t, wiretest.Echo)}}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	go func() { ended <- linkd.Run(ctx, cfg) }()
	l := faults.Link{Name: "a--b", Carrier: "linkd-x", API: cfg.Inner, Entrance: cfg.Links[0].Listen, Ask: []byte("ping"), Answer: []byte("ping")}
	pausetest.Until(t, "the linkd to listen", func() bool {
		conn, err := net.Dial("tcp", l.API)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	goers := 1
	if used {
		goers++
		go func() { ended <- ping(ctx, l) }()
	}
	t.Cleanup(func() {
		for stop(); goers > 0; goers-- {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	return func(victim string) ([]faults.Link, error) {
		if victim != l.Name {
			return nil, fmt.Errorf("no link %q", victim)
		}
		return []faults.Link{l}, nil
	}
}

// ping calls through a link until ctx ends.
func ping(ctx context.Context, l faults.Link) error {
	conn, err := net.Dial("tcp", l.Entrance)
	if err != nil {
		return err
	}
	defer conn.Close()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		if _, err := conn.Write(l.Ask); err != nil {
			return nil // the fault's doing
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// A fault that hits nothing makes the drill inconclusive, whatever else was seen.
func TestAFaultThatHitsNothingTellsNothing(t *testing.T) {
	t.Parallel()
	slow := func(share float64) faults.Fault {
		return link.Latency{Hit: link.Hit{On: "a--b", Share: share}, Delay: 30 * time.Millisecond}
	}
	for name, c := range map[string]struct {
		fault faults.Fault
		used  bool
		want  judge.Status
		why   string
	}{
		"every connection":   {slow(1), true, judge.Pass, "2 steps"},
		"toxicity 0":         {slow(0), true, judge.Inconclusive, "hits nothing"},
		"a link without use": {slow(1), false, judge.Inconclusive, "nothing passed"},
		"a link without end": {link.Silent{Hit: link.Hit{On: "a--c", Share: 1}}, true, judge.Inconclusive, `no link "a--c"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, s := small(), system()
			s.Hops = hop(t, c.used)
			d.Phases = []drills.Phase{{Name: "calm", Curve: loadprofiles.Hold(1000, 4*time.Second)}, d.Phases[1]}
			victim := c.fault.Victim()
			d.Topology.Links[0].Name = victim
			d.Injections = []drills.Injection{{At: 200 * time.Millisecond, For: 3 * time.Second, Fault: c.fault}}
			d.Assertions = []judge.Assertion{judge.StepsEffective{}}
			r, _, err := play(t, d, s)
			if err != nil {
				t.Fatal(err)
			}
			f := judge.Judge(r, d.Assertions).Findings[0]
			if f.Status != c.want || !strings.Contains(f.Because, c.why) {
				t.Errorf("judged %s, %s; want %s, %q", f.Status, f.Because, c.want, c.why)
			}
		})
	}
}
