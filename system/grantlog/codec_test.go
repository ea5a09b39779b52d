package grantlog

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"redpacket/system/api"
)

// some is a batch of n grants.
func some(number uint64, n int) Batch {
	b := Batch{Epoch: 3, Writer: "ams-heavy-1.42", Number: number}
	for i := range n {
		b.Grants = append(b.Grants, api.Grant{Order: api.OrderOf(1, api.Gift(i%3), uint32(number)*MaxGrants+uint32(i)),
			User: api.User(1<<40 + i), Fen: 2000, Server: uint16(i)})
	}
	return b
}

func encode(t testing.TB, b Batch) []byte {
	t.Helper()
	data, err := AppendBatch(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBatchComesBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 256, MaxGrants} {
		b := some(9, n)
		data := encode(t, b)
		if len(data) > MaxEncoded {
			t.Fatalf("%d grants take %d bytes, more than %d", n, len(data), MaxEncoded)
		}
		got, err := DecodeBatch(data)
		if err != nil || !reflect.DeepEqual(got, b) {
			t.Fatalf("%d grants: got %+v, %v", n, got, err)
		}
	}
}

func TestBatchBreaksALimit(t *testing.T) {
	t.Parallel()
	tooMuch, tooLittle := some(1, 2), some(1, 2)
	tooMuch.Grants[1].Fen, tooLittle.Grants[1].Fen = 1<<31, 0
	for name, b := range map[string]Batch{
		"no grants": some(1, 0), "too many": some(1, MaxGrants+1), "too much money": tooMuch, "no money": tooLittle,
		"no writer": {Grants: some(1, 1).Grants}, "line end": {Writer: "a\r\nb", Grants: some(1, 1).Grants},
		"long writer": {Writer: strings.Repeat("w", maxWriter+1), Grants: some(1, 1).Grants},
	} {
		if data, err := AppendBatch([]byte("before"), b); err == nil || string(data) != "before" {
			t.Errorf("%s: encoded as %d bytes, %v", name, len(data), err)
		}
	}
}

func TestDamagedBatchIsRefused(t *testing.T) {
	t.Parallel()
	whole := encode(t, some(7, 3))
	for cut := range whole {
		if _, err := DecodeBatch(whole[:cut]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
	for bit := range len(whole) * 8 {
		flipped := bytes.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		if _, err := DecodeBatch(flipped); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d flipped: %v", bit, err)
		}
	}
	if _, err := DecodeBatch(append(whole, 0)); !errors.Is(err, ErrDamaged) {
		t.Fatalf("a byte too many: %v", err)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode(f, some(1, 1)))
	f.Add(encode(f, some(1<<63, 40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBatch(data)
		if err != nil {
			return
		}
		if again := encode(t, b); !bytes.Equal(again, data) {
			t.Fatalf("%x decodes, and encodes as %x", data, again)
		}
	})
}

// FuzzScan feeds a spool's recovery with anything: it must end, and keep only whole batches.
func FuzzScan(f *testing.F) {
	record := appendRecord(nil, encode(f, some(1, 2)), 0)
	f.Add(record)
	f.Add(append(bytes.Clone(record), record[:20]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		kept := 0
		whole, err := scan("fuzzed", data, func(batch []byte) error {
			kept += recordHead + len(batch)
			return nil
		})
		if whole != int64(kept) || whole > int64(len(data)) || (err == nil) != (whole == int64(len(data))) {
			t.Fatalf("%d bytes: whole %d, kept %d, %v", len(data), whole, kept, err)
		}
	})
}

// A batch of which one grant lost its mark, or has one that it should not have, is refused whole.
func TestNoBatchMixesUsersAndMarks(t *testing.T) {
	t.Parallel()
	b := some(1, 3)
	b.Grants[1].User = b.Grants[1].User.Pressure()
	if _, err := AppendBatch(nil, b); !errors.Is(err, ErrTagless) {
		t.Errorf("a pressure user without the mark: %v", err)
	}
	b.Grants[1].Order = api.OrderOf(api.ShadowOf(1), b.Grants[1].Order.Gift(), b.Grants[1].Order.Index())
	if data := encode(t, b); len(data) == 0 {
		t.Error("a shadow grant beside real ones was refused")
	}
	b.Grants[1].User = 7
	if _, err := AppendBatch(nil, b); !errors.Is(err, ErrTagless) {
		t.Errorf("the mark with a real user: %v", err)
	}
}
