package judge

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"redpacket/drills/record"
	"redpacket/loadprofiles/tally"
)

// FuzzDecode: assertions that are read out of a record are written into another as the same.
func FuzzDecode(f *testing.F) {
	claims, err := Encode(append(kinds(), Succeeds{AtLeast: 0.999, In: "night"}, RecoversWithin{AtLeast: 0.99, Limit: 5e9, After: "kill x"}))
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range claims {
		f.Add(c.Type, []byte(c.Args))
	}
	f.Add("Succeeds", []byte(`{"In":"night"}{"In":"day"}`))
	f.Add("Succeeds", []byte(`{"in":"night","AtLeast":1e999}`))
	f.Add("AnswersWithin", []byte(`{"Limit":-5,"Ops":[99]}`))
	f.Add("Nobody", []byte(`{}`))
	f.Fuzz(func(t *testing.T, kind string, args []byte) {
		got, err := Decode([]record.Claim{{Type: kind, Args: args}})
		if err != nil {
			if !strings.Contains(err.Error(), kind) && strings.ToValidUTF8(kind, "") == kind && !strings.ContainsFunc(kind, notPlain) {
				t.Fatalf("%v does not name %q", err, kind)
			}
			return
		}
		if !json.Valid(args) {
			t.Fatalf("%q is no JSON, and was taken as %+v", args, got)
		}
		again, err := Encode(got)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Decode(again); err != nil || !reflect.DeepEqual(back, got) {
			t.Fatalf("%+v is written, and read as %+v, %v", got, back, err)
		}
	})
}

func notPlain(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }

// FuzzManifest: whatever the first page of a record that was opened says, it is judged in bounded time and memory, by
// checks that do not break, to the same verdict each time, and nothing passes or fails on nothing.
func FuzzManifest(f *testing.F) {
	whole := sound()
	whole.Claims, _ = Encode(append(kinds(), Succeeds{AtLeast: 0.9, In: "night"}, AnswersWithin{Quantile: 0.9, Limit: 1e9, In: "night"},
		Goodput{In: "night", Of: "before"}, QueueFlat{In: "after"}, RecoversWithin{AtLeast: 0.9, Limit: 1e10, After: "night"},
		ShardReopens{Within: 1e10, After: "kill cmem-1"}, Linearizable{Users: 5}))
	text, err := json.Marshal(whole.Manifest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(strings.Replace(string(text), `"shares":10,`, `"shares":4294967295,`, 1)))
	f.Add([]byte(strings.Replace(string(text), `"games":2,`, `"games":0,`, 1)))
	f.Add([]byte(strings.Replace(string(text), `"shares":4,`, `"shares":0,`, 1)))
	f.Add([]byte(strings.Replace(string(text), `"from":10000000000`, `"from":-9223372036854775808`, 1)))
	f.Add([]byte(`{"windows":[{"name":"night","to":9223372036854775807}]}`))
	f.Add([]byte(strings.Replace(string(text), `"to":40000000000`, `"to":86400000000000`, 1)))
	f.Add([]byte(strings.Replace(string(text), `"to":40000000000`, `"to":9223372036854775807`, 1)))
	f.Add([]byte(strings.Replace(string(text), `"effective":15000000000`, `"effective":-9000000000000000000`, 1)))
	var file bytes.Buffer // read back, a tally is packed, and quick to ask
	if err := whole.tally.Encode(&file); err != nil {
		f.Fatal(err)
	}
	counted, err := tally.Decode(&file)
	if err != nil {
		f.Fatal(err)
	}
	m := sound()
	m.tally = counted
	f.Fuzz(func(t *testing.T, text []byte) {
		hurt := made{tally: m.tally, gauges: m.gauges, cmem: m.cmem, log: m.log, ledger: m.ledger, attempts: m.attempts}
		if json.Unmarshal(text, &hurt.Manifest) != nil || hurt.Check() != nil {
			return
		}
		asks, err := Decode(hurt.Claims)
		if err != nil || len(asks) == 0 {
			asks = kinds()
		}
		first := Judge(hurt.record(), asks)
		for _, found := range first.Findings {
			if strings.Contains(found.Because, "the check itself broke") {
				t.Fatalf("%s: %s", found.Assertion, found.Because)
			}
			if found.Status != Inconclusive && found.Looked == 0 {
				t.Fatalf("%s: %s on nothing", found.Assertion, found.Status)
			}
		}
		if again := Judge(hurt.record(), asks); !reflect.DeepEqual(again, first) {
			t.Fatalf("judged twice: %+v, %+v", first, again)
		}
		if _, err := json.Marshal(first.Findings); err != nil || math.IsNaN(hurt.Scale) {
			t.Fatal(err)
		}
	})
}
