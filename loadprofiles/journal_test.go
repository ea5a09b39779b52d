package loadprofiles

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/system/api"
	"redpacket/system/money"
)

func attempts() *rapid.Generator[Attempt] {
	return rapid.Custom(func(t *rapid.T) Attempt {
		return Attempt{
			User: api.User(rapid.Uint64().Draw(t, "user")), Gift: api.Gift(rapid.Uint16().Draw(t, "gift")),
			Order: api.Order(rapid.Uint64().Draw(t, "order")), Fen: money.Fen(rapid.Int64Min(0).Draw(t, "fen")),
			Outcome: api.Outcome(rapid.Uint8Max(uint8(api.Outcomes-1)).Draw(t, "outcome")),
			Code:    api.Code(rapid.Uint8Max(uint8(api.Codes-1)).Draw(t, "code")),
			Owed:    time.Duration(rapid.Int64Min(0).Draw(t, "owed")), Took: time.Duration(rapid.Int64Range(0, 1<<48-1).Draw(t, "took")), Gray: rapid.Bool().Draw(t, "gray"),
		}
	})
}

func write(t interface{ Fatal(...any) }, all []Attempt) []byte {
	var file bytes.Buffer
	w, err := NewJournalWriter(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if err := w.Write(a.Append(nil)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func read(r io.Reader) (all []Attempt, err error) {
	for a, err := range ReadJournal(r) {
		if err != nil {
			return all, err
		}
		all = append(all, a)
	}
	return all, nil
}

func TestJournalReadsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOf(attempts()).Draw(t, "all")
		got, err := read(bytes.NewReader(write(t, all)))
		if err != nil || len(got) != len(all) {
			t.Fatalf("%d of %d attempts, %v", len(got), len(all), err)
		}
		for i := range all {
			if got[i] != all[i] {
				t.Fatalf("attempt %d is %+v, was %+v", i, got[i], all[i])
			}
		}
	})
}

func TestJournalNoticesEveryDamage(t *testing.T) {
	file := write(t, []Attempt{{User: 1, Outcome: api.Done, Code: api.OK, Order: 5, Fen: 7}, {User: 2, Took: time.Second}})
	for cut := range file {
		if _, err := read(bytes.NewReader(file[:cut])); err == nil {
			t.Errorf("cut after %d of %d bytes and read without an error", cut, len(file))
		}
	}
	for i := range file {
		hurt := bytes.Clone(file)
		hurt[i] ^= 0x40
		if _, err := read(bytes.NewReader(hurt)); err == nil {
			t.Errorf("byte %d was changed and it was read without an error", i)
		}
	}
}

func TestTornJournalGivesItsWholeRecords(t *testing.T) {
	file := write(t, []Attempt{{User: 1}, {User: 2}, {User: 3}})
	got, err := read(bytes.NewReader(file[:len(file)-trailerSize-5]))
	if !errors.Is(err, ErrTorn) || len(got) != 2 || got[1].User != 2 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add(write(f, []Attempt{{User: 1, Outcome: api.Done, Code: api.OK, Order: 5, Fen: 7}, {User: 2}}))
	f.Add([]byte(journalMagic))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := read(bytes.NewReader(file))
		if err != nil {
			return
		}
		if again := write(t, got); !bytes.Equal(again, file) {
			t.Errorf("%d attempts read from %d bytes are written as %d other ones", len(got), len(file), len(again))
		}
	})
}
