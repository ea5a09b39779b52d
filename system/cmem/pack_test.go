package cmem

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"redpacket/system/api"
)

// answersTo makes the answers Redis would give: share i of the batch to the i-th (gift, user) in packed order.
func answersTo(p *packer) string {
	var out []byte
	for i := range p.order {
		holds := uint16(1 + i%2)
		out = held(out, api.Grant{Order: api.Order(100 + i), Fen: 7, Server: uint16(i)}, holds)
	}
	return string(out)
}

func TestRecordComesBackInTheOrderAsked(t *testing.T) {
	asks := []Ask{{User: 5, Gift: 3, Server: 1}, {User: 5, Gift: 0}, {User: 1 << 60, Gift: 3, Server: 2}, {User: 5, Gift: 3, Server: 9},
		{User: 5, Gift: 900, Server: 65535}}
	var p packer
	packed, err := p.pack(asks)
	if err != nil {
		t.Fatal(err)
	}
	got, shares, err := unpack(packed + answersTo(&p))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(asks)
	want[3] = asks[0] // a double is its first
	if !slices.Equal(got, want) {
		t.Errorf("asks %+v, want %+v", got, want)
	}
	for place, answer := range []uint32{1, 0, 2, 1, 3} { // gifts 0, 3, 3, 900
		s := Share{Code: api.OK, Index: 100 + answer, Fen: 7, Server: uint16(answer), Repeat: answer%2 == 1 || place == 3}
		if shares[place] != s {
			t.Errorf("ask %d: %+v, want %+v", place, shares[place], s)
		}
	}
	if want := []string{"0", "3", "900"}; !slices.Equal(p.gifts, want) {
		t.Errorf("gifts %v, want %v", p.gifts, want)
	}
}

func TestZerosAreSoldOut(t *testing.T) {
	var p packer
	packed, _ := p.pack([]Ask{{User: 1}, {User: 1}})
	_, shares, err := unpack(packed + string(make([]byte, answerSize)))
	if err != nil || shares[0] != (Share{Code: api.SoldOut}) || shares[1] != shares[0] {
		t.Errorf("%+v, %v", shares, err)
	}
}

func TestPackerForgetsTheLastBatch(t *testing.T) {
	var p packer
	first, _ := p.pack([]Ask{{User: 1}, {User: 2, Gift: 4}, {User: 1}})
	_, _ = p.pack([]Ask{{User: 1}, {User: 2, Gift: 4}, {User: 1, Gift: 4}, {User: 3}})
	again, _ := p.pack([]Ask{{User: 1}, {User: 2, Gift: 4}, {User: 1}})
	if first != again {
		t.Errorf("the same batch was packed as %x and as %x", first, again)
	}
}

func TestBatchSizes(t *testing.T) {
	var p packer
	for n, want := range map[int]bool{0: false, 1: true, MaxBatch: true, MaxBatch + 1: false} {
		asks := make([]Ask, n)
		for i := range asks {
			asks[i] = Ask{User: api.User(i + 1), Gift: api.Gift(i % 7)}
		}
		if _, err := p.pack(asks); (err == nil) != want {
			t.Errorf("a batch of %d: %v", n, err)
		}
	}
}

func TestPackHeldListsEachShareOnce(t *testing.T) {
	asks := []Ask{{User: 1, Gift: 2}, {User: 1, Gift: 2}, {User: 2, Gift: 2}, {User: 3, Gift: 2}}
	shares := []Share{{Code: api.OK, Index: 9}, {Code: api.OK, Index: 9, Repeat: true}, {Code: api.SoldOut}, {Code: api.OK, Index: 10}}
	packed := packHeld(asks, shares)
	if len(packed) != 2*14 || binary.BigEndian.Uint32([]byte(packed[24:])) != 10 {
		t.Errorf("%d bytes: %x", len(packed), packed)
	}
}

func TestDamagedRecords(t *testing.T) {
	var p packer
	packed, _ := p.pack([]Ask{{User: 1}, {User: 2}, {User: 1}})
	whole := packed + answersTo(&p)
	edit := func(at int, b byte) string {
		raw := []byte(whole)
		raw[at] = b
		return string(raw)
	}
	for name, record := range map[string]string{
		"empty": "", "cut": whole[:len(whole)-1], "too long": whole + "x", "no asks": edit(1, 0), "more asks than bytes": edit(1, 4),
		"more groups than asks": edit(3, 9), "a group without end": edit(7, 200), "a place beyond the batch": edit(19, 3),
		"a place taken twice": edit(31, 0), "a double of nothing": edit(35, 2), "a double in a taken place": edit(33, 1),
	} {
		if _, _, err := unpack(record); !errors.Is(err, errRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzUnpack: whatever Redis answers, unpack returns as many asks as shares, or an error, and a record it takes can be
// packed again into one that means the same.
func FuzzUnpack(f *testing.F) {
	var p packer
	for _, asks := range [][]Ask{{{User: 1}}, {{User: 1}, {User: 1, Gift: 5}, {User: 2}, {User: 1}}} {
		packed, err := p.pack(asks)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed + answersTo(&p))
		f.Add(packed + string(make([]byte, answerSize*len(p.order))))
	}
	f.Fuzz(func(t *testing.T, record string) {
		asks, shares, err := unpack(record)
		if err != nil {
			return
		}
		if len(asks) == 0 || len(asks) != len(shares) || len(asks) > MaxBatch {
			t.Fatalf("%d asks, %d shares", len(asks), len(shares))
		}
		for i, s := range shares {
			if s.Code != api.OK && s.Code != api.SoldOut {
				t.Fatalf("ask %d was answered %v", i, s.Code)
			}
		}
		var p packer
		if _, err := p.pack(asks); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSight(t *testing.T) {
	primary := sight("# Server\r\nredis_version:7.0.15\r\nrun_id:abc\r\n\r\n# Replication\r\nrole:master\r\nmaster_replid:x\r\n")
	replica := sight("run_id:def\r\nrole:slave\r\nmaster_host:linkd-store\r\nmaster_port:21007\r\nmaster_link_status:up\r\n")
	if primary != (Sight{RunID: "abc"}) || replica != (Sight{RunID: "def", Follows: "linkd-store:21007"}) {
		t.Errorf("%+v, %+v", primary, replica)
	}
}
