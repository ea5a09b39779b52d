package inside

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"net"
	"syscall"

	"github.com/vishvananda/netlink"

	"redpacket/system/config"
)

// Shape is what leaves the node's network at a rate, or late; exactly one of Rate and Delay is set.
type Shape struct {
	Rate   uint64          `json:"rate,omitempty"`  // bytes a second, of each of its interfaces
	Delay  config.Duration `json:"delay,omitempty"` // needs a kernel with netem
	Jitter config.Duration `json:"jitter,omitempty"`
}

// handle marks the queues of an order: it is worked out from the name, so that none undoes another's.
func handle(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return netlink.MakeHandle(uint16(1+h.Sum32()%0xfff0), 0)
}

// The bounds of a rate: what may leave at once is some full packets, and what waits is what the rate carries in 50 ms.
const (
	LeastRate = 8 << 10
	MostRate  = 4 << 30
	burst     = 16 << 10
	waits     = 20 // parts of a second
)

// do puts a queue of ours at each interface but loopback, and sees that the kernel has it.
func (s *Shape) do(_ context.Context, name string) (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	links, err := interfaces()
	if err != nil {
		return "", err
	}
	for _, l := range links {
		if err := netlink.QdiscAdd(s.queue(l, name)); err != nil {
			return "", s.why(l, err)
		}
	}
	kept, err := s.held(links, name)
	if err != nil || kept != len(links) {
		return "", errors.Join(err, fmt.Errorf("%d of %d interfaces hold back what leaves", kept, len(links)))
	}
	return fmt.Sprintf("%d interfaces hold back what leaves", kept), nil
}

func (s *Shape) check() error {
	if (s.Rate > 0) == (s.Delay > 0) || s.Rate > 0 && (s.Rate < LeastRate || s.Rate > MostRate) || s.Jitter < 0 || s.Jitter > s.Delay {
		return fmt.Errorf("a rate of %d bytes/s, a delay of %s, jitter %s; want a rate of %d to %d, or a delay and at most as much jitter",
			s.Rate, s.Delay.D(), s.Jitter.D(), LeastRate, MostRate)
	}
	return nil
}

// why says what an interface's refusal means.
func (s *Shape) why(l netlink.Link, err error) error {
	switch name := l.Attrs().Name; {
	case errors.Is(err, syscall.EEXIST):
		return fmt.Errorf("%s is shaped already", name)
	case s.Delay > 0 && (errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EOPNOTSUPP)):
		return errors.New("this kernel has no netem, so packets cannot be delayed; delay a link by its proxy instead")
	default:
		return fmt.Errorf("shape %s: %w", name, err)
	}
}

func (s *Shape) queue(l netlink.Link, name string) netlink.Qdisc {
	at := netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Handle: handle(name), Parent: netlink.HANDLE_ROOT}
	if s.Delay > 0 {
		return netlink.NewNetem(at, netlink.NetemQdiscAttrs{Latency: uint32(s.Delay.D().Microseconds()), Jitter: uint32(s.Jitter.D().Microseconds())})
	}
	return &netlink.Tbf{QdiscAttrs: at, Rate: s.Rate, Buffer: netlink.Xmittime(s.Rate, burst), Limit: uint32(min(s.Rate/waits+burst, math.MaxUint32))}
}

// interfaces are all but loopback that are up.
func interfaces() (some []netlink.Link, err error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list the interfaces: %w", err)
	}
	for _, l := range all {
		if flags := l.Attrs().Flags; flags&net.FlagLoopback == 0 && flags&net.FlagUp != 0 {
			some = append(some, l)
		}
	}
	if len(some) == 0 {
		return nil, errors.New("the node has no interface but loopback")
	}
	return some, nil
}

// ours is the order's queue at an interface; nil: there is none.
func ours(l netlink.Link, name string) (netlink.Qdisc, error) {
	all, err := netlink.QdiscList(l)
	if err != nil {
		return nil, fmt.Errorf("list the queues of %s: %w", l.Attrs().Name, err)
	}
	for _, q := range all {
		if q.Attrs().Handle == handle(name) {
			return q, nil
		}
	}
	return nil, nil
}

// held is how many interfaces have our queue, with what was asked for.
func (s *Shape) held(links []netlink.Link, name string) (n int, err error) {
	for _, l := range links {
		q, err := ours(l, name)
		if err != nil {
			return n, err
		}
		if t, ok := q.(*netlink.Tbf); ok && t.Rate == s.Rate || q != nil && q.Type() == "netem" && s.Delay > 0 {
			n++
		}
	}
	return n, nil
}

// keep has nothing to do: the kernel keeps the queues.
func (s *Shape) keep(ctx context.Context, _ string) { <-ctx.Done() }

// undo removes our queues; it tells what they held back.
func (s *Shape) undo(name string) (string, error) {
	links, err := interfaces()
	if err != nil {
		return "", err
	}
	var kept, dropped uint32
	for _, l := range links {
		q, err := ours(l, name)
		if err != nil {
			return "", err
		}
		if q == nil {
			continue
		}
		if of := q.Attrs().Statistics; of != nil && of.Queue != nil {
			kept, dropped = kept+of.Queue.Overlimits, dropped+of.Queue.Drops
		}
		if err := netlink.QdiscDel(q); err != nil {
			return "", fmt.Errorf("remove the queue of %s: %w", l.Attrs().Name, err)
		}
	}
	return fmt.Sprintf("%d packets were held back, %d dropped", kept, dropped), nil
}
