package provision

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/monitor"
	"redpacket/system/topology"
)

func TestTheMonitorScrapesEveryProcess(t *testing.T) {
	p, l := twoIDC()
	n, _ := p.Topology.Node("monitor")
	command, env, err := monitorCommand(p.Topology, l, n)
	if err != nil || len(command) != 1 || !strings.Contains(command[0], "--web.listen-address=10.77.4.") || env["GOMEMLIMIT"] == "" {
		t.Fatalf("%q %v", command, err)
	}
	var orders struct {
		Scrapes []struct {
			Static []struct {
				Targets []string
				Labels  map[string]string
			} `json:"static_configs"`
		} `json:"scrape_configs"`
	}
	if err := json.Unmarshal([]byte(env["ORDERS"]), &orders); err != nil || len(orders.Scrapes) != 1 {
		t.Fatalf("%v: %s", err, env["ORDERS"])
	}
	scraped := map[string]string{}
	for _, s := range orders.Scrapes[0].Static {
		scraped[s.Labels["instance"]] = s.Targets[0]
	}
	for _, node := range p.Topology.Nodes {
		want := ""
		if node.Told() {
			want = l.at(node.Name, topology.AdminPort)
		}
		if scraped[node.Name] != want {
			t.Errorf("%s is scraped at %q, want %q", node.Name, scraped[node.Name], want)
		}
	}
	// It is on every network where a process lives, and reaches none through a link.
	if others := otherNetworks(p.Topology, n); strings.Join(others, " ") != "inner-a inner-b" {
		t.Errorf("the monitor is on %v beside its own", others)
	}
	for _, link := range p.Topology.Links {
		if link.From == n.Name || link.To == n.Name {
			t.Errorf("link %s", link.Name)
		}
	}
}

func TestATTAsksItsOwnFrontDoor(t *testing.T) {
	configs := twoRendered(t)
	for _, idc := range []string{"a", "b"} {
		c := configs["att-"+idc]
		if len(c.Sites) != 1 || c.Sites[0].Front != configs["tgw-"+idc].Front || c.Front != "" || c.Key == "" {
			t.Errorf("att-%s asks %+v", idc, c.Sites)
		}
	}
}

func TestReadAlarms(t *testing.T) {
	page := `{"status":"success","data":{"resultType":"matrix","result":[
		{"metric":{"__name__":"ALERTS","alertname":"ShardClosed","alertstate":"firing","idc":"a","level":"page","dimension":"business","playbook":"none"},
		 "values":[[1010,"1"],[1011,"1"],[1013,"1"],[1020,"1"]]},
		{"metric":{"alertname":"TargetDown","instance":"cmem-1","idc":"a","role":"cmem","level":"ticket","playbook":"none"},"values":[[1005.5,"1"]]},
		{"metric":{"alertname":"DeliveryStalled","idc":"b","game":"3","level":"ticket","playbook":"P4"},"values":[[1030,"1"]]},
		{"metric":{},"values":[[1000,"43"],[1001,"43"],[1003,"12"],[1006,"43"],[1007,"43"]]},
		{"metric":{"alertname":"ReportsLost","level":"note","playbook":"none"},"values":[[1040,"1"]]}]}}`
	noticed, err := readAlarms([]byte(page))
	if err != nil {
		t.Fatal(err)
	}
	got := noticed.Alarms
	at := func(s float64) time.Time { return time.UnixMilli(int64(s * 1000)) }
	want := []Alarm{
		{"TargetDown", "cmem-1", "ticket", "", "none", at(1005.5), at(1005.5)},
		{"ShardClosed", "idc a", "page", "business", "none", at(1010), at(1013)},
		{"ShardClosed", "idc a", "page", "business", "none", at(1020), at(1020)},
		{"DeliveryStalled", "game 3, idc b", "ticket", "", "P4", at(1030), at(1030)},
		{"ReportsLost", "", "note", "", "none", at(1040), at(1040)},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, a := range got {
		if a != want[i] {
			t.Errorf("%+v, want %+v", a, want[i])
		}
	}
	if looked := []Stretch{{at(1000), at(1003)}, {at(1006), at(1007)}}; !slices.Equal(noticed.Looked, looked) {
		t.Errorf("it looked %v, want %v", noticed.Looked, looked)
	}
	for _, bad := range []string{``, `{"status":"error"}`, `{"status":"success","data":{"result":[{"values":[["soon","1"]]}]}}`} {
		if _, err := readAlarms([]byte(bad)); err == nil || strings.Contains(err.Error(), "%!w") {
			t.Errorf("%q was read: %v", bad, err)
		}
	}
}

// A rule that is missing, or that Prometheus cannot evaluate, is silent for another reason than that all is well.
func TestCheckRules(t *testing.T) {
	page := func(change func(rules []map[string]string) []map[string]string) []byte {
		var rules []map[string]string
		for _, r := range monitor.Rules() {
			rules = append(rules, map[string]string{"name": r.Name, "health": "ok"})
		}
		text, err := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"groups": []any{map[string]any{"rules": change(rules)}}}})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for want, change := range map[string]func([]map[string]string) []map[string]string{
		"":       func(r []map[string]string) []map[string]string { return r },
		"it has": func(r []map[string]string) []map[string]string { return r[1:] },
		"many-to-me": func(r []map[string]string) []map[string]string {
			r[3]["health"], r[3]["lastError"] = "err", "many-to-me"
			return r
		},
	} {
		err := checkRules(page(change))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	if checkRules(nil) == nil {
		t.Error("no page was read as rules")
	}
}
