package record

import (
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math"
	"os"
	"path/filepath"
	"time"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

// The probes' file is blocks of probes.
const (
	probesMagic = "redpacket probes 1\n"
	probeLen    = 56
)

// probeForm: times are within a drill's length, and a probe that was answered was sent.
func probeForm() blocks {
	return blocks{probesMagic, probeLen, func(b []byte) bool {
		be := binary.BigEndian
		owed, sent, answered, took := be.Uint64(b), be.Uint64(b[8:]), be.Uint64(b[16:]), be.Uint64(b[24:])
		return max(owed, sent, answered, took) <= uint64(longest) && (answered == 0 || sent > 0 && sent <= answered) &&
			b[54] < activity.IDCs<<4 && b[54]&15 < byte(api.Outcomes) && b[55] < byte(api.Codes)
	}}
}

// Probes writes what a sequence prober saw, in any order. A probe that does not fit the file is an error.
func (w *Writer) Probes(all []loadprofiles.Probe) error {
	f, err := os.Create(filepath.Join(w.dir, ProbesFile))
	if err != nil {
		return fmt.Errorf("write probes: %w", err)
	}
	err = writeProbes(f, all)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write probes: %w", err)
	}
	return nil
}

func writeProbes(w io.Writer, all []loadprofiles.Probe) error {
	form := probeForm()
	b, err := form.write(w)
	if err != nil {
		return err
	}
	for _, p := range all {
		packed := packProbe(nil, p)
		if p.Fen < 0 || p.Fen > math.MaxUint32 || !form.sound(packed) {
			return fmt.Errorf("%+v is no probe of a drill", p)
		}
		if err := b.add(func(dst []byte) []byte { return append(dst, packed...) }); err != nil {
			return err
		}
	}
	return b.Close()
}

// ReadProbes reads what Probes wrote, in order; its memory does not grow with the file. The last pair carries the error, if
// there is one: ErrTorn when the bytes are not what was written.
func ReadProbes(r io.Reader) iter.Seq2[loadprofiles.Probe, error] {
	return read(probeForm(), r, unpackProbe)
}

func packProbe(b []byte, p loadprofiles.Probe) []byte {
	be := binary.BigEndian
	for _, n := range []uint64{uint64(p.Owed), uint64(p.Sent), uint64(p.Answered), uint64(p.Took), uint64(p.User), uint64(p.Order)} {
		b = be.AppendUint64(b, n)
	}
	b = be.AppendUint32(b, uint32(p.Fen))
	return append(be.AppendUint16(b, uint16(p.Gift)), byte(p.Home)<<4|byte(p.Outcome), byte(p.Code))
}

func unpackProbe(b []byte) loadprofiles.Probe {
	be := binary.BigEndian
	at := func(i int) time.Duration { return time.Duration(be.Uint64(b[i:])) }
	return loadprofiles.Probe{Home: activity.IDC(b[54] >> 4), Sent: at(8), Answered: at(16),
		Attempt: loadprofiles.Attempt{Owed: at(0), Took: at(24), User: api.User(be.Uint64(b[32:])), Order: api.Order(be.Uint64(b[40:])),
			Fen: money.Fen(be.Uint32(b[48:])), Gift: api.Gift(be.Uint16(b[52:])), Outcome: api.Outcome(b[54] & 15), Code: api.Code(b[55])}}
}
