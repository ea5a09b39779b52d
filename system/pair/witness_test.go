package pair

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// memory is a witness of one key.
type memory struct {
	key, value string
	revision   uint64
	err        error
}

func (m *memory) Read(_ context.Context, key string) (string, uint64, error) {
	if key != m.key {
		return "", 0, m.err
	}
	return m.value, m.revision, m.err
}

func (m *memory) CAS(_ context.Context, key, value string, revision uint64) (uint64, error) {
	if m.err != nil || revision != m.revision {
		return 0, errors.Join(m.err, ErrMoved)
	}
	m.key, m.value, m.revision = key, value, m.revision+7
	return m.revision, nil
}

func TestMove(t *testing.T) {
	t.Parallel()
	w := &memory{}
	a, err := ReadAgreement(t.Context(), w, "a")
	if err != nil || a.Mode != Single {
		t.Fatalf("never written: %+v, %v", a, err)
	}
	stale := a
	for _, step := range []struct {
		by string
		to Mode
		ok bool
	}{
		{"b", Taken, false}, {"a", Mirrored, true}, {"b", Alone, false}, {"a", Taken, false}, {"b", Returning, false},
		{"b", Taken, true}, {"a", Mirrored, false}, {"b", Releasing, true}, {"b", Returning, true}, {"b", Mirrored, false},
		{"a", Mirrored, true}, {"a", Alone, true}, {"b", Taken, false}, {"a", Mirrored, false}, {"a", Rejoining, true},
	} {
		next, err := a.Move(t.Context(), w, step.by, step.to)
		if (err == nil) != step.ok || step.ok != (next.Mode == step.to && w.value == step.to.String()) {
			t.Fatalf("%s moves %s to %s: %v, %v; the witness says %s", step.by, a.Mode, step.to, next.Mode, err, w.value)
		}
		a = next
	}
	if _, err := stale.Move(t.Context(), w, "a", Alone); !errors.Is(err, ErrMoved) {
		t.Errorf("from an old revision: %v", err)
	}
	if again, err := ReadAgreement(t.Context(), w, "a"); err != nil || again != a {
		t.Errorf("read %+v, %v; want %+v", again, err, a)
	}
	w.value = "sideways"
	if _, err := ReadAgreement(t.Context(), w, "a"); err == nil || !strings.Contains(err.Error(), "sideways") {
		t.Errorf("a value that is no mode: %v", err)
	}
}

func TestModesAreWords(t *testing.T) {
	t.Parallel()
	for m := range modes {
		text, err := json.Marshal(m)
		var back Mode
		if err != nil || json.Unmarshal(text, &back) != nil || back != m {
			t.Errorf("%v became %s and then %v", m, text, back)
		}
		if n := m.Needs(); n != 0 && (n&(n-1) == 0 || !n.Has(m.Truth())) {
			t.Errorf("%v needs places %b, and its truth is %b", m, n, m.Truth())
		}
	}
}

// Only what both logs were told in one breath opens a mirrored shard.
func TestStand(t *testing.T) {
	t.Parallel()
	open := Said{Epoch: 3, Mode: Mirrored, Open: true, By: "x"}
	other := open
	other.By = "y"
	newer := Said{Epoch: 4, Mode: Taken, By: "z"}
	for name, c := range map[string]struct {
		own, mirror, want Said
		by                Places
	}{
		"one log":           {Said{Epoch: 1, Open: true}, Said{}, Said{Epoch: 1, Open: true}, Own},
		"both":              {open, open, open, Own | Mirror},
		"two decisions":     {open, other, Said{Epoch: 3, Mode: Mirrored, By: "y"}, Own | Mirror},
		"taken":             {open, newer, newer, Own | Mirror},
		"alone":             {Said{Epoch: 5, Mode: Alone, Open: true}, open, Said{Epoch: 5, Mode: Alone, Open: true}, Own},
		"leaning":           {open, Said{Epoch: 5, Mode: Leaning, Open: true}, Said{Epoch: 5, Mode: Leaning, Open: true}, Mirror},
		"mirror never told": {open, Said{}, Said{Epoch: 3, Mode: Mirrored, By: "x"}, Own | Mirror},
	} {
		if got, by := Stand(c.own, c.mirror); got != c.want || by != c.by {
			t.Errorf("%s: %+v by %b; want %+v by %b", name, got, by, c.want, c.by)
		}
	}
}

func TestNextWaitsForWhatItNeeds(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Sight{
		"all is well":                           {Agreed: Mirrored, OwnUp: true, MirrorUp: true},
		"both are lost":                         {Agreed: Mirrored, OwnLost: true, MirrorLost: true},
		"taken":                                 {Agreed: Taken, OwnUp: true, MirrorUp: true},
		"releasing":                             {Agreed: Releasing, OwnUp: true, MirrorUp: true},
		"returning, the mirror is away":         {Agreed: Returning, OwnUp: true},
		"alone, the mirror is away":             {Agreed: Alone, OwnUp: true, Own: Said{Mode: Alone}},
		"alone, and the own log is empty":       {Agreed: Alone, OwnUp: true, MirrorUp: true, Mirror: Said{Epoch: 1}},
		"leaning, and the mirror is empty":      {Agreed: Leaning, OwnUp: true, MirrorUp: true, Own: Said{Epoch: 1}},
		"rejoining, and the own log is empty":   {Agreed: Rejoining, OwnUp: true, MirrorUp: true, Mirror: Said{Epoch: 1}},
		"returning, and the mirror is empty":    {Agreed: Returning, OwnUp: true, MirrorUp: true, Own: Said{Epoch: 1}},
		"the own log is empty, the mirror away": {Agreed: Mirrored, OwnUp: true, MirrorLost: true},
		"nothing agreed, nobody is here":        {Own: Said{}},
	} {
		if p := Next(s); !p.None() {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, c := range map[string]struct {
		s  Sight
		to Mode
	}{
		"the mirror is empty":  {Sight{Agreed: Mirrored, OwnUp: true, MirrorUp: true, Own: Said{Epoch: 1}}, Alone},
		"the own log is empty": {Sight{Agreed: Mirrored, OwnUp: true, MirrorUp: true, Mirror: Said{Epoch: 1}}, Leaning},
	} {
		if p := Next(c.s); p.None() || p.Steps[0] != (Step{Write, c.to}) {
			t.Errorf("%s: %+v; want %s", name, p, c.to)
		}
	}
	if p := TakeOver(Alone); !p.None() {
		t.Errorf("a take-over from alone: %+v", p)
	}
	if p := GiveBack(Mirrored); !p.None() {
		t.Errorf("a give-back of nothing: %+v", p)
	}
}
