package judge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"redpacket/drills/record"
)

// kinds are all assertions there are, as blanks to be filled from a record. A new assertion is added here.
func kinds() []Assertion {
	return []Assertion{
		LoadOffered{}, GeneratorKeptUp{}, Watched{}, BooksRead{}, StepsEffective{}, ProbesOnTime{}, ValveFollowed{},
		MoneyConserved{}, NoneBeyondStock{}, OneGrantEach{}, GrantsKept{}, RefusalsChangeNothing{}, NewcomersOnly{}, TagsApart{}, TagsArrive{}, NobodyDied{}, Linearizable{}, Abort{},
		Succeeds{}, AnswersWithin{}, Goodput{}, RefusalsExplicit{}, QueueFlat{},
		SlowedAtMost{}, Degraded{}, Rate{}, Arrivals{}, ModelHolds{}, ModelRefused{}, AsModelled{}, Triggered{}, ShedBefore{},
		Comes{}, Ejected{}, Avoided{}, ProbedGently{}, Delivers{}, Silent{},
		SameVersion{}, SplitAsAsked{}, RoutedAsAsked{}, AmountsTrue{}, SameMoney{}, Released{}, TakenBack{},
		RecoversWithin{}, EffectiveWithin{}, ShardReopens{}, Settles{}, RTO{}, RPO{}, Arrive{},
	}
}

// Encode turns assertions into data that is kept in the record.
func Encode(assertions []Assertion) ([]record.Claim, error) {
	claims := []record.Claim{}
	for _, a := range assertions {
		name := reflect.TypeOf(a).Name()
		if _, ok := blank(name); !ok {
			return nil, fmt.Errorf("encode assertion %q: type %s is not listed in judge.kinds", a, name)
		}
		args, err := json.Marshal(a)
		if err != nil {
			return nil, fmt.Errorf("encode assertion %q: %w", a, err)
		}
		claims = append(claims, record.Claim{Type: name, Args: args})
	}
	return claims, nil
}

// Decode turns a record's claims into assertions again. A type or a field that this build does not know is an error:
// a record must not be judged by half of what it asserts.
func Decode(claims []record.Claim) ([]Assertion, error) {
	var assertions []Assertion
	for _, c := range claims {
		kind, ok := blank(c.Type)
		if !ok {
			return nil, fmt.Errorf("decode assertion: this build knows no %q", c.Type)
		}
		filled := reflect.New(kind)
		dec := json.NewDecoder(bytes.NewReader(c.Args))
		dec.DisallowUnknownFields()
		if err := dec.Decode(filled.Interface()); err != nil {
			return nil, fmt.Errorf("decode assertion %s: %w", c.Type, err)
		}
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("decode assertion %s: something stands behind its arguments", c.Type)
		}
		assertions = append(assertions, filled.Elem().Interface().(Assertion))
	}
	return assertions, nil
}

// asserted are the assertions of a type, or that offer what an interface asks, which a record carries.
func asserted[T any](r *record.Record) (all []T, err error) {
	assertions, err := Decode(r.Claims)
	for _, a := range assertions {
		if one, is := any(a).(T); is {
			all = append(all, one)
		}
	}
	return all, err
}

func blank(name string) (reflect.Type, bool) {
	for _, a := range kinds() {
		if t := reflect.TypeOf(a); t.Name() == name {
			return t, true
		}
	}
	return nil, false
}
