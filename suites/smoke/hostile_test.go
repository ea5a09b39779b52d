package smoke_test

import (
	"fmt"
	"net"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/suites/smoke"
	"redpacket/system/api"
	"redpacket/system/login"
	"redpacket/system/provision"
)

// get is a well-formed request for a path with a token.
func get(method, path, token string) string {
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: tgw\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n\r\n", method, path, token)
}

// hostile is every kind of bad input, and the code that must answer it.
func hostile(sign func(api.User, time.Duration) string) map[string]struct {
	bytes string
	want  api.Code
} {
	good := sign(77, time.Hour)
	long := strings.Repeat("x", 9000)
	type c = struct {
		bytes string
		want  api.Code
	}
	return map[string]c{
		"bytes that are no request":    {"GARBAGE\r\n\r\n", api.Malformed},
		"a method nobody knows":        {get("BREW", "/gifts", good), api.Malformed},
		"another version":              {"GET /gifts HTTP/9.9\r\n\r\n", api.Malformed},
		"a NUL in the target":          {get("GET", "/gi\x00fts", good), api.Malformed},
		"a bare line feed":             {"GET /gifts HTTP/1.1\nHost: x\n\n", api.Malformed},
		"a head that is too large":     {"GET /gifts HTTP/1.1\r\nX: " + long + "\r\n\r\n", api.TooLarge},
		"a target that is too long":    {get("GET", "/"+long[:800], good), api.TooLarge},
		"a body that is too large":     {"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: 99999\r\n\r\n", api.TooLarge},
		"a length below zero":          {"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n", api.Malformed},
		"a length beyond numbers":      {"POST /claim?gift=1&server=1 HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", api.TooLarge},
		"a chunked body":               {"POST /claim?gift=1&server=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", api.Malformed},
		"no token":                     {"GET /gifts HTTP/1.1\r\nHost: x\r\n\r\n", api.Unsigned},
		"a forged token":               {get("GET", "/gifts", good[:30]+"AAAAAAAA"), api.Unsigned},
		"a lapsed token":               {get("GET", "/gifts", sign(77, -time.Minute)), api.Unsigned},
		"a token for nobody":           {get("GET", "/gifts", sign(0, time.Hour)), api.Unsigned},
		"a page that is not there":     {get("GET", "/admin", good), api.NotFound},
		"a gift below zero":            {get("POST", "/claim?gift=-1&server=1", good), api.Malformed},
		"a gift beyond numbers":        {get("POST", "/claim?gift=99999999999999999999&server=1", good), api.NotFound},
		"a gift that is no number":     {get("POST", "/claim?gift=abc&server=1", good), api.Malformed},
		"a gift that is not there":     {get("POST", "/claim?gift=999&server=1", good), api.NotFound},
		"a gift for new users only":    {get("POST", "/claim?gift=10&server=1", sign(users(78, true)(), time.Hour)), api.NotEligible},
		"a receipt of nothing claimed": {get("GET", "/receipt?gift=1", sign(79, time.Hour)), api.NotFound},
	}
}

// describeHostile sends what no client should.
func describeHostile(on func() *provision.Cluster) {
	sign := func(user api.User, lasts time.Duration) string {
		s, err := login.NewSigner(on().Key())
		Expect(err).NotTo(HaveOccurred())
		return string(s.Mint(nil, user, uint32(time.Now().Add(lasts).Unix())))
	}
	still := func() {
		r, err := smoke.Say(on().Front(), get("GET", "/gifts", sign(77, time.Hour)), 3*time.Second)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Code).To(Equal("ok"), r.Body)
	}
	memory := func(ctx SpecContext) float64 {
		samples, err := on().Scrape(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(samples["tgw"]).To(HaveKey("process_resident_memory_bytes"))
		return samples["tgw"]["process_resident_memory_bytes"]
	}

	It("answers each kind of bad input with its own clear refusal, and goes on", func() {
		var wrong []string
		for name, c := range hostile(sign) {
			r, err := smoke.Say(on().Front(), c.bytes, 3*time.Second)
			if err != nil || r.Code != c.want.String() || !strings.Contains(r.Body, `"say"`) {
				wrong = append(wrong, fmt.Sprintf("%s: want a friendly %s, got %d %s (%v)", name, c.want, r.Status, r.Body, err))
			}
		}
		Expect(wrong).To(BeEmpty(), strings.Join(wrong, "\n"))
		still()
	})

	It("gives up on a request that is half sent, and says so", func() {
		r, err := smoke.Say(on().Front(), "GET /gifts HTTP/1.1\r\nHost: half", soonEnough)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Code).To(Equal(api.TooSlow.String()))
		Expect(r.Closed).To(BeTrue())
		still()
	})

	It("keeps its memory within bounds under thousands of slow and half-sent requests", func(ctx SpecContext) {
		before := memory(ctx)
		var held []net.Conn
		defer func() {
			for _, c := range held {
				c.Close()
			}
		}()
		for i := range 3000 {
			conn, err := net.DialTimeout("tcp", on().Front(), 3*time.Second)
			Expect(err).NotTo(HaveOccurred())
			held = append(held, conn)
			_, err = fmt.Fprintf(conn, "POST /claim?gift=%d HTTP/1.1\r\nX-Slow: %s", i%20, strings.Repeat("s", i%3000))
			Expect(err).NotTo(HaveOccurred())
		}
		still()
		Expect(memory(ctx)-before).To(BeNumerically("<", 100<<20), "bytes that 3000 half-sent requests cost tgw")
	})
}
