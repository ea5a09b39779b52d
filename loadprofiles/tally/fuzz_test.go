package tally

import (
	"bytes"
	"testing"
	"time"

	"redpacket/system/api"
)

// FuzzMerge: two tallies out of files add up to the same bytes in either order, to the sum of their counts, and a file
// that was merged into nothing is the file again.
func FuzzMerge(f *testing.F) {
	body := func(all []hit) []byte {
		written := file(f, tallyOf(all))
		return written[len(magic) : len(written)-4]
	}
	one := body([]hit{{0, time.Millisecond, api.Claim, api.Done}, {time.Second, time.Minute, api.List, api.Shed}})
	f.Add(one, one)
	f.Add(one, body([]hit{{time.Second, 0, api.Receipt, api.Doubt}}))
	f.Add([]byte{0}, one)
	f.Add([]byte{1, 6, 0, 1, 255, 19, 255, 255}, one)
	f.Fuzz(func(t *testing.T, one, two []byte) {
		a, err := decode(one)
		b, err2 := decode(two)
		if err != nil || err2 != nil || len(a.slots)+len(b.slots) > 40 {
			return
		}
		want := a.Sum(0, time.Hour, nil, nil) + b.Sum(0, time.Hour, nil, nil)
		alone, ab, ba := New(0), New(time.Hour), New(0)
		alone.Merge(a)
		ab.Merge(a)
		ab.Merge(b)
		ba.Merge(b)
		ba.Merge(a)
		if got := ab.Sum(0, time.Hour, nil, nil); got != want {
			t.Fatalf("%d requests, want %d", got, want)
		}
		if !bytes.Equal(file(t, ab), file(t, ba)) {
			t.Fatal("the order of merging shows")
		}
		if len(alone.slots) == len(a.slots) && !bytes.Equal(file(t, alone), plain(t, a)) {
			t.Fatal("merged into nothing it is another tally")
		}
	})
}

// plain is the tally's file with every number in its shortest form, as pack writes it; hostile bytes may be longer.
func plain(t *testing.T, tally *Tally) []byte {
	t.Helper()
	again, err := Decode(bytes.NewReader(file(t, tally)))
	if err != nil {
		t.Fatal(err)
	}
	for at := range again.slots {
		again.cells(at)
	}
	return file(t, again)
}
