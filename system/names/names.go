// Package names speaks DNS: the server's side for the service that sends users to a data centre, and the clients' side for
// whoever stands for those users.
package names

import (
	"net/netip"
	"strings"
	"time"
)

// Zone is the domain that the name service answers for. The top-level domain test exists nowhere in the world.
const Zone = "front.redpacket.test"

// Front is the name that users whose region is a data centre's ask for: a.front.redpacket.test.
func Front(idc string) string { return idc + "." + Zone }

// Region is the data centre of a name that Front makes, in any case of its letters and with or without a last dot.
func Region(name string) (idc string, ok bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	idc, ok = strings.CutSuffix(name, "."+Zone)
	return idc, ok && idc != "" && !strings.Contains(idc, ".")
}

// Question asks for the addresses of a name on behalf of users in a network, such as a resolver's: of the network's address
// the first 24 bits travel (RFC 7871). The zero From asks for the asker itself.
type Question struct {
	Name string
	From netip.Addr
}

// Answer is what a name stands for.
type Answer struct {
	Addrs []netip.Addr  // IPv4 only; none: nobody answered, or the name has no address
	TTL   time.Duration // how long the answer may be kept: whole seconds
}

// subnetBits is how much of a client's address is told.
const subnetBits = 24

// Subnet is the network that an address counts for.
func Subnet(of netip.Addr) netip.Addr {
	p, err := of.Unmap().Prefix(min(subnetBits, of.Unmap().BitLen()))
	if err != nil {
		return of
	}
	return p.Addr()
}
