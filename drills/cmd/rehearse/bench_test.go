package main

import (
	"strings"
	"testing"
)

func TestABenchOfWrongRowsIsRefusedBeforeItBegins(t *testing.T) {
	for _, c := range []struct{ args, tells string }{
		{"bench B77", "the rows are B1, B10, B2"},
		{"bench B2 --runs 0", "--runs is 0"},
		{"bench B2 --hold 1ms", "--hold is 1ms"},
		{"bench --scale 1", "bench takes no --scale"},
		{"run pr-4 --runs 3", "run takes no --runs"},
	} {
		code, _, err := rehearse(t, fresh(), strings.Fields(c.args)...)
		if code != exitRig || strings.Count(err, "\n") != 1 || !strings.Contains(err, c.tells) {
			t.Errorf("rehearse %s: exit %d, %q; want 3 and one line that tells %q", c.args, code, err, c.tells)
		}
	}
}
