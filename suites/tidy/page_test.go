package tidy_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/tidy"
	"redpacket/system/control"
	"redpacket/system/topology"
)

// switches are the names of the switches, and their fields.
func switches() map[string]string {
	names := map[string]string{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[control.Settings]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = f.Name
	}
	return names
}

var _ = Describe("docs/roles.md", func() {
	It("tells of each role there is, and of nothing that there is not", func() {
		text, err := os.ReadFile(filepath.Join(root(), "docs", "roles.md"))
		Expect(err).NotTo(HaveOccurred())
		files, err := tidy.Read(root())
		Expect(err).NotTo(HaveOccurred())
		main := slices.IndexFunc(files, func(f tidy.File) bool { return f.Path == "system/cmd/redpacket/main.go" })
		Expect(main).To(BeNumerically(">=", 0))
		roles := tidy.RolesOf(files[main])
		Expect(roles).To(ContainElements("tgw", "zhiyun"))
		for _, n := range append(topology.OneIDC().Nodes, topology.TwoIDC().Nodes...) {
			roles = append(roles, n.Role)
		}
		slices.Sort(roles)
		page := tidy.Page{Text: string(text), Roles: slices.Compact(roles), Switches: switches(), Files: files}
		Expect(page.Wrong()).To(BeEmpty(), strings.Join(page.Wrong(), "\n"))
	})
})

var _ = DescribeTable("what is wrong on a page is found",
	func(line, want string) {
		role, err := tidy.Parse("system/roles/tgw/tgw.go",
			"package tgw\nconst one, two, end = \"redpacket_one_total\", \"redpacket_l5_\", \"state\"\nfunc f(s struct{ Spread, Drop int }) int { return s.Spread }")
		Expect(err).NotTo(HaveOccurred())
		ports, err := tidy.Parse("system/topology/topology.go", "package topology\nconst (\n\tFrontPort = 8080\n\tnobody = 9\n)")
		Expect(err).NotTo(HaveOccurred())
		good := "| `spread` | `tgw` | |\n| `drop` | nobody | |\n## path\n### `tgw`\n| stands for | x |\n| API | on port 8080 |\n" +
			"| metrics | `redpacket_one_total{op}` `redpacket_l5_state` |\n| switches | `spread` |\n| when it dies | x |\n| your own | x |\n## more\n"
		page := tidy.Page{Text: good, Roles: []string{"tgw"}, Switches: map[string]string{"spread": "Spread", "drop": "Drop"}, Files: []tidy.File{role, ports}}
		Expect(page.Wrong()).To(BeEmpty())
		if from, to, found := strings.Cut(line, " => "); found {
			Expect(good).To(ContainSubstring(from))
			page.Text = strings.Replace(good, from, to, 1)
		}
		Expect(page.Wrong()).To(ContainElement(ContainSubstring(want)))
	},
	Entry("a role without a section", "### `tgw` => ## `tgw`", "no section for the role tgw"),
	Entry("a section without a role", "### `tgw` => ### `ghost`\n### `tgw`", "a section for ghost"),
	Entry("a section without a row", "| when it dies | x |\n => ", "the section tgw does not say: when it dies"),
	Entry("a section that leaves out a switch", "| switches | `spread` => | switches | none", "contradict each other about spread"),
	Entry("a section with a switch too many", "| switches | `spread` => | switches | `spread`, `drop`", "contradict each other about drop"),
	Entry("a metric that the page leaves out", "`redpacket_one_total{op}` => ", "publishes redpacket_one_total, and the page does not say so"),
	Entry("a metric that nobody makes", "one_total => two_total", "no role publishes redpacket_two_total"),
	Entry("a metric with a beginning and no end", "l5_state => l5_mood", "no role publishes redpacket_l5_mood"),
	Entry("a port that nobody listens on", "port 8080 => port 9", "nobody listens on port 9"),
	Entry("a switch without a row", "| `drop` | nobody | | => ", "no row for the switch drop"),
	Entry("a switch that is obeyed after all", "| `spread` | `tgw` => | `spread` | nobody", "the code of tgw reads it"),
	Entry("a switch that is not obeyed", "| `drop` | nobody => | `drop` | `tgw`", "tgw obeys drop, it says"),
)
