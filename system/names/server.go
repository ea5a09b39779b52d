package names

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Lookup answers a question; From is the asker's subnet, as the query tells or else as its packet does. known is false for
// a name that does not exist. It is called from many goroutines and must not block.
type Lookup func(q Question) (a Answer, known bool)

// Server answers DNS queries over UDP and TCP.
type Server struct {
	lookup  Lookup
	packets net.PacketConn
	stream  net.Listener
	refused atomic.Uint64
}

// The bounds of a TCP connection; a UDP query holds nothing.
const (
	tcpIdle    = 5 * time.Second
	tcpRead    = 2 * time.Second
	tcpQueries = 128
)

// Listen takes addr (host:port) for UDP and TCP; port 0 takes one that is free for both.
func Listen(addr string, lookup Lookup) (*Server, error) {
	stream, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for DNS queries: %w", err)
	}
	packets, err := net.ListenPacket("udp", stream.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for DNS queries: %w", err), stream.Close())
	}
	return &Server{lookup: lookup, packets: packets, stream: stream}, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.stream.Addr().String() }

// Refused is how many queries were none that this server answers: other zones, other kinds of query.
func (s *Server) Refused() uint64 { return s.refused.Load() }

// Serve answers until ctx ends; then it returns nil. It closes the server.
func (s *Server) Serve(ctx context.Context) error {
	over := make(chan error, 2)
	udp := &dns.Server{PacketConn: s.packets, Handler: dns.HandlerFunc(s.serve)}
	tcp := &dns.Server{Listener: s.stream, Handler: dns.HandlerFunc(s.serve), ReadTimeout: tcpRead, MaxTCPQueries: tcpQueries,
		IdleTimeout: func() time.Duration { return tcpIdle }}
	for _, server := range []*dns.Server{udp, tcp} {
		go func() { over <- server.ActivateAndServe() }()
	}
	stop := context.AfterFunc(ctx, func() { _ = errors.Join(s.packets.Close(), s.stream.Close()) })
	defer stop()
	err := <-over
	_ = errors.Join(s.packets.Close(), s.stream.Close()) // one without the other is of no use
	<-over
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("answer DNS queries: %w", err)
}

// serve answers one query.
func (s *Server) serve(w dns.ResponseWriter, query *dns.Msg) {
	reply := new(dns.Msg).SetReply(query)
	reply.Authoritative = true
	if opt := query.IsEdns0(); opt != nil {
		reply.SetEdns0(dns.DefaultMsgSize, false)
		if subnet := subnetOf(opt); subnet != nil {
			scoped := *subnet
			scoped.SourceScope = min(subnetBits, subnet.SourceNetmask)
			reply.IsEdns0().Option = append(reply.IsEdns0().Option, &scoped)
		}
	}
	if reply.Rcode = s.fill(reply, w.RemoteAddr()); reply.Rcode == dns.RcodeRefused {
		s.refused.Add(1)
	}
	_ = w.WriteMsg(reply) // an asker who is gone asks again
}

// fill puts the answer in, and returns the response code.
func (s *Server) fill(reply *dns.Msg, from net.Addr) int {
	if reply.Opcode != dns.OpcodeQuery || len(reply.Question) != 1 {
		return dns.RcodeRefused
	}
	q := reply.Question[0]
	if _, ours := Region(q.Name); !ours || q.Qclass != dns.ClassINET {
		return dns.RcodeRefused
	}
	answer, known := s.lookup(Question{Name: q.Name, From: asker(reply, from)})
	ttl := uint32(math.Ceil(answer.TTL.Seconds()))
	if !known {
		reply.Ns = append(reply.Ns, authority(ttl))
		return dns.RcodeNameError
	}
	if q.Qtype == dns.TypeA || q.Qtype == dns.TypeANY {
		for _, a := range answer.Addrs {
			head := dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: ttl}
			reply.Answer = append(reply.Answer, &dns.A{Hdr: head, A: a.AsSlice()})
		}
	}
	if len(reply.Answer) == 0 { // the name exists and has nothing of that kind, such as an IPv6 address
		reply.Ns = append(reply.Ns, authority(ttl))
	}
	return dns.RcodeSuccess
}

// authority says how long "there is none" may be kept.
func authority(ttl uint32) dns.RR {
	zone := dns.Fqdn(Zone)
	return &dns.SOA{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: ttl},
		Ns: "gslb." + zone, Mbox: "ops." + zone, Serial: 1, Refresh: 60, Retry: 10, Expire: 600, Minttl: ttl}
}

// asker is the subnet that a query is asked for.
func asker(reply *dns.Msg, from net.Addr) netip.Addr {
	if opt := reply.IsEdns0(); opt != nil {
		if subnet := subnetOf(opt); subnet != nil {
			if a, ok := netip.AddrFromSlice(subnet.Address); ok && subnet.SourceNetmask > 0 {
				return Subnet(a)
			}
		}
	}
	if a, err := netip.ParseAddrPort(from.String()); err == nil {
		return Subnet(a.Addr())
	}
	return netip.Addr{}
}

func subnetOf(opt *dns.OPT) *dns.EDNS0_SUBNET {
	for _, o := range opt.Option {
		if subnet, ok := o.(*dns.EDNS0_SUBNET); ok {
			return subnet
		}
	}
	return nil
}
