package loadprofiles

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"redpacket/system/api"
)

// FuzzProfile: a profile that was sent as JSON and passes its check can be fired: its curve has an end and a bounded
// number of arrivals, each of them owed within it and none before another, and its crowd asks for what there is.
func FuzzProfile(f *testing.F) {
	for _, p := range named() {
		text, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint64(3), 0.25)
	}
	f.Add([]byte(`{"Name":"x","Funnel":{"Click":0.0001},"Packages":{"Changes":[{"From":0,"Share":1}],"TTL":1}}`), uint64(1), 1.0)
	hostile := Estimate96k(time.Second)
	hostile.Curve = Curve{{1e300, 1e300, 1 << 62}, {1, 1, 1 << 62}, {1, 1, 1 << 62}, {1, 1, 1 << 62}, {1, 1, 5}}
	hostile.Users.GiftSkew, hostile.Conns.Static = -1e300, 1<<40
	text, err := json.Marshal(hostile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, uint64(1), 1000.0)
	f.Add([]byte(`{"Name":"x"}`), uint64(1), 1.0)
	f.Fuzz(func(t *testing.T, text []byte, n uint64, scale float64) {
		var p Profile
		if json.Unmarshal(text, &p) != nil || p.Check() != nil || !(scale > 0 && scale <= 1000) {
			return
		}
		again, err := json.Marshal(p)
		var back Profile
		if err != nil || json.Unmarshal(again, &back) != nil || !reflect.DeepEqual(back, p) {
			t.Fatalf("%+v is written, and read as %+v, %v", p, back, err)
		}
		s := p.Scaled(scale)
		clicks := s.Exposures()
		all, length := clicks.Arrivals(), clicks.Length()
		if length <= 0 || all > 1<<53 || s.Users.Size < 1 || s.Users.Hot > s.Users.Size || p.Conns.All() > 3*maxConns {
			t.Fatalf("%d clicks in %s by %+v over %d connections", all, length, s.Users, p.Conns.All())
		}
		n = 1 + n%max(1, all)
		at, ok := clicks.When(n)
		before, _ := clicks.When(max(1, n-1))
		if ok != (n <= all) || at < 0 || at > length || ok && before > at+time.Nanosecond {
			t.Fatalf("click %d of %d is owed at %s of %s (%t), the one before at %s", n, all, at, length, ok, before)
		}
		c := s.Crowd(n).Click(n)
		if c.User < 1 || uint64(c.User) > s.Users.Size || c.Server < 1 || c.Server > Servers || c.Last < api.List || c.Last > api.Receipt {
			t.Fatalf("click %d is %+v", n, c)
		}
	})
}

// FuzzTornJournal: a journal that ends anywhere gives the records before its end as they were written, and an error; one
// that goes on behind its end is refused.
func FuzzTornJournal(f *testing.F) {
	f.Add([]byte("user one, user two, and what they were told in forty-four bytes each"), uint16(60), []byte("x"))
	f.Add(bytes.Repeat([]byte{0}, 2*AttemptSize), uint16(8), []byte{})
	f.Fuzz(func(t *testing.T, raw []byte, cut uint16, behind []byte) {
		var all []Attempt
		for ; len(raw) >= AttemptSize; raw = raw[AttemptSize:] {
			if a, err := decode(raw[:AttemptSize]); err == nil {
				all = append(all, a)
			}
		}
		file := write(t, all)
		got, err := read(bytes.NewReader(file[:int(cut)%len(file)]))
		if err == nil || len(got) > len(all) || len(got) > 0 && !reflect.DeepEqual(got, all[:len(got)]) {
			t.Fatalf("cut at %d of %d: %d of %d attempts, %v", int(cut)%len(file), len(file), len(got), len(all), err)
		}
		got, err = read(bytes.NewReader(append(file, behind...)))
		if (err == nil) != (len(behind) == 0) || err == nil && len(got) != len(all) {
			t.Fatalf("%d bytes behind the end: %d of %d attempts, %v", len(behind), len(got), len(all), err)
		}
	})
}
