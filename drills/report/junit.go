package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"redpacket/drills/judge"
	"redpacket/drills/record"
)

type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Errors   int        `xml:"errors,attr"`
	Time     float64    `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *problem `xml:"failure,omitempty"`
	Error   *problem `xml:"error,omitempty"`
	Out     string   `xml:"system-out,omitempty"`
}

type problem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the findings as test cases: fail is a failure, inconclusive an error, so neither is read as a pass. A
// verdict without findings is one error.
func JUnit(w io.Writer, r *record.Record, v judge.Verdict) error {
	s := suite{Name: r.Drill, Time: r.Length().Seconds()}
	for _, f := range v.Findings {
		c := testCase{Class: r.Drill + "." + string(f.Kind), Name: f.Assertion}
		text := &problem{Message: f.Because, Text: strings.Join(f.Examples, "\n")}
		switch f.Status {
		case judge.Fail:
			c.Failure = text
			s.Failures++
		case judge.Inconclusive:
			c.Error = text
			s.Errors++
		case judge.Pass:
			c.Out = f.Because
		}
		s.Cases = append(s.Cases, c)
	}
	if len(s.Cases) == 0 {
		s.Cases, s.Errors = []testCase{{Class: r.Drill, Name: "verdict", Error: &problem{Message: "nothing was asserted"}}}, 1
	}
	s.Tests = len(s.Cases)
	text, err := xml.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write JUnit of %s: %w", r.Drill, err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}
