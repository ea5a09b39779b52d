package control_test

import (
	"testing"

	"redpacket/system/control"
)

// Whatever is pushed, it is refused, or it is switches that are written and read as they were.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":7,"sample_one_in":10,"courier_share":0.5,"drained":{"a":100},"base":{"spread_ms":9},"active":[{"playbook":"P1","by":"hand"}]}`))
	f.Add([]byte(`{"version":0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := control.Parse(text)
		if err != nil {
			return
		}
		again, err := control.Parse(s.Text())
		if err != nil || !again.Equal(s) {
			t.Errorf("%s becomes %s (%v)", text, again.Text(), err)
		}
		if s.With(s.Base).Check() != nil && s.Drained.A < 100 && s.Drained.B < 100 && s.Base.Drained.A < 100 && s.Base.Drained.B < 100 {
			t.Errorf("%s: what is given up together is no settings", text)
		}
	})
}
