package volley

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/login"
	"redpacket/system/names"
)

// country is two front doors on one port of two addresses, and a name service that sends region a's users where it is told.
type country struct {
	doors Doors
	away  atomic.Bool // region a's users are sent to b's door
	mu    sync.Mutex
	seen  []visit
}

// visit is a request as a front door saw it.
type visit struct {
	door, home activity.IDC
	at         time.Time
}

func found(t *testing.T, answer func(door activity.IDC, head string) []byte) *country {
	t.Helper()
	c := &country{}
	signer, err := login.NewSigner(testKey)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(door activity.IDC, addr string) string {
		return (&scripted{answer: func(head string) []byte {
			if _, token, ok := strings.Cut(head, "Bearer "); ok {
				user, err := signer.Check([]byte(token), uint32(time.Now().Unix()))
				if err != nil {
					t.Errorf("a request that nobody signed: %v", err)
				}
				c.mu.Lock()
				c.seen = append(c.seen, visit{door, activity.Home(user), time.Now()})
				c.mu.Unlock()
			}
			return answer(door, head)
		}}).serveAt(t, addr)
	}
	_, port, _ := net.SplitHostPort(serve(activity.A, "127.0.0.1:0"))
	serve(activity.B, "127.0.0.2:"+port)
	c.doors.Port, _ = strconv.Atoi(port)
	c.doors.Names = []string{names.Front("a"), names.Front("b")}
	server, err := names.Listen("127.0.0.1:0", func(q names.Question) (names.Answer, bool) {
		addr := netip.MustParseAddr("127.0.0.1")
		if region, _ := names.Region(q.Name); region == "b" || c.away.Load() {
			addr = netip.MustParseAddr("127.0.0.2")
		}
		return names.Answer{Addrs: []netip.Addr{addr}, TTL: time.Second}, true
	})
	if err != nil {
		t.Fatal(err)
	}
	c.doors.DNS = server.Addr()
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- server.Serve(ctx) }()
	t.Cleanup(func() { stop(); <-over })
	return c
}

// fire fires at the country for a while, and has region a moved once the volley is under way.
func (c *country) fire(t *testing.T, curve loadprofiles.Curve) (y loadprofiles.Yield, moved time.Time, j Job) {
	t.Helper()
	j = job(t, "", curve)
	j.Doors = c.doors
	y, err := run(context.Background(), j, 2, func(Progress) {
		if !c.away.Swap(true) {
			moved = time.Now()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return y, moved, j
}

// Users ask at their region's door; when the name service sends the region elsewhere, all its new requests go there within
// a TTL, and none is lost on the way.
func TestUsersFollowTheNameService(t *testing.T) {
	c := found(t, func(_ activity.IDC, head string) []byte { return ok(head) })
	y, moved, j := c.fire(t, loadprofiles.Hold(1200, 3*time.Second))
	all := tallyIn(t, j.Dir)
	if lost := all.Sum(0, forever, nil, []api.Outcome{api.Doubt, api.Failed}); lost > 0 || y.Dropped > 0 || y.Unsent > 0 || y.Moved != nets {
		t.Errorf("%d requests lost, yield %+v", lost, y)
	}
	count := map[visit]int{}
	for _, v := range c.seen {
		after := 0
		if v.at.After(moved.Add(2 * time.Second)) { // a TTL, and what a busy machine may add
			after = 1
		} else if v.at.After(moved) {
			continue
		}
		count[visit{v.door, v.home, time.Unix(int64(after), 0)}]++
	}
	before, after := time.Unix(0, 0), time.Unix(1, 0)
	for _, v := range []visit{{activity.B, activity.A, before}, {activity.A, activity.B, before}, {activity.A, activity.A, after}, {activity.A, activity.B, after}} {
		if count[v] > 0 {
			t.Errorf("%d users of %s came to %s (after the move: %v)", count[v], v.home, v.door, v.at.Equal(after))
		}
	}
	for _, v := range []visit{{activity.A, activity.A, before}, {activity.B, activity.B, before}, {activity.B, activity.A, after}, {activity.B, activity.B, after}} {
		if count[v] == 0 {
			t.Errorf("no user of %s came to %s (after the move: %v)", v.home, v.door, v.at.Equal(after))
		}
	}
}

// A door that cuts everyone off costs its own users their requests until the name service sends them elsewhere.
func TestACutDoorHurtsItsOwnUsersUntilTheyAreSentElsewhere(t *testing.T) {
	var c *country
	c = found(t, func(door activity.IDC, head string) []byte {
		if door == activity.A && c.away.Load() {
			return nil
		}
		return ok(head)
	})
	y, moved, j := c.fire(t, loadprofiles.Hold(1200, 3*time.Second))
	if y.Dropped == 0 || y.Moved != nets {
		t.Errorf("yield %+v", y)
	}
	for _, a := range journalIn(t, j.Dir) {
		late := y.Began.Add(a.Owed).After(moved.Add(2 * time.Second))
		if a.Outcome != api.Done && (late || activity.Home(a.User) == activity.B) {
			t.Errorf("a claim of %s's user %d, owed at %s, came to %s", activity.Home(a.User), a.User, a.Owed, a.Outcome)
		}
	}
}

func TestANameServiceThatIsSilentIsAnErrorThatSaysSo(t *testing.T) {
	deaf, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	j := job(t, "", loadprofiles.Hold(600, 100*time.Millisecond))
	j.Doors = Doors{DNS: deaf.LocalAddr().String(), Names: []string{"a", "b"}, Port: 80}
	v := &volley{job: j, profile: j.Profile, curve: j.Profile.Clicks()}
	if err := v.meet(t.Context(), 1, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "name service at "+j.Doors.DNS) {
		t.Errorf("error is %v", err)
	}
}

func TestGroupsAreRegionsInEvenNetworks(t *testing.T) {
	sizes := make([]int, activity.IDCs*nets)
	const users = 128_000
	for user := range api.User(users) {
		group := groupOf(user + 1)
		if activity.IDC(group/nets) != activity.Home(user+1) {
			t.Fatalf("user %d of %s is in group %d", user+1, activity.Home(user+1), group)
		}
		sizes[group]++
	}
	for group, n := range sizes {
		if mean := users / len(sizes); n < mean*8/10 || n > mean*12/10 {
			t.Errorf("group %d has %d users; the mean is %d", group, n, mean)
		}
	}
}
