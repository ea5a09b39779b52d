package judge

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"redpacket/drills/record"
)

// says is an assertion that finds what it is told to.
type says struct {
	kind   Kind
	status Status
	looked uint64
	err    error
	breaks bool
}

func (s says) String() string { return string(s.kind) + " " + s.status.String() }
func (s says) Kind() Kind     { return s.kind }
func (s says) Check(*Case) (Finding, error) {
	if s.breaks {
		var none []int
		_ = none[len(none)]
	}
	return Finding{Status: s.status, Looked: s.looked}, s.err
}

func TestVerdictOfSeveral(t *testing.T) {
	yes := says{kind: Invariant, status: Pass, looked: 1}
	no := says{kind: Invariant, status: Fail, looked: 1}
	doubt := says{kind: Invariant}
	for _, c := range []struct {
		name string
		all  []Assertion
		want Status
	}{
		{"none at all", nil, Inconclusive},
		{"all pass", []Assertion{yes, yes}, Pass},
		{"doubt beats pass", []Assertion{yes, doubt}, Inconclusive},
		{"fail beats doubt", []Assertion{doubt, no, yes}, Fail},
		{"looked at nothing", []Assertion{says{kind: Invariant, status: Pass}}, Inconclusive},
		{"an error", []Assertion{says{kind: Invariant, status: Pass, looked: 1, err: errors.New("x")}}, Inconclusive},
		{"a broken check", []Assertion{says{kind: Invariant, status: Pass, looked: 1, breaks: true}}, Inconclusive},
		{"a hypothesis under a dishonest load", []Assertion{says{kind: Hypothesis, status: Fail, looked: 1}, says{kind: Validity}}, Inconclusive},
		{"a recovery under a dishonest load", []Assertion{says{kind: Recovery, status: Pass, looked: 1}, says{kind: Validity}}, Inconclusive},
		{"lost money under a dishonest load", []Assertion{no, says{kind: Validity}}, Fail},
	} {
		if v := Judge(&record.Record{}, c.all); v.Status != c.want {
			t.Errorf("%s: %s, want %s: %+v", c.name, v.Status, c.want, v.Findings)
		}
	}
}

func TestValidityIsJudgedFirst(t *testing.T) {
	v := Judge(&record.Record{}, []Assertion{says{kind: Recovery}, says{kind: Hypothesis}, says{kind: Invariant}, says{kind: Validity}})
	var order []Kind
	for _, f := range v.Findings {
		order = append(order, f.Kind)
	}
	if !reflect.DeepEqual(order, []Kind{Validity, Invariant, Hypothesis, Recovery}) {
		t.Errorf("judged in the order %v", order)
	}
}

func TestAssertionsSurviveTheRecord(t *testing.T) {
	all := append(kinds(), Succeeds{AtLeast: 0.999, In: "night"}, RecoversWithin{AtLeast: 0.99, Limit: time.Minute, After: "kill x"})
	claims, err := Encode(all)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(claims)
	if err != nil || !reflect.DeepEqual(back, all) {
		t.Errorf("came back as %+v, %v", back, err)
	}
	if _, err := Encode([]Assertion{says{}}); err == nil {
		t.Error("an assertion that no record can name was encoded")
	}
	for _, bad := range []record.Claim{{Type: "Nothing", Args: []byte("{}")}, {Type: "Succeeds", Args: []byte(`{"More":1}`)}, {Type: "Succeeds", Args: []byte(`[`)}} {
		if _, err := Decode([]record.Claim{bad}); err == nil || !strings.Contains(err.Error(), bad.Type) {
			t.Errorf("%s %s: %v", bad.Type, bad.Args, err)
		}
	}
}

func TestEveryBlankJudgesTheSoundRecordWithoutBreaking(t *testing.T) {
	for _, f := range Judge(sound().record(), kinds()).Findings {
		if strings.Contains(f.Because, "broke") {
			t.Errorf("%s: %s", f.Assertion, f.Because)
		}
	}
}
