package wall

import (
	"strings"
	"testing"
	"time"
)

func TestAClockShowsTheTimeAndItsSkew(t *testing.T) {
	var c Clock
	at := time.Now()
	if got := c.Of(at); !got.Equal(at) || strings.Contains(got.String(), "m=") {
		t.Errorf("a clock that is right shows %s at %s", got, at)
	}
	for _, skew := range []time.Duration{25 * time.Hour, -25 * time.Hour, 0} {
		c.Set(skew)
		if got := c.Of(at).Sub(at.Round(0)); got != skew || c.Skew() != skew {
			t.Errorf("set %s ahead, it shows %s and says %s", skew, got, c.Skew())
		}
	}
	c.Set(-time.Hour)
	if ahead := time.Since(c.Now()); ahead < time.Hour-time.Minute {
		t.Errorf("set an hour back, it is only %s behind", ahead)
	}
}
