package smoke_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/spec"
	"redpacket/system/activity"
	"redpacket/system/config"
	"redpacket/system/provision"
	"redpacket/system/topology"
)

// victim is the variable that makes this binary a harness that stands a system up and waits to be killed.
const victim = "REDPACKET_SMOKE_VICTIM"

const standing = "standing"

// becomeVictim never returns in a process that is the victim.
func becomeVictim() {
	if os.Getenv(victim) == "" {
		return
	}
	_, err := provision.Up(context.Background(), provision.Plan{Topology: topology.OneIDC(), Activity: activity.Festival(1, 0.01),
		Rules: config.Default(), Say: func(string) {}})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(standing)
	<-context.Background().Done()
}

var _ = Describe("after kill -9 of the harness", func() {
	remains := func(g Gomega, ctx context.Context) {
		left, err := provision.Remains(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(left).To(BeEmpty())
	}

	DescribeTable("nothing is left within 10 s",
		func(ctx SpecContext, when func(lines *bufio.Scanner)) {
			remains(Default, ctx)
			harness := exec.Command(os.Args[0])
			harness.Env = append(os.Environ(), victim+"=1")
			out, err := harness.StdoutPipe()
			Expect(err).NotTo(HaveOccurred())
			Expect(harness.Start()).To(Succeed())
			when(bufio.NewScanner(out))
			Expect(harness.Process.Signal(syscall.SIGKILL)).To(Succeed())
			_ = harness.Wait() // it was killed: that is its error
			Eventually(ctx, remains).WithContext(ctx).WithTimeout(10 * time.Second).WithPolling(100 * time.Millisecond).Should(Succeed())
			Consistently(ctx, remains).WithContext(ctx).WithTimeout(time.Second).WithPolling(200 * time.Millisecond).Should(Succeed())
		},
		Entry("while it stands", SpecTimeout(spec.Patience), func(lines *bufio.Scanner) {
			Expect(lines.Scan()).To(BeTrue(), "the harness said nothing")
			Expect(strings.TrimSpace(lines.Text())).To(Equal(standing))
		}),
		Entry("while it is going up", SpecTimeout(spec.Patience), func(*bufio.Scanner) {
			Eventually(func() ([]string, error) { return provision.Remains(context.Background()) }).
				WithTimeout(soonEnough).WithPolling(20 * time.Millisecond).ShouldNot(BeEmpty())
		}),
	)
})
