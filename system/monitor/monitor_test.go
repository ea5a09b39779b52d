package monitor

import (
	"encoding/json"
	"strings"
	"testing"

	"redpacket/system/control/playbook"
)

func playbooks() (ids []string) {
	for _, p := range playbook.Register() {
		ids = append(ids, p.ID)
	}
	return ids
}

func TestEveryRuleIsWhole(t *testing.T) {
	if err := CheckAll(Rules(), Steady(), playbooks()); err != nil {
		t.Fatal(err)
	}
	dimensions := map[Dimension]int{}
	for _, r := range Rules() {
		dimensions[r.Dimension]++
	}
	if len(dimensions) != 3 {
		t.Errorf("rules by dimension: %v", dimensions)
	}
}

func TestEveryMistakeInARuleIsNamed(t *testing.T) {
	good := Rules()[0]
	for want, spoil := range map[string]func(r *Rule){
		"CamelCase":              func(r *Rule) { r.Name = "not camel" },
		`level "shout"`:          func(r *Rule) { r.Level = "shout" },
		`dimension "time"`:       func(r *Rule) { r.Dimension = "time" },
		`playbook "P77"`:         func(r *Rule) { r.Playbook = "P77" },
		"the second longer":      func(r *Rule) { r.Within = r.For },
		"nothing is said":        func(r *Rule) { r.Bad = nil },
		"each side of an or":     func(r *Rule) { r.Expr += " or " + r.Expr },
		"which is no steady":     func(r *Rule) { r.Bad = []Change{{"redpacket_nothing", 1, 0}} },
		"redpacket_nobody_knows": func(r *Rule) { r.Expr = "redpacket_nobody_knows > 1" },
	} {
		r := good
		spoil(&r)
		if err := CheckAll([]Rule{r}, Steady(), playbooks()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in: %v", want, err)
		}
	}
	if err := CheckAll([]Rule{good, good}, Steady(), playbooks()); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a rule that is there twice: %v", err)
	}
}

// What Prometheus itself says of the files is tested in suites/smoke; here, that they hold everything.
func TestFilesHoldEveryRuleAndTarget(t *testing.T) {
	rules, err := RulesFile(Rules())
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert  string
				Labels map[string]string
			}
		}
	}
	if err := json.Unmarshal(rules, &file); err != nil || len(file.Groups) != 1 || len(file.Groups[0].Rules) != len(Rules()) {
		t.Fatalf("%v, %s", err, rules)
	}
	if got := file.Groups[0].Rules[0]; got.Alert != "JourneysFailA" || got.Labels["playbook"] != "P9a" || got.Labels["level"] != "page" {
		t.Errorf("%+v", got)
	}
	config, err := ConfigFile([]Target{{"tgw", "tgw", "a", "10.0.0.1:9100"}}, "/data/rules.yml")
	for _, want := range []string{`"targets":["10.0.0.1:9100"]`, `"instance":"tgw"`, `"scrape_interval":"1s"`, `"rule_files":["/data/rules.yml"]`} {
		if err != nil || !strings.Contains(string(config), want) {
			t.Errorf("want %s in %s (%v)", want, config, err)
		}
	}
}

func TestATestIsMadeOfEachRule(t *testing.T) {
	r := Rules()[0]
	text, err := TestsFile([]Rule{r}, []Series{{`redpacket_att_journeys_total{idc="a",outcome="wrong"}`, 0, 0}, {"up", 1, 0}}, "rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"0+0x59 0+1x120"`, `"1+0x180"`, `"1+0x300"`, `"eval_time":"59s"`, `"eval_time":"66s"`, `"eval_time":"300s"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("want %s in %s", want, text)
		}
	}
}
