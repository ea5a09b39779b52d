package record

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/loadprofiles"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

func probes() *rapid.Generator[[]loadprofiles.Probe] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) loadprofiles.Probe {
		times := rapid.Int64Range(1, int64(longest)-1)
		p := loadprofiles.Probe{Home: activity.IDC(rapid.IntRange(0, 1).Draw(t, "home")), Sent: time.Duration(times.Draw(t, "sent"))}
		p.Owed, p.Took = time.Duration(times.Draw(t, "owed")), time.Duration(times.Draw(t, "took"))
		if rapid.Bool().Draw(t, "answered") {
			p.Answered = time.Duration(rapid.Int64Range(int64(p.Sent), int64(longest)).Draw(t, "answer"))
		}
		p.User, p.Order = api.User(rapid.Uint64().Draw(t, "user")), api.Order(rapid.Uint64().Draw(t, "order"))
		p.Fen, p.Gift = money.Fen(rapid.Int64Range(0, math.MaxUint32).Draw(t, "fen")), api.Gift(rapid.Uint16().Draw(t, "gift"))
		p.Outcome = api.Outcome(rapid.IntRange(0, int(api.Outcomes)-1).Draw(t, "outcome"))
		p.Code = api.Code(rapid.IntRange(0, int(api.Codes)-1).Draw(t, "code"))
		return p
	}), 0, 50)
}

func probesFile(t interface{ Fatal(...any) }, all []loadprofiles.Probe) []byte {
	var b bytes.Buffer
	if err := writeProbes(&b, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readProbes(text []byte) (all []loadprofiles.Probe, err error) {
	for p, err := range ReadProbes(bytes.NewReader(text)) {
		if err != nil {
			return all, err
		}
		all = append(all, p)
	}
	return all, nil
}

func TestProbesReadBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := probes().Draw(t, "probes")
		if got, err := readProbes(probesFile(t, want)); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%+v is read as %+v, %v", want, got, err)
		}
	})
}

func TestEveryDamageToProbesIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := probesFile(t, probes().Draw(t, "probes"))
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "torn") {
			text = text[:at]
		} else {
			text[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		}
		if _, err := readProbes(text); !errors.Is(err, ErrTorn) {
			t.Fatalf("damage at %d: %v", at, err)
		}
	})
}

func TestWhatIsNoProbeIsNotWritten(t *testing.T) {
	good := loadprofiles.Probe{Sent: 2, Answered: 3, Attempt: loadprofiles.Attempt{Owed: 1, Took: 2}}
	for name, change := range map[string]func(*loadprofiles.Probe){
		"answered and never sent":   func(p *loadprofiles.Probe) { p.Sent = 0 },
		"answered before it left":   func(p *loadprofiles.Probe) { p.Answered = 1 },
		"before the drill began":    func(p *loadprofiles.Probe) { p.Owed = -1 },
		"after every drill's end":   func(p *loadprofiles.Probe) { p.Answered = longest + 1 },
		"more fen than there are":   func(p *loadprofiles.Probe) { p.Fen = 1 << 32 },
		"an outcome that is none":   func(p *loadprofiles.Probe) { p.Outcome = api.Outcomes },
		"a code that is none":       func(p *loadprofiles.Probe) { p.Code = api.Codes },
		"a data centre that is not": func(p *loadprofiles.Probe) { p.Home = activity.IDCs },
	} {
		p := good
		change(&p)
		if err := writeProbes(&bytes.Buffer{}, []loadprofiles.Probe{p}); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	w, err := Create(filepath.Join(t.TempDir(), "r"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Probes([]loadprofiles.Probe{good}); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(Manifest{}); err != nil {
		t.Fatal(err)
	}
	r, err := Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for p, err := range r.Probes() {
		if err != nil || p != good {
			t.Errorf("%+v, %v", p, err)
		}
	}
}

// FuzzProbeBytes passes the checksums by: probes that are read without an error are, to the byte, what a writer writes.
func FuzzProbeBytes(f *testing.F) {
	two := probesFile(f, []loadprofiles.Probe{{Home: 1, Sent: 2, Answered: 3, Attempt: loadprofiles.Attempt{Owed: 1, User: 5, Outcome: api.Done, Fen: 4}}, {}})
	f.Add(two[len(probesMagic):])
	f.Add(append(bytes.Clone(two[len(probesMagic):]), "behind"...))
	f.Add(make([]byte, 8))
	f.Fuzz(func(t *testing.T, body []byte) {
		text := append([]byte(probesMagic), signed(body, probeLen)...)
		all, err := readProbes(text)
		if err != nil {
			if !errors.Is(err, ErrTorn) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		if again := probesFile(t, all); !bytes.Equal(again, text) {
			t.Fatalf("%x is read as %d probes, which are written as %x", text, len(all), again)
		}
	})
}
