package names

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

// Client asks one name server over UDP. It is for one goroutine at a time, and keeps nothing: what an answer's TTL means is
// the caller's business.
type Client struct {
	conn net.Conn
	id   uint16 // of the last query
	buf  []byte
}

// ErrUnanswered is wrapped by the error of an Ask of which a part was not answered in time.
var ErrUnanswered = errors.New("the name service did not answer")

// maxQuestions is how many questions travel at once: less than a socket's buffer holds.
const maxQuestions = 256

// Dial makes a client of the server at addr (host:port). Nothing is sent yet.
func Dial(addr string) (*Client, error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("reach the name service: %w", err)
	}
	return &Client{conn: conn, buf: make([]byte, dns.MaxMsgSize)}, nil
}

// Close gives the socket back; an Ask under way ends with an error.
func (c *Client) Close() error { return c.conn.Close() }

// Ask asks all questions at once and returns their answers in the same order. It blocks for at most within: those that were
// not answered by then are zero, and the error, which wraps ErrUnanswered, says how many.
func (c *Client) Ask(questions []Question, within time.Duration) ([]Answer, error) {
	end := time.Now().Add(within)
	answers := make([]Answer, len(questions))
	var errs []error
	for from := 0; from < len(questions); from += maxQuestions {
		to := min(from+maxQuestions, len(questions))
		errs = append(errs, c.ask(questions[from:to], answers[from:to], end))
	}
	return answers, errors.Join(errs...)
}

func (c *Client) ask(questions []Question, answers []Answer, end time.Time) error {
	if err := c.conn.SetDeadline(end); err != nil {
		return err
	}
	first := c.id + 1
	for _, q := range questions {
		c.id++
		packed, err := query(c.id, q).PackBuffer(c.buf)
		if err != nil {
			return fmt.Errorf("ask for %q: %w", q.Name, err)
		}
		if _, err := c.conn.Write(packed); err != nil {
			return fmt.Errorf("%w: %w", ErrUnanswered, err)
		}
	}
	heard := make([]bool, len(questions))
	for left := len(questions); left > 0; {
		n, err := c.conn.Read(c.buf)
		if err != nil {
			return fmt.Errorf("%w to %d of %d questions: %w", ErrUnanswered, left, len(questions), err)
		}
		reply := new(dns.Msg)
		if reply.Unpack(c.buf[:n]) != nil || !reply.Response {
			continue
		}
		// An answer to an earlier Ask, which came too late, has another number.
		if i := int(reply.Id - first); i < len(questions) && !heard[i] {
			heard[i], answers[i] = true, read(reply)
			left--
		}
	}
	return nil
}

func query(id uint16, q Question) *dns.Msg {
	m := new(dns.Msg).SetQuestion(dns.Fqdn(q.Name), dns.TypeA)
	m.Id = id
	if q.From.Is4() {
		m.SetEdns0(dns.DefaultMsgSize, false)
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1,
			SourceNetmask: subnetBits, Address: Subnet(q.From).AsSlice()})
	}
	return m
}

// read takes the addresses out of a reply; the shortest TTL is that of all.
func read(reply *dns.Msg) (a Answer) {
	for _, rr := range reply.Answer {
		record, ok := rr.(*dns.A)
		if !ok {
			continue
		}
		if addr, ok := netip.AddrFromSlice(record.A.To4()); ok {
			ttl := time.Duration(record.Hdr.Ttl) * time.Second
			if len(a.Addrs) == 0 || ttl < a.TTL {
				a.TTL = ttl
			}
			a.Addrs = append(a.Addrs, addr)
		}
	}
	return a
}
