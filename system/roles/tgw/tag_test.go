package tgw

import (
	"fmt"
	"testing"
	"time"

	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/overload"
)

// tagged sends a request of a user that says that it is pressure traffic.
func (c *client) tagged(user api.User, line string) *client {
	return c.as(user, line+" HTTP/1.1\r\nX-Pressure: 1\r\nX-Rest: of")
}

func TestTheTagGoesOnWithTheGift(t *testing.T) {
	c := start(t, nil, both()...).connect()
	user, pressure := api.User(7), api.User(7).Pressure()
	of := func(g api.Gift, user api.User) string {
		return fmt.Sprintf(`"gift":%d,"server":%d,"user":%d`, g, 0, user)
	}
	c.tagged(pressure, "GET /receipt?gift=3").wants(200, "", `{"code":"ok","op":"receipt",`+of(api.Gift(3).In(0, true), pressure))
	c.tagged(pressure, "GET /gifts?activity=2").wants(200, "", `{"code":"ok","op":"list",`+of(api.Gift(0).In(1, true), pressure))
	c.as(user, "GET /servers?gift=1&activity=2").wants(200, "", `{"code":"ok","op":"select",`+of(api.Gift(1).In(1, false), user))
	c.as(user, "GET /servers?activity=1&gift=1").wants(200, "", `{"code":"ok","op":"select",`+of(1, user))
	c.as(user, "GET /servers?gift=1&activity=9").wants(404, "", `{"code":"not_found"`)
	c.as(user, "GET /servers?gift=1025").wants(404, "", `{"code":"not_found"`)
	c.as(user, "GET /servers?gift=1&activity=2&activity=2").wants(400, "", `{"code":"malformed"`)
}

// Who is of pressure traffic says so, and nobody else does.
func TestAUserAndATagThatContradictEachOtherAreRefused(t *testing.T) {
	r := start(t, nil, both()...)
	c := r.connect()
	c.as(api.User(7).Pressure(), "POST /claim?gift=3&server=1").wants(403, "", `{"code":"tagless"`)
	c.tagged(7, "GET /gifts").wants(403, "", `{"code":"tagless"`)
	if got := r.metric("redpacket_poisoned_total", "tgw"); got != 2 {
		t.Errorf("%g refusals are counted", got)
	}
	if n := r.asked("ams-heavy-1") + r.asked("ams-light-1"); n != 0 {
		t.Errorf("%d calls went on", n)
	}
	r.offer.Shadow = false
	c.tagged(api.User(7).Pressure(), "GET /gifts").wants(404, "", `{"code":"not_found"`)
}

func TestATagIsOneWordOnce(t *testing.T) {
	r := start(t, nil, both()...)
	for _, head := range []string{"X-Pressure: 0", "X-Pressure:", "X-Pressure: true", "x-pressure: 1\r\nX-PRESSURE: 1"} {
		r.connect().as(api.User(7).Pressure(), "GET /gifts HTTP/1.1\r\n"+head+"\r\nX-Rest: of").wants(400, "", `{"code":"malformed"`)
	}
}

func TestEachActivityHasItsOwnTurn(t *testing.T) {
	c := start(t, nil, both()...).connect()
	c.as(7, "POST /claim?gift=3&server=1").wants(200, "", `{"code":"ok"`)
	c.as(7, "POST /claim?gift=1&server=1&activity=2").wants(200, "", `{"code":"ok"`)
	c.as(7, "POST /claim?gift=0&server=1&activity=2").wants(429, "5", `{"code":"too_soon"`)
}

// A neighbour's calls pass within their reserve, whatever admission says of the others, and no further.
func TestNeighboursHaveAReserve(t *testing.T) {
	r := start(t, func(rules *config.Rules) { rules.LightRate, rules.Reserve = 400, 0.1 }, both()...)
	c := r.connect()
	for range 400 { // nothing that is sent comes back: admission closes
		r.admission.Step(100*time.Millisecond, []overload.Sample{{Sent: 1000, Wait: time.Hour}, {Sent: 1000, Wait: time.Hour}})
	}
	shed := 0
	for user := range api.User(40) {
		if c.as(user+1, "GET /gifts").status() == 503 {
			shed++
		}
	}
	if shed < 30 {
		t.Fatalf("%d of 40 were shed; the test needs a closed admission", shed)
	}
	passed := 0
	for user := range api.User(40) {
		if c.as(user+1, "GET /gifts?activity=2").status() == 200 {
			passed++
		}
	}
	if passed < 10 || passed > 30 { // a quarter of a second of 40 a second, and what they took
		t.Errorf("%d of 40 passed; 10 are reserved at once, and 40 a second", passed)
	}
}
