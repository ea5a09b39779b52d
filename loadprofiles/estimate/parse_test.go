package estimate

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Every mistake is told, each with the line of festival.yaml at which it stands.
func TestMistakesAreToldWithTheirLines(t *testing.T) {
	good := string(festival)
	line := func(with string) int { return 1 + strings.Count(good[:strings.Index(good, with)], "\n") }
	for _, c := range []struct{ name, old, new, want string }{
		{"an unknown key", "offline_share: 0", "offline_shares: 0", "there is no such key"},
		{"a missing key", "offline_share: 0\n", "", "offline_share: the key is missing"},
		{"a key twice", "offline_share: 0\n", "offline_share: 0\noffline_share: 1\n", "twice"},
		{"a text for a number", "built_per_s: 146000", "built_per_s: plenty", `want a number such as 0.2 or 146000, not "plenty"`},
		{"a number in quotes", "built_per_s: 146000", `built_per_s: "146000"`, "want a number"},
		{"nothing", "built_per_s: 146000", "built_per_s:", "want a number"},
		{"infinity", "built_per_s: 146000", "built_per_s: .inf", "want a number"},
		{"a share above 1", "select_per_list: 0.80", "select_per_list: 1.80", "steps.select_per_list: low 1.8"},
		{"a range out of order", "mid: 0.20, high: 0.30", "mid: 0.40, high: 0.30", "click_through: low 0.15, mid 0.4, high 0.3"},
		{"a range without a middle", "mid: 0.20, high: 0.30", "high: 0.30", "click_through.mid: the key is missing"},
		{"a negative rate", "push: 44000", "push: -1", "exposures_per_s.push"},
		{"a name of a channel", "push: 44000", "Push it: 44000", "a channel is called"},
		{"no time", "rt: 10ms", "rt: 10", "want a time such as 2ms"},
		{"half a replica", "replicas: 3", "replicas: 2.5", "want a whole number"},
		{"an unknown kind of call", "calls: {claim: 1}", "calls: {clam: 1}", "links.3.calls.clam: there is no such key"},
		{"a link twice", "to: ams-heavy", "to: ams-light", "is there twice"},
		{"a link to nobody", "to: ams-heavy", `to: ""`, "want a line of text"},
		{"an alias", "low: 3, mid: 3", "low: &x 3, mid: *x", "want a number"},
		{"a list for a mapping", "steps:\n", "steps: [1]\nwere:\n", "want the keys"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		_, err := Parse("sheet.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
			continue
		}
		if at := "sheet.yaml:" + strconv.Itoa(line(c.old)) + ": "; c.new != "" && !strings.Contains(c.new, "\n") && !strings.Contains(err.Error(), at) {
			t.Errorf("%s: %v; want %s", c.name, err, at)
		}
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	text := strings.NewReplacer("built_per_s: 146000", "built_per_s: 0", "offline_share: 0", "offline_share: 2", "rt: 50ms", "rt: soon", "steps:", "stops:").Replace(string(festival))
	_, err := Parse("s.yaml", []byte(text))
	if err == nil || strings.Count(err.Error(), "s.yaml:") != 5 {
		t.Fatalf("want five mistakes (one key unknown and one missing):\n%v", err)
	}
	for _, want := range []string{"built_per_s", "offline_share", "rt", "stops", "steps"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told:\n%v", want, err)
		}
	}
}

func TestWhatIsNoSheetIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":       "",
		"a list":        "- 1\n- 2\n",
		"two documents": string(festival) + "\n---\n" + string(festival),
		"no YAML":       "event: [",
		"a long file":   string(festival) + strings.Repeat("# more\n", mostText/7+1),
	} {
		if s, err := Parse(name, []byte(text)); err == nil || !reflect.DeepEqual(s, Sheet{}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
		t.Error("a file that is not there was opened")
	}
	path := filepath.Join(t.TempDir(), "s.yaml")
	if err := os.WriteFile(path, festival, 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path); err != nil || s.Hash() != sheet(t).Hash() {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestAHashIsOfTheFigures(t *testing.T) {
	s := sheet(t)
	remarked, err := Parse("s.yaml", append([]byte("# a remark\n"), festival...))
	if err != nil || remarked.Hash() != s.Hash() {
		t.Errorf("a remark changed the hash (%v)", err)
	}
	if s.Click.Mid += 1e-9; s.Hash() == remarked.Hash() {
		t.Error("a figure did not change the hash")
	}
}

func sheets() *rapid.Generator[Sheet] {
	return rapid.Custom(func(t *rapid.T) Sheet {
		span := func(name string, most float64) Range {
			x := rapid.SliceOfN(rapid.Float64Range(0, most), 3, 3).Draw(t, name)
			low, high := min(x[0], x[1], x[2]), max(x[0], x[1], x[2])
			return Range{low, min(max(x[0]+x[1]+x[2]-low-high, low), high), high}
		}
		share := func(name string) float64 { return rapid.Float64Range(0, 1).Draw(t, name) }
		name := rapid.StringMatching(`[a-z0-9_-]{1,12}`)
		s := Sheet{Event: rapid.StringMatching(`[ -~]{0,20}[!-~]`).Draw(t, "event"), Click: span("p", 1), Statics: span("ks", mostStatics),
			Offline: share("h"), Steps: Steps{span("list", mostLists), span("select", 1), span("claim", 1), span("win", 1), span("receipt", 1)},
			Fail: share("f"), Retries: 100 * share("R"), Built: 1 + rapid.Float64Range(0, mostRate-1).Draw(t, "built"), Observed: mostRate * share("seen"),
			Delivery: Delivery{Limit: 1 + share("limit"), Peak: time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "peak")), Promise: time.Hour,
				Message: share("message"), Replicas: rapid.IntRange(1, 100).Draw(t, "replicas")}}
		for _, c := range rapid.SliceOfNDistinct(name, 1, 4, rapid.ID[string]).Draw(t, "channels") {
			s.Channels = append(s.Channels, Channel{c, span("exposures", mostRate)})
		}
		for _, to := range rapid.SliceOfNDistinct(name, 1, 4, rapid.ID[string]).Draw(t, "links") {
			s.Links = append(s.Links, Link{To: to, From: name.Draw(t, "from"), Calls: Calls{share("a"), share("b"), share("c"), share("d"), share("e"), share("g")},
				Hit: share("H"), Nodes: rapid.IntRange(1, 99).Draw(t, "n"), Capacity: 1 + share("C"), RT: time.Duration(rapid.Int64Range(0, 6e10).Draw(t, "rt")), Bytes: share("bytes")})
		}
		return s
	})
}

func TestASheetThatIsWrittenIsReadAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sheets().Draw(t, "sheet")
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
		text, err := s.Encode("a remark", "and one\nin two lines")
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse("again.yaml", text); err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%v\n%+v\nwas\n%+v\n%s", err, back, s, text)
		}
	})
}

// FuzzSheet: whatever a file says, it is refused with its lines, or it is a sheet whose every figure can be worked out,
// and that is read as it was when it is written down.
func FuzzSheet(f *testing.F) {
	f.Add(festival)
	for _, hostile := range []string{
		"", "event: &a [*a]\n", "a: &a {b: &b {c: *a}}\n", "? {a: 1}\n: 2\n", "event: !!binary aGk=\n", "click_through: {low: 1e309}\n",
		"steps: {<<: {list_per_click: 1}}\n", "links: [{}, [], 1]\n", "exposures_per_s: {a: 1, a: 2, ? [x] : 3}\n", "delivery: {peak: 9999999h}\n",
	} {
		f.Add([]byte(hostile))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("f.yaml", text)
		if err != nil {
			if !reflect.DeepEqual(s, Sheet{}) || !strings.HasPrefix(err.Error(), "f.yaml:") {
				t.Fatalf("%+v, %v", s, err)
			}
			return
		}
		r := s.Compute()
		for _, got := range []Range{r.Clicks, r.Entry, r.Amplified, r.Backlog.Depth, r.Backlog.Spool} {
			if !got.sound() || !(got.High < 1e30) {
				t.Fatalf("%+v comes of %+v", got, s)
			}
		}
		again, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse("again.yaml", again); err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%v\n%+v\nwas\n%+v\n%s", err, back, s, again)
		}
	})
}
