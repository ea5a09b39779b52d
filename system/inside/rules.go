package inside

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// prefix begins the names of our tables.
const prefix = "redpacket_"

// table is the one of an order: all of it is ours, so removing it removes what we did and nothing else.
func table(name string) *nftables.Table {
	return &nftables.Table{Name: prefix + name, Family: nftables.TableFamilyIPv4}
}

func has(conn *nftables.Conn, t *nftables.Table) (bool, error) {
	all, err := conn.ListTablesOfFamily(t.Family)
	if err != nil {
		return false, fmt.Errorf("list the tables: %w", err)
	}
	return slices.ContainsFunc(all, func(other *nftables.Table) bool { return other.Name == t.Name }), nil
}

// The chains, one a direction. Each match has two rules in it: the first counts what fits, the second what it drops.
const (
	chainIn  = "in"
	chainOut = "out"
)

// set makes the table in one transaction.
func (d *Drop) set(conn *nftables.Conn, t *nftables.Table) error {
	conn.AddTable(t)
	for name, hook := range map[string]*nftables.ChainHook{chainIn: nftables.ChainHookInput, chainOut: nftables.ChainHookOutput} {
		if name == chainIn && !d.In || name == chainOut && !d.Out {
			continue
		}
		c := conn.AddChain(&nftables.Chain{Name: name, Table: t, Type: nftables.ChainTypeFilter, Hooknum: hook, Priority: nftables.ChainPriorityFilter})
		for _, m := range d.Match {
			fits := m.exprs(name == chainIn)
			conn.AddRule(&nftables.Rule{Table: t, Chain: c, Exprs: append(slices.Clone(fits), &expr.Counter{})})
			conn.AddRule(&nftables.Rule{Table: t, Chain: c, Exprs: append(append(fits, d.chance()...), &expr.Counter{}, &expr.Verdict{Kind: expr.VerdictDrop})})
		}
	}
	return conn.Flush()
}

// counts adds up what the rules have counted.
func (d *Drop) counts(conn *nftables.Conn, t *nftables.Table) (sum count, err error) {
	for _, name := range []string{chainIn, chainOut} {
		if name == chainIn && !d.In || name == chainOut && !d.Out {
			continue
		}
		rules, err := conn.GetRules(t, &nftables.Chain{Name: name, Table: t})
		if err != nil {
			return sum, fmt.Errorf("read the counters of table %s: %w", t.Name, err)
		}
		for i, r := range rules {
			for _, e := range r.Exprs {
				if c, ok := e.(*expr.Counter); ok && i%2 == 0 {
					sum.fits += c.Packets
				} else if ok {
					sum.dropped += c.Packets
				}
			}
		}
	}
	return sum, nil
}

// The places in a packet's head.
const (
	sourceAddress, targetAddress = 12, 16
	sourcePort, targetPort       = 0, 2
)

// exprs is a match in nftables' own words. A packet that comes has the other end as its source.
func (m Match) exprs(in bool) []expr.Any {
	device, address, remote, local := expr.MetaKeyOIFNAME, uint32(targetAddress), uint32(targetPort), uint32(sourcePort)
	if in {
		device, address, remote, local = expr.MetaKeyIIFNAME, sourceAddress, sourcePort, targetPort
	}
	loopback := make([]byte, unix.IFNAMSIZ)
	copy(loopback, "lo")
	all := []expr.Any{&expr.Meta{Key: device, Register: 1}, &expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: loopback}}
	if m.Remote.IsValid() {
		all = append(all, payload(expr.PayloadBaseNetworkHeader, address, 4), mask(m.Remote.Bits()), equal(m.Remote.Masked().Addr().AsSlice()))
	}
	if m.Proto != "" {
		number := map[string]byte{"tcp": unix.IPPROTO_TCP, "udp": unix.IPPROTO_UDP}[m.Proto]
		all = append(all, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{number}))
	}
	if m.RemotePort != 0 {
		all = append(all, payload(expr.PayloadBaseTransportHeader, remote, 2), equal(binary.BigEndian.AppendUint16(nil, m.RemotePort)))
	}
	if m.LocalPort != 0 {
		all = append(all, payload(expr.PayloadBaseTransportHeader, local, 2), equal(binary.BigEndian.AppendUint16(nil, m.LocalPort)))
	}
	return all
}

func payload(base expr.PayloadBase, at, length uint32) expr.Any {
	return &expr.Payload{DestRegister: 1, Base: base, Offset: at, Len: length}
}

func equal(data []byte) expr.Any { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }

func mask(bits int) expr.Any {
	const length = 4
	return &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: length,
		Mask: binary.BigEndian.AppendUint32(nil, uint32(math.MaxUint32<<(32-bits))), Xor: make([]byte, length)}
}

// chance is met by the share of packets that is dropped; none when it is all of them.
func (d *Drop) chance() []expr.Any {
	const of = 1 << 20
	if d.Share == 1 {
		return nil
	}
	return []expr.Any{
		&expr.Numgen{Register: 1, Modulus: of, Type: unix.NFT_NG_RANDOM},
		&expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 4, Size: 4},
		&expr.Cmp{Op: expr.CmpOpLt, Register: 1, Data: binary.BigEndian.AppendUint32(nil, uint32(d.Share*of))},
	}
}
