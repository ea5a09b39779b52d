package docker

import (
	"testing"
	"time"
)

func TestBandwidthIsWhatWasAskedForInShortPeriods(t *testing.T) {
	for _, cores := range []float64{0.01, 0.025, 0.0999, 0.1, 0.33, 1, 2.5} {
		quota, period, err := bandwidth(cores)
		got := float64(quota) / float64(period)
		if err != nil || got < 0.99*cores || got > 1.01*cores || quota < leastQuota || period > longPeriod {
			t.Errorf("%g cores: %s in %s (%g), %v", cores, quota, period, got, err)
		}
		if cores >= 0.1 && period != 10*time.Millisecond {
			t.Errorf("%g cores: a period of %s makes longer stalls than it must", cores, period)
		}
	}
	if quota, _, err := bandwidth(0); err != nil || quota.Microseconds() != -1 {
		t.Errorf("letting go: quota %s, %v; the kernel's word for none is -1 µs", quota, err)
	}
	for _, cores := range []float64{-1, 0.009, 1e9} {
		if _, _, err := bandwidth(cores); err == nil {
			t.Errorf("%g cores were accepted", cores)
		}
	}
}
