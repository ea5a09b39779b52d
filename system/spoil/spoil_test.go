package spoil

import (
	"testing"
	"time"
)

func TestCheckRefusesWhatSpoilsNothing(t *testing.T) {
	all := &Packets{In: true, Out: true, Share: 1}
	for _, s := range []Spoil{
		{}, {Node: "x"}, {Full: true}, {Node: "x", Full: true, Drop: all}, {Node: "x", Drop: &Packets{Share: 1}},
		{Node: "x", Drop: &Packets{In: true}}, {Node: "x", Drop: &Packets{In: true, Share: 2}}, {Node: "x", Queue: &Queue{}},
		{Node: "x", Queue: &Queue{Rate: 1, Delay: 1}},
	} {
		if s.Check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
	names := map[string]bool{}
	for _, s := range []Spoil{
		{Node: "x", Full: true}, {Node: "y", Full: true}, {Node: "x", Drop: all}, {Node: "x", Drop: &Packets{In: true, Share: 1}},
		{Node: "x", Drop: &Packets{In: true, Share: 1, Links: []string{"l"}}}, {Node: "x", Queue: &Queue{Rate: 9}}, {Node: "x", Queue: &Queue{Delay: time.Second}},
	} {
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if again := s; names[s.Name()] || again.Name() != s.Name() {
			t.Errorf("%s has the name of another, or two", s)
		}
		names[s.Name()] = true
	}
}

func TestASpoilIsSaidInWords(t *testing.T) {
	for want, s := range map[string]Spoil{
		"has its disk full":                                {Full: true},
		"sends 9 bytes/s at most":                          {Queue: &Queue{Rate: 9}},
		"sends 1s late":                                    {Queue: &Queue{Delay: time.Second}},
		"loses 100 % of all its packets":                   {Drop: &Packets{In: true, Out: true, Share: 1}},
		"loses 50 % of the packets of link a--b that come": {Drop: &Packets{Links: []string{"a--b"}, In: true, Share: 0.5}},
		"loses 100 % of the packets of node gslb, users":   {Drop: &Packets{Peers: []string{"gslb"}, Front: true, In: true, Out: true, Share: 1}},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q; want %q", got, want)
		}
	}
}
