package drillstest

import (
	"fmt"
	"time"

	"redpacket/drills"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/gray"
)

// doors are the front doors of two data centres. They count who begins a journey at each: at the own one, or by the weights
// that the name service has for a region's users.
type doors struct {
	due     []arrival // in order of time
	weights map[string]map[string]int
	came    map[arrived]float64
}

// arrival is a user who begins a journey.
type arrival struct {
	user api.User
	at   time.Duration
}

type arrived struct{ home, door activity.IDC }

// open counts those who have come by a time.
func (d *doors) open(now time.Duration) {
	if d.came == nil {
		d.came = map[arrived]float64{}
	}
	for len(d.due) > 0 && d.due[0].at <= now {
		user := d.due[0].user
		home := activity.Home(user)
		d.came[arrived{home, d.doorOf(user, home)}]++
		d.due = d.due[1:]
	}
}

func (d *doors) doorOf(user api.User, home activity.IDC) activity.IDC {
	weights, told := d.weights[home.String()]
	if !told {
		weights = d.weights[""]
	}
	a, b := weights["a"], weights["b"]
	switch {
	case a+b == 0:
		return home
	case gray.Bucket(user)*(a+b) < a*gray.Buckets:
		return activity.A
	}
	return activity.B
}

// show adds what the two gateways show.
func (d *doors) show(samples drills.Samples) {
	for door := range activity.IDC(activity.IDCs) {
		values := map[string]float64{}
		for home := range activity.IDC(activity.IDCs) {
			values[fmt.Sprintf("redpacket_arrivals_total{home=%q}", home)] = d.came[arrived{home, door}]
		}
		samples["tgw-"+door.String()] = values
	}
}
