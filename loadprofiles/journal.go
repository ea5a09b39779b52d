package loadprofiles

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"redpacket/system/api"
	"redpacket/system/money"
)

// AttemptSize is the size in bytes of one attempt in a journal.
const AttemptSize = 44

const (
	journalMagic = "RPJ1"
	trailerMagic = "JEND"
	headerSize   = 8  // magic, version, size of a record
	trailerSize  = 16 // magic, number of records, CRC-32C of all before
)

// ErrTorn says that a journal has no end: whoever wrote it was killed. What was read before is whole records.
var ErrTorn = errors.New("journal has no end: its writer was killed or is still writing")

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// Append adds the attempt to dst in the journal's form, AttemptSize bytes.
func (a Attempt) Append(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint64(dst, uint64(a.User))
	dst = le.AppendUint64(dst, uint64(a.Order))
	dst = le.AppendUint64(dst, uint64(a.Fen))
	dst = le.AppendUint64(dst, uint64(a.Owed))
	dst = le.AppendUint64(dst, uint64(a.Took)<<16|uint64(a.Outcome)<<8|uint64(a.Code))
	last := uint32(a.Gift)
	if a.Gray {
		last |= grayBit
	}
	return le.AppendUint32(dst, last)
}

// grayBit stands above the gift's number.
const grayBit = 1 << 16

// decode is the inverse of Append; it refuses values that Append cannot have written.
func decode(b []byte) (Attempt, error) {
	le := binary.LittleEndian
	last, gift := le.Uint64(b[32:]), le.Uint32(b[40:])
	a := Attempt{
		User: api.User(le.Uint64(b)), Order: api.Order(le.Uint64(b[8:])), Fen: money.Fen(le.Uint64(b[16:])),
		Owed: time.Duration(le.Uint64(b[24:])), Took: time.Duration(last >> 16),
		Outcome: api.Outcome(last >> 8), Code: api.Code(last), Gift: api.Gift(gift), Gray: gift&grayBit != 0,
	}
	if a.Outcome >= api.Outcomes || a.Code >= api.Codes || a.Fen < 0 || a.Owed < 0 || gift >= 2*grayBit {
		return a, fmt.Errorf("attempt of user %d has outcome %d, code %d, gift %d: no writer wrote this", a.User, a.Outcome, a.Code, gift)
	}
	return a, nil
}

// JournalWriter writes a claim journal as a stream. It is for one goroutine.
type JournalWriter struct {
	to    io.Writer
	sum   uint32
	count uint64
	table *crc32.Table
}

// NewJournalWriter writes the header. Give it a file; it writes as much at a time as it is given.
func NewJournalWriter(to io.Writer) (*JournalWriter, error) {
	w := &JournalWriter{to: to, table: castagnoli()}
	header := binary.LittleEndian.AppendUint16([]byte(journalMagic), 1)
	return w, w.write(binary.LittleEndian.AppendUint16(header, AttemptSize))
}

// Write adds whole attempts, as Append made them.
func (w *JournalWriter) Write(attempts []byte) error {
	if len(attempts)%AttemptSize != 0 {
		return fmt.Errorf("journal: %d bytes are no whole number of attempts", len(attempts))
	}
	w.count += uint64(len(attempts) / AttemptSize)
	return w.write(attempts)
}

// Count is how many attempts were written.
func (w *JournalWriter) Count() uint64 { return w.count }

// Close writes the end, without which a reader calls the journal torn. It does not close the file.
func (w *JournalWriter) Close() error {
	if err := w.write(binary.LittleEndian.AppendUint64([]byte(trailerMagic), w.count)); err != nil {
		return err
	}
	return w.write(binary.LittleEndian.AppendUint32(nil, w.sum))
}

func (w *JournalWriter) write(b []byte) error {
	w.sum = crc32.Update(w.sum, w.table, b)
	if _, err := w.to.Write(b); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}
