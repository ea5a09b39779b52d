package tally

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"redpacket/system/api"
)

type hit struct {
	owed, took time.Duration
	op         api.Op
	outcome    api.Outcome
}

func hits() *rapid.Generator[[]hit] {
	one := rapid.Custom(func(t *rapid.T) hit {
		return hit{
			time.Duration(rapid.IntRange(0, 4000).Draw(t, "owed ms")) * time.Millisecond,
			time.Duration(rapid.IntRange(0, 2_000_000).Draw(t, "took us")) * time.Microsecond,
			api.Op(rapid.IntRange(0, int(api.Ops)-1).Draw(t, "op")), api.Outcome(rapid.IntRange(0, int(api.Outcomes)-1).Draw(t, "outcome")),
		}
	})
	return rapid.SliceOfN(one, 1, 60)
}

func tallyOf(all []hit) *Tally {
	t := New(2 * time.Second)
	for _, h := range all {
		t.Record(h.owed, h.took, h.op, h.outcome)
	}
	return t
}

// near is two digits: a reading is never below the record, and at most 1 % above it.
func near(got, want time.Duration) bool { return got >= want && got <= want+want/100+time.Microsecond }

func TestWindowsAnswerAsASortedListWould(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := hits().Draw(t, "hits")
		tally := tallyOf(all)
		from := time.Duration(rapid.IntRange(0, 35).Draw(t, "from")) * Slot
		to := from + time.Duration(rapid.IntRange(1, 20).Draw(t, "slots"))*Slot
		op, outcome := all[0].op, all[0].outcome
		var took []time.Duration
		for _, h := range all {
			if h.owed >= from && h.owed < to && h.op == op && h.outcome == outcome {
				took = append(took, h.took)
			}
		}
		if got := tally.Counts(from, to, op, outcome); got != uint64(len(took)) {
			t.Fatalf("%d in the window, want %d", got, len(took))
		}
		slices.Sort(took)
		most, ok := tally.Max(from, to, []api.Op{op}, []api.Outcome{outcome})
		if ok != (len(took) > 0) || ok && !near(most, took[len(took)-1]) {
			t.Fatalf("max %s, %t of %v", most, ok, took)
		}
		half, _ := tally.Within(Window{from, to, []api.Op{op}, []api.Outcome{outcome}}, 0.5)
		if ok && !near(half, took[(len(took)-1)/2]) {
			t.Fatalf("median %s of %v", half, took)
		}
	})
}

func TestPartsAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := hits().Draw(t, "hits")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		parts := tallyOf(all[:cut])
		parts.Merge(tallyOf(all[cut:]))
		if !bytes.Equal(file(t, parts), file(t, tallyOf(all))) {
			t.Fatal("two parts do not add up to the whole")
		}
	})
}

func file(t interface{ Fatal(...any) }, tally *Tally) []byte {
	var b bytes.Buffer
	if err := tally.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFileReadsBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		written := file(t, tallyOf(hits().Draw(t, "hits")))
		read, err := Decode(bytes.NewReader(written))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file(t, read), written) {
			t.Fatal("it reads as another tally")
		}
	})
}

func TestEveryDamageToAFileIsNoticed(t *testing.T) {
	written := file(t, tallyOf([]hit{{0, time.Millisecond, api.Claim, api.Done}, {time.Second, time.Second, api.List, api.Shed}}))
	for cut := range written {
		if _, err := Decode(bytes.NewReader(written[:cut])); err == nil {
			t.Errorf("cut after %d of %d bytes and read", cut, len(written))
		}
	}
	for i := range written {
		hurt := bytes.Clone(written)
		hurt[i] ^= 1
		if _, err := Decode(bytes.NewReader(hurt)); err == nil {
			t.Errorf("byte %d changed and read", i)
		}
	}
}

// FuzzDecode passes the checksum by, so that what is behind it meets hostile bytes.
func FuzzDecode(f *testing.F) {
	written := file(f, tallyOf([]hit{{0, time.Millisecond, api.Claim, api.Done}, {3 * time.Second, time.Second, api.List, api.Shed}}))
	f.Add(written[len(magic) : len(written)-4])
	f.Fuzz(func(t *testing.T, body []byte) {
		tally, err := decode(body)
		if err != nil {
			return
		}
		sum := tally.Sum(0, time.Hour, nil, nil)
		again, err := Decode(bytes.NewReader(file(t, tally)))
		if err != nil || again.Sum(0, time.Hour, nil, nil) != sum {
			t.Errorf("%d requests are written and read as another number: %v", sum, err)
		}
		again.Record(0, time.Second, api.List, api.Done)
	})
}

func TestOldSlotsArePackedAndStillTakeCounts(t *testing.T) {
	tally := New(2 * time.Second)
	draw := rand.New(rand.NewPCG(1, 1))
	for i := range 200_000 {
		owed := time.Duration(i) * 500 * time.Microsecond // 100 s
		tally.Record(owed, time.Duration(draw.IntN(9_000_000)), api.List, api.Done)
	}
	open, packed := 0, 0
	for _, s := range tally.slots {
		packed += len(s.packed)
		if s.open != nil {
			open++
		}
	}
	if open > tally.keep || packed > 1000*1000 {
		t.Errorf("%d slots are open and the others take %d bytes", open, packed)
	}
	tally.Record(0, time.Second, api.List, api.Done)
	if n := tally.Counts(0, Slot, api.List, api.Done); n != 201 {
		t.Errorf("%d requests in the first slot, want 201", n)
	}
	if n := tally.Sum(0, time.Hour, nil, nil); n != 200_001 {
		t.Errorf("%d requests in all", n)
	}
}

func TestLatenessIsApart(t *testing.T) {
	tally := New(2 * time.Second)
	tally.Late(50*time.Millisecond, 3*time.Millisecond)
	tally.Late(250*time.Millisecond, 80*time.Millisecond)
	tally.Record(50*time.Millisecond, time.Second, api.List, api.Done)
	if by, n := tally.LateQuantile(0, Slot, 0.99); n != 1 || !near(by, 3*time.Millisecond) {
		t.Errorf("%d clicks, late by %s", n, by)
	}
	if by, n := tally.LateQuantile(0, time.Hour, 1); n != 2 || !near(by, 80*time.Millisecond) {
		t.Errorf("%d clicks, late by %s", n, by)
	}
	if n := tally.Sum(0, time.Hour, nil, nil); n != 1 {
		t.Errorf("%d requests; lateness is none", n)
	}
}

// What was asked of the neighbour is counted apart, and with all when all are asked about.
func TestTheNeighbourIsApart(t *testing.T) {
	tally := New(2 * time.Second)
	tally.Record(0, time.Millisecond, api.Claim, api.Done)
	tally.Record(0, 9*time.Millisecond, api.Claim.Beside(), api.Done)
	tally.Record(0, 9*time.Millisecond, api.Ops.Beside(), api.Done)
	tally.Late(0, 5*time.Millisecond)
	for ops, want := range map[api.Op]uint64{api.Claim: 1, api.Claim.Beside(): 1, api.List.Beside(): 0} {
		if n := tally.Sum(0, Slot, []api.Op{ops}, nil); n != want {
			t.Errorf("%s: %d", ops, n)
		}
	}
	if n := tally.Sum(0, Slot, nil, nil); n != 2 {
		t.Errorf("%d in all", n)
	}
	if most, _ := tally.Max(0, Slot, []api.Op{api.Claim.Beside()}, nil); !near(most, 9*time.Millisecond) {
		t.Errorf("the neighbour waited %s", most)
	}
	if by, n := tally.LateQuantile(0, Slot, 1); n != 1 || !near(by, 5*time.Millisecond) {
		t.Errorf("%d clicks, late by %s", n, by)
	}
}

func TestExtremesAreKeptWithinRange(t *testing.T) {
	tally := New(2 * time.Second)
	tally.Record(-time.Second, -time.Second, api.List, api.Done)
	tally.Record(0, time.Hour, api.List, api.Done)
	tally.Record(0, time.Second, api.Ops, api.Outcomes)
	if n := tally.Sum(0, Slot, nil, nil); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if most, _ := tally.Max(0, Slot, nil, nil); !near(most, Longest) {
		t.Errorf("an hour is read as %s", most)
	}
}

// valueAt repeats the library's arithmetic; this holds the two together.
func TestEveryIndexHasItsValue(t *testing.T) {
	h := hdr.New(1, Longest.Microseconds(), digits)
	if n := len(h.Export().Counts); n != counts {
		t.Fatalf("a histogram has %d counts, want %d", n, counts)
	}
	for index := range counts {
		if valueAt(index) > Longest.Microseconds() {
			break
		}
		h.Reset()
		if err := h.RecordValue(valueAt(index)); err != nil || h.Export().Counts[index] != 1 {
			t.Fatalf("value %d is not counted at %d: %v", valueAt(index), index, err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	tally := New(2 * time.Second)
	at := time.Duration(0)
	for b.Loop() {
		at += 5 * time.Microsecond
		tally.Record(at, time.Duration(at%(8*time.Millisecond)), api.Op(at%5), api.Done)
	}
}
