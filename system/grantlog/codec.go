package grantlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"redpacket/system/api"
	"redpacket/system/money"
	"redpacket/system/mutant"
)

// An encoded batch, little-endian. Fixed widths: a batch of 256 grants is 5.7 KB, and coding it costs no branch a grant.
//
//	0  "RPG" and the version byte
//	4  CRC32C of everything from offset 8
//	8  epoch u32, number u64, grants u16, length of writer u8, writer
//	   then for each grant: order u64, user u64, fen u32, server u16
const (
	codecVersion = 1
	sumAt        = 4
	bodyAt       = 8
	headLen      = bodyAt + 4 + 8 + 2 + 1
	grantLen     = 8 + 8 + 4 + 2
	maxWriter    = 64

	// MaxEncoded is the most bytes that an encoded batch has.
	MaxEncoded = headLen + maxWriter + MaxGrants*grantLen
)

// ErrDamaged says that bytes are not a whole encoded batch.
var ErrDamaged = errors.New("not a whole batch of grants")

// castagnoli is the polynomial that CPUs have an instruction for. The table is made once by the library.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// check keeps a batch that could not be decoded again from ever being written.
func (b Batch) check() error {
	if len(b.Grants) == 0 || len(b.Grants) > MaxGrants {
		return fmt.Errorf("batch %s: %d grants; want 1 to %d", b.id(), len(b.Grants), MaxGrants)
	}
	if !writerOK(b.Writer) {
		return fmt.Errorf("batch %q: the writer must be 1 to %d visible ASCII characters", b.id(), maxWriter)
	}
	for i := range b.Grants {
		if g := &b.Grants[i]; g.Fen < 1 || g.Fen > math.MaxInt32 {
			return fmt.Errorf("batch %s: order %d is of %d fen; want 1 to %d", b.id(), g.Order, g.Fen, math.MaxInt32)
		} else if g.Poisoned() {
			return fmt.Errorf("batch %s: order %d of user %d: %w", b.id(), g.Order, g.User, ErrTagless)
		}
	}
	return nil
}

// writerOK keeps line ends and blanks out of the header that carries the batch's id.
func writerOK[T string | []byte](w T) bool {
	for i := range len(w) {
		if w[i] <= ' ' || w[i] > '~' {
			return false
		}
	}
	return len(w) >= 1 && len(w) <= maxWriter
}

// AppendBatch appends the encoded batch to dst. It fails, and appends nothing, when the batch breaks one of its limits.
func AppendBatch(dst []byte, b Batch) ([]byte, error) {
	if err := b.check(); err != nil {
		return dst, err
	}
	if mutant.Is(mutant.LogDropsLast) {
		b.Grants = b.Grants[:max(1, len(b.Grants)-1)]
	}
	start := len(dst)
	le := binary.LittleEndian
	dst = append(dst, 'R', 'P', 'G', codecVersion, 0, 0, 0, 0)
	dst = le.AppendUint64(le.AppendUint32(dst, b.Epoch), b.Number)
	dst = append(le.AppendUint16(dst, uint16(len(b.Grants))), byte(len(b.Writer)))
	dst = append(dst, b.Writer...)
	for i := range b.Grants {
		g := &b.Grants[i]
		dst = le.AppendUint64(le.AppendUint64(dst, uint64(g.Order)), uint64(g.User))
		dst = le.AppendUint16(le.AppendUint32(dst, uint32(g.Fen)), g.Server)
	}
	le.PutUint32(dst[start+sumAt:], crc32.Checksum(dst[start+bodyAt:], castagnoli()))
	return dst, nil
}

// DecodeBatch reads what AppendBatch wrote; data must be exactly one batch. It trusts nothing: any other bytes are
// ErrDamaged, and it allocates no more than the batch needs. The batch shares no memory with data.
func DecodeBatch(data []byte) (Batch, error) {
	count, writer, err := decodeHead(data)
	if err != nil {
		return Batch{}, err
	}
	le := binary.LittleEndian
	b := Batch{Epoch: le.Uint32(data[bodyAt:]), Number: le.Uint64(data[bodyAt+4:]), Writer: string(writer)}
	b.Grants = make([]api.Grant, count)
	rest := data[headLen+len(writer):]
	for i := range b.Grants {
		g := rest[i*grantLen : (i+1)*grantLen]
		fen := le.Uint32(g[16:])
		if fen < 1 || fen > math.MaxInt32 {
			return Batch{}, fmt.Errorf("%w: %d fen", ErrDamaged, fen)
		}
		b.Grants[i] = api.Grant{Order: api.Order(le.Uint64(g)), User: api.User(le.Uint64(g[8:])),
			Fen: money.Fen(fen), Server: le.Uint16(g[20:])}
	}
	return b, nil
}

// decodeHead checks everything about the bytes but the grants' amounts.
func decodeHead(data []byte) (count int, writer []byte, err error) {
	if len(data) < headLen || len(data) > MaxEncoded {
		return 0, nil, fmt.Errorf("%w: %d bytes", ErrDamaged, len(data))
	}
	if string(data[:3]) != "RPG" || data[3] != codecVersion {
		return 0, nil, fmt.Errorf("%w: begins %x, want RPG and version %d", ErrDamaged, data[:4], codecVersion)
	}
	count = int(binary.LittleEndian.Uint16(data[bodyAt+12:]))
	width := int(data[headLen-1])
	if count < 1 || count > MaxGrants || len(data) != headLen+width+count*grantLen {
		return 0, nil, fmt.Errorf("%w: %d grants in %d bytes", ErrDamaged, count, len(data))
	}
	if crc32.Checksum(data[bodyAt:], castagnoli()) != binary.LittleEndian.Uint32(data[sumAt:]) {
		return 0, nil, fmt.Errorf("%w: checksum differs", ErrDamaged)
	}
	if writer = data[headLen : headLen+width]; !writerOK(writer) {
		return 0, nil, fmt.Errorf("%w: writer %q", ErrDamaged, writer)
	}
	return count, writer, nil
}
