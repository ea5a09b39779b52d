package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"redpacket/system/activity"
)

// ruleFile writes an activity down, changed.
func ruleFile(t *testing.T, change func(*activity.Activity)) string {
	t.Helper()
	rules := activity.Festival(1, 0.001)
	change(&rules)
	text, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiffRulesNamesOneFen(t *testing.T) {
	same := ruleFile(t, func(*activity.Activity) {})
	for name, c := range map[string]struct {
		other string
		flags []string
		code  int
		says  string
	}{
		"the same":        {ruleFile(t, func(*activity.Activity) {}), nil, exitPass, ": 0 differ, +0 fen in all"},
		"the festival":    {"festival", []string{"--scale", "0.001"}, exitPass, ": 0 differ"},
		"one fen funded":  {ruleFile(t, func(a *activity.Activity) { a.Gifts[0].Total++ }), nil, exitFail, "(+1)"},
		"too short":       {ruleFile(t, func(*activity.Activity) {}), []string{"--clicks", "3"}, exitInconclusive, "nobody asked for gifts"},
		"no such file":    {"nowhere.json", nil, exitRig, "give a file"},
		"what is no rule": {ruleFile(t, func(a *activity.Activity) { a.Games = 0 }), nil, exitRig, "0 games"},
		"too many":        {same, []string{"--clicks", "99999999"}, exitRig, "--clicks is 99999999"},
	} {
		var out, wrong bytes.Buffer
		a := &app{out: &out, err: &wrong}
		if code := a.run(t.Context(), append([]string{"diff-rules", same, c.other}, c.flags...)); code != c.code || !strings.Contains(out.String()+wrong.String(), c.says) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s%s", name, code, c.code, c.says, out.String(), wrong.String())
		}
	}
}
