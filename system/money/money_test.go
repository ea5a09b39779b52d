package money

import "testing"

func TestString(t *testing.T) {
	for fen, want := range map[Fen]string{0: "0.00 yuan", 1: "0.01 yuan", 8000: "80.00 yuan", -105: "-1.05 yuan"} {
		if got := fen.String(); got != want {
			t.Errorf("%d fen: got %q, want %q", int64(fen), got, want)
		}
	}
}
