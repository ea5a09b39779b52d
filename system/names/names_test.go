package names

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zone answers with an address that tells the asker's subnet: its third byte comes back as the last.
func zone(q Question) (Answer, bool) {
	region, _ := Region(q.Name)
	if region != "a" && region != "b" {
		return Answer{TTL: time.Second}, false
	}
	from := q.From.As4()
	return Answer{Addrs: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, region[0], from[2]})}, TTL: 1500 * time.Millisecond}, true
}

func serve(t *testing.T) *Server {
	t.Helper()
	s, err := Listen("127.0.0.1:0", zone)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return s
}

func TestEachSubnetHasItsAnswer(t *testing.T) {
	c, err := Dial(serve(t).Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var questions []Question
	for i := range 300 {
		questions = append(questions, Question{Name: Front([]string{"a", "b"}[i%2]), From: netip.AddrFrom4([4]byte{10, 200, byte(i), 77})})
	}
	for range 2 {
		answers, err := c.Ask(questions, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range answers {
			want := netip.AddrFrom4([4]byte{10, 0, "ab"[i%2], byte(i)})
			if len(a.Addrs) != 1 || a.Addrs[0] != want || a.TTL != 2*time.Second {
				t.Fatalf("question %d: %+v; want %s for 2 s", i, a, want)
			}
		}
	}
	own, err := c.Ask([]Question{{Name: Front("a")}}, 5*time.Second)
	if err != nil || own[0].Addrs[0] != netip.MustParseAddr("10.0.97.0") { // of 127.0.0.0/24
		t.Errorf("asked for itself: %+v, %v", own, err)
	}
	none, err := c.Ask([]Question{{Name: Front("c")}}, 5*time.Second)
	if err != nil || len(none[0].Addrs) != 0 {
		t.Errorf("a name that does not exist: %+v, %v", none, err)
	}
}

// TestTheServerSpeaksDNS asks by the library's own client, over UDP and TCP.
func TestTheServerSpeaksDNS(t *testing.T) {
	s := serve(t)
	cases := []struct {
		name        string
		kind        uint16
		rcode       int
		answers, ns int
	}{
		{"a.front.redpacket.test.", dns.TypeA, dns.RcodeSuccess, 1, 0},
		{"A.Front.RedPacket.test.", dns.TypeA, dns.RcodeSuccess, 1, 0},
		{"a.front.redpacket.test.", dns.TypeAAAA, dns.RcodeSuccess, 0, 1},
		{"z.front.redpacket.test.", dns.TypeA, dns.RcodeNameError, 0, 1},
		{"front.redpacket.test.", dns.TypeA, dns.RcodeRefused, 0, 0},
		{"x.a.front.redpacket.test.", dns.TypeA, dns.RcodeRefused, 0, 0},
		{"example.com.", dns.TypeA, dns.RcodeRefused, 0, 0},
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, c := range cases {
			client := dns.Client{Net: network, Timeout: 5 * time.Second}
			reply, _, err := client.Exchange(new(dns.Msg).SetQuestion(c.name, c.kind), s.Addr())
			if err != nil {
				t.Fatalf("%s over %s: %v", c.name, network, err)
			}
			if reply.Rcode != c.rcode || len(reply.Answer) != c.answers || len(reply.Ns) != c.ns || !reply.Authoritative {
				t.Errorf("%s over %s: %v", c.name, network, reply)
			}
		}
	}
	if s.Refused() != 6 {
		t.Errorf("%d refused, want 6", s.Refused())
	}
}

func TestGarbageIsNoQuery(t *testing.T) {
	s := serve(t)
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, junk := range []string{"", "x", "GET / HTTP/1.1\r\n\r\n", string(make([]byte, 600))} {
		if _, err := conn.Write([]byte(junk)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if a, err := c.Ask([]Question{{Name: Front("b")}}, 5*time.Second); err != nil || len(a[0].Addrs) != 1 {
		t.Errorf("after garbage: %+v, %v", a, err)
	}
}

func TestSilenceIsAnError(t *testing.T) {
	deaf, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	c, err := Dial(deaf.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if a, err := c.Ask([]Question{{Name: Front("a")}}, 20*time.Millisecond); !errors.Is(err, ErrUnanswered) || len(a) != 1 || a[0].Addrs != nil {
		t.Errorf("%+v, %v", a, err)
	}
}
