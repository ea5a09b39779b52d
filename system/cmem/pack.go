package cmem

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"redpacket/system/api"
	"redpacket/system/money"
)

// A batch of asks travels as one string, and so do its answers; hundreds of small values would cost Redis more to parse
// than the claims themselves.
//
//	asks    total u16, groups u16, then per gift: gift u16, count u16, count × (user u64, server u16, place u16),
//	        then per ask that is in the batch twice: place u16, place of the first u16
//	answers per (gift, user) in the same order: index u32, fen u32, server u16, holds u16; all zero when sold out
//	record  asks and answers joined
const (
	askSize    = 12
	answerSize = 12
	twiceSize  = 4
	userSize   = 8
)

// errRecord says that bytes from Redis are not what this package writes there.
var errRecord = errors.New("record of a batch is damaged")

// holder is the key by which a batch is searched for doubles.
type holder struct {
	user api.User
	gift api.Gift
}

// packer packs one batch at a time and keeps its memory for the next.
type packer struct {
	order []uint32 // gift<<16 | place, of the asks that are the first of their kind
	seen  map[holder]uint16
	twice []byte
	out   []byte
	gifts []string // the groups' gifts, as text

	tagless int // asks whose users and tags contradict each other
}

// pack groups the asks by gift, in the order they came, and sets doubles aside. The string is the caller's own.
func (p *packer) pack(asks []Ask) (string, error) {
	if len(asks) == 0 || len(asks) > MaxBatch {
		return "", fmt.Errorf("pack a batch of %d asks: want 1 to %d", len(asks), MaxBatch)
	}
	if p.sift(asks); p.tagless > 0 {
		return "", fmt.Errorf("pack a batch of %d asks, %d of them: %w", len(asks), p.tagless, ErrTagless)
	}
	slices.Sort(p.order)
	be := binary.BigEndian
	p.out = be.AppendUint16(p.out[:0], uint16(len(asks)))
	p.out, p.gifts = append(p.out, 0, 0), p.gifts[:0]
	for i := 0; i < len(p.order); {
		n := i + 1
		for n < len(p.order) && p.order[n]>>16 == p.order[i]>>16 {
			n++
		}
		p.group(asks, p.order[i:n])
		i = n
	}
	be.PutUint16(p.out[2:], uint16(len(p.gifts)))
	return string(append(p.out, p.twice...)), nil
}

func (p *packer) sift(asks []Ask) {
	if p.seen == nil {
		p.seen = make(map[holder]uint16, len(asks))
	}
	clear(p.seen)
	p.order, p.twice, p.tagless = p.order[:0], p.twice[:0], 0
	for i, a := range asks {
		if api.Poisoned(a.User, a.Gift.Tagged()) {
			p.tagless++
		}
		key := holder{a.User, a.Gift}
		if first, ok := p.seen[key]; ok {
			p.twice = binary.BigEndian.AppendUint16(p.twice, uint16(i))
			p.twice = binary.BigEndian.AppendUint16(p.twice, first)
			continue
		}
		p.seen[key] = uint16(i)
		p.order = append(p.order, uint32(a.Gift)<<16|uint32(i))
	}
}

func (p *packer) group(asks []Ask, order []uint32) {
	be, gift := binary.BigEndian, uint16(order[0]>>16)
	p.gifts = append(p.gifts, strconv.Itoa(int(gift)))
	p.out = be.AppendUint16(p.out, gift)
	p.out = be.AppendUint16(p.out, uint16(len(order)))
	for _, o := range order {
		place := uint16(o)
		p.out = be.AppendUint64(p.out, uint64(asks[place].User))
		p.out = be.AppendUint16(p.out, asks[place].Server)
		p.out = be.AppendUint16(p.out, place)
	}
}

// packHeld lists shares for the return script: gift u16, user u64, index u32. A double is listed once.
func packHeld(asks []Ask, shares []Share) string {
	be, seen := binary.BigEndian, make(map[holder]bool, len(asks))
	var out []byte
	for i, share := range shares {
		key := holder{asks[i].User, asks[i].Gift}
		if share.Code != api.OK || seen[key] {
			continue
		}
		seen[key] = true
		out = be.AppendUint16(out, uint16(key.gift))
		out = be.AppendUint64(out, uint64(key.user))
		out = be.AppendUint32(out, share.Index)
	}
	return string(out)
}

// held packs what the hash who:<gift> says of one holder.
func held(out []byte, g api.Grant, holds uint16) []byte {
	be := binary.BigEndian
	out = be.AppendUint32(out, g.Order.Index())
	out = be.AppendUint32(out, uint32(g.Fen))
	out = be.AppendUint16(out, g.Server)
	return be.AppendUint16(out, holds)
}

// share reads what held wrote, or twelve zeros.
func share(b string) Share {
	be, raw := binary.BigEndian, []byte(b[:answerSize])
	if be.Uint32(raw[4:]) == 0 {
		return Share{Code: api.SoldOut}
	}
	return Share{Code: api.OK, Index: be.Uint32(raw), Fen: money.Fen(be.Uint32(raw[4:])), Server: be.Uint16(raw[8:]),
		Repeat: be.Uint16(raw[10:]) > 1}
}
