package volley

import (
	"strings"
	"testing"

	"redpacket/loadprofiles"
	"redpacket/system/api"
)

func TestAContradictionIsHeardAtOnce(t *testing.T) {
	done := func(user api.User, gift api.Gift, order api.Order) loadprofiles.Attempt {
		return loadprofiles.Attempt{User: user, Gift: gift, Order: order, Fen: 7, Outcome: api.Done}
	}
	for name, c := range map[string]struct {
		claims []loadprofiles.Attempt
		want   string
	}{
		"the same again":       {[]loadprofiles.Attempt{done(1, 2, 3), done(1, 2, 3)}, ""},
		"another gift":         {[]loadprofiles.Attempt{done(1, 2, 3), done(1, 3, 4)}, ""},
		"another order":        {[]loadprofiles.Attempt{done(1, 2, 3), done(1, 2, 4)}, "user 1 was told order 3"},
		"one order, two users": {[]loadprofiles.Attempt{done(1, 2, 3), done(9, 2, 3)}, "users 1 and 9 were both told order 3"},
	} {
		var heard told
		for _, a := range c.claims {
			heard.hear(a)
		}
		if (c.want == "") != (heard.wrong == "") || !strings.HasPrefix(heard.wrong, c.want) {
			t.Errorf("%s: heard %q, want %q", name, heard.wrong, c.want)
		}
	}
	// Many different grants contradict nothing, whichever slots they share.
	var heard told
	for n := range uint64(10 * toldSlots) {
		heard.hear(done(api.User(n+1), api.Gift(n%20), api.Order(n+1)))
	}
	if heard.wrong != "" {
		t.Error(heard.wrong)
	}
}
