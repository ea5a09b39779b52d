package cmem

import (
	"encoding/binary"
	"fmt"

	"redpacket/system/api"
)

// unpacking is a record being read; every length in it is checked, for its bytes come from outside.
type unpacking struct {
	rest    string
	asks    []Ask
	shares  []Share
	order   []uint16 // the places of the answers, in their order
	damaged bool
}

// unpack reads a record: the asks in the order they were asked, and their shares.
func unpack(record string) ([]Ask, []Share, error) {
	u := unpacking{rest: record}
	total, groups := u.u16(), u.u16()
	if u.damaged || total == 0 || total > MaxBatch || groups > total {
		return nil, nil, fmt.Errorf("%w: %d asks in %d groups", errRecord, total, groups)
	}
	u.asks, u.shares, u.order = make([]Ask, total), make([]Share, total), make([]uint16, 0, total)
	for range groups {
		u.group()
	}
	u.answers()
	if u.damaged {
		return nil, nil, fmt.Errorf("%w: %d bytes for %d asks", errRecord, len(record), total)
	}
	return u.asks, u.shares, nil
}

func (u *unpacking) group() {
	gift, count := u.u16(), u.u16()
	for range count {
		user, server, place := u.u64(), u.u16(), u.u16()
		if u.damaged || !u.mark(place) {
			return
		}
		u.asks[place] = Ask{User: api.User(user), Gift: api.Gift(gift), Server: server}
		u.order = append(u.order, place)
	}
}

// mark notes that a place has its ask; a place beyond the batch or one that had it before is damage.
func (u *unpacking) mark(place uint16) bool {
	if int(place) >= len(u.asks) || u.shares[place].Code != api.Unknown {
		u.damaged = true
		return false
	}
	u.shares[place].Code = api.OK
	return true
}

// answers gives every place its share; the doubles stand before the answers and take those of their firsts.
func (u *unpacking) answers() {
	twice := (len(u.asks) - len(u.order)) * twiceSize
	if u.damaged || len(u.rest) != twice+len(u.order)*answerSize {
		u.damaged = true
		return
	}
	answers := u.rest[twice:]
	for i, place := range u.order {
		u.shares[place] = share(answers[i*answerSize:])
	}
	for range len(u.asks) - len(u.order) {
		place, first := u.u16(), u.u16()
		if int(first) >= len(u.asks) || u.shares[first].Code == api.Unknown || !u.mark(place) {
			u.damaged = true
			return
		}
		u.asks[place], u.shares[place] = u.asks[first], u.shares[first]
		u.shares[place].Repeat = u.shares[first].Code == api.OK
	}
}

func (u *unpacking) u16() uint16 {
	raw := u.take(2)
	return binary.BigEndian.Uint16(raw[:])
}

func (u *unpacking) u64() uint64 {
	raw := u.take(userSize)
	return binary.BigEndian.Uint64(raw[:])
}

func (u *unpacking) take(n int) (raw [userSize]byte) {
	if len(u.rest) < n {
		u.damaged, u.rest = true, ""
		return raw
	}
	copy(raw[:], u.rest[:n])
	u.rest = u.rest[n:]
	return raw
}
