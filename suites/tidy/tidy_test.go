package tidy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/tidy"
)

func TestTidy(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Tidy")
}

func root() string {
	here, err := os.Getwd()
	Expect(err).NotTo(HaveOccurred())
	dir, err := tidy.Root(here)
	Expect(err).NotTo(HaveOccurred())
	return dir
}

var _ = Describe("the source", func() {
	rules := map[string]tidy.Rule{
		"imports each library in one place": tidy.ThirdParty,
		"keeps its packages apart":          tidy.Walls,
		"stays small":                       tidy.Sizes,
		"is documented":                     tidy.Documented,
		"uses nothing forbidden":            tidy.Forbidden,
		"judges without a clock":            tidy.Clockless,
		"has no shared variables":           tidy.Constant,
		"hears FOCUS in every suite":        tidy.Focusable,
	}
	for name, rule := range rules {
		It(name, func() {
			files, err := tidy.Read(root())
			Expect(err).NotTo(HaveOccurred())
			Expect(len(files)).To(BeNumerically(">", 50))
			var wrong []string
			for _, f := range files {
				wrong = append(wrong, rule(f)...)
			}
			Expect(wrong).To(BeEmpty(), strings.Join(wrong, "\n"))
		})
	}

	It("has a comment for each package", func() {
		files, err := tidy.Read(root())
		Expect(err).NotTo(HaveOccurred())
		Expect(tidy.PackageComments(files)).To(BeEmpty())
	})
})

var _ = Describe("the Makefile", func() {
	It("explains every target, and the README names the commands that it promises", func() {
		makefile, err := os.ReadFile(filepath.Join(root(), "Makefile"))
		Expect(err).NotTo(HaveOccurred())
		targets := regexp.MustCompile(`(?m)^([a-z][a-z-]*):(.*)$`).FindAllStringSubmatch(string(makefile), -1)
		Expect(len(targets)).To(BeNumerically(">", 5))
		for _, target := range targets {
			Expect(target[2]).To(ContainSubstring("## "), "target %s has no line of help", target[1])
		}
		readme, err := os.ReadFile(filepath.Join(root(), "README.md"))
		Expect(err).NotTo(HaveOccurred())
		for _, named := range regexp.MustCompile("(?m)(?:^|`)make ([a-z-]+)").FindAllStringSubmatch(string(readme), -1) {
			Expect(string(makefile)).To(MatchRegexp(`(?m)^`+named[1]+`:`), "the README names make %s", named[1])
		}
	})
})

var _ = DescribeTable("a rule finds what breaks it",
	func(rule tidy.Rule, path, text, want string) {
		f, err := tidy.Parse(path, text)
		Expect(err).NotTo(HaveOccurred())
		Expect(strings.Join(rule(f), "\n")).To(ContainSubstring(want))
	},
	Entry("a library out of place", tidy.Rule(tidy.ThirdParty), "system/money/x.go", "package money\nimport _ \"github.com/redis/rueidis\"", "only system/cmem may"),
	Entry("a library without a home", tidy.Rule(tidy.ThirdParty), "system/money/x.go", "package money\nimport _ \"example.com/x\"", "has no home"),
	Entry("a role that imports the harness", tidy.Rule(tidy.Walls), "system/roles/tgw/x.go", "package tgw\nimport _ \"redpacket/drills\"", "nothing in system may"),
	Entry("a judge with a network", tidy.Rule(tidy.Walls), "drills/judge/x.go", "package judge\nimport _ \"net/http\"", "nothing in drills/judge may"),
	Entry("a judge with a clock", tidy.Rule(tidy.Clockless), "drills/judge/x.go", "package judge\nimport \"time\"\nvar _ = time.Now()", "reads no clock"),
	Entry("a long function", tidy.Rule(tidy.Sizes), "a/x.go", "package a\nfunc f() {"+strings.Repeat("\n", 61)+"}", "f has 62 lines"),
	Entry("a long file", tidy.Rule(tidy.Sizes), "a/x.go", "package a"+strings.Repeat("\n", 400), "401 lines"),
	Entry("many parameters", tidy.Rule(tidy.Sizes), "a/x.go", "package a\nfunc f(a, b, c, d, e int) {}", "5 parameters"),
	Entry("a wide interface", tidy.Rule(tidy.Sizes), "a/x.go", "package a\ntype t interface{a();b();c();d();e();f()}", "6 methods"),
	Entry("a silent export", tidy.Rule(tidy.Documented), "a/x.go", "package a\nfunc F() {}", "F is exported and says nothing"),
	Entry("a silent type", tidy.Rule(tidy.Documented), "a/x.go", "package a\ntype T int", "type T is exported"),
	Entry("a sleep", tidy.Rule(tidy.Forbidden), "a/x.go", "package a\nimport \"time\"\nfunc f() { time.Sleep(1) }", "time.Sleep"),
	Entry("an init", tidy.Rule(tidy.Forbidden), "a/x.go", "package a\nfunc init() {}", "init"),
	Entry("a panic", tidy.Rule(tidy.Forbidden), "a/x.go", "package a\nfunc f() { panic(1) }", "panic"),
	Entry("a suite that hears no FOCUS", tidy.Rule(tidy.Focusable), "suites/x/x_test.go", "package x\nfunc TestX(t *testing.T) { spec.Run(t, \"X\") }", "forgets FOCUS"),
	Entry("a mark", tidy.Rule(tidy.Forbidden), "a/x.go", "package a\n// TO"+"DO later\nfunc f() {}", "file it"),
	Entry("a variable that changes", tidy.Rule(tidy.Constant), "a/x.go", "package a\nvar v int\nfunc f() { v = 1 }", "v is a package-level variable"),
)
