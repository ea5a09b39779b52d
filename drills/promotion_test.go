package drills_test

import (
	"strings"
	"testing"
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/system/topology"
)

// stopping is a small drill that stops its promotion, and asks whether the load followed.
func stopping() drills.Drill {
	d := small()
	d.Topology, d.Load.Promotion = topology.TwoIDC(), loadprofiles.Pushed
	d.Injections, d.Assertions = nil, d.Assertions[:len(d.Assertions)-1] // which asks about the injection
	d.Steps = append(d.Steps, drills.Timed{At: 400 * time.Millisecond, Step: drills.Activate{Playbook: "P6"}})
	d.Assertions = append(d.Assertions, judge.ValveFollowed{Close: "activate P6", Within: time.Second})
	return d
}

func TestAPromotionThatCannotBeStoppedIsRefused(t *testing.T) {
	t.Parallel()
	if err := stopping().Check(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(stopping().Script(), "\n"), "promotion  brings 0.75 of the users, each within 10s") {
		t.Errorf("the script does not tell of the promotion:\n%s", strings.Join(stopping().Script(), "\n"))
	}
	for want, change := range map[string]func(*drills.Drill){
		"has nobody who runs it":    func(d *drills.Drill) { d.Topology = topology.OneIDC() },
		"nobody of its load comes":  func(d *drills.Drill) { d.Load.Promotion = loadprofiles.Promotion{} },
		"whether the load followed": func(d *drills.Drill) { d.Assertions = d.Assertions[:len(d.Assertions)-1] },
		`no phase or step "roll`: func(d *drills.Drill) {
			d.Assertions = append(d.Assertions, judge.ValveFollowed{Close: "activate P6", Open: "roll back P6"})
		},
		"brings 2 of the users": func(d *drills.Drill) { d.Load.Promotion.Share = 2 },
		"whether the load followed;": func(d *drills.Drill) {
			d.Steps[len(d.Steps)-1].Step = drills.ActivatePartly{Playbook: "P6", Missing: []string{"control"}}
			d.Assertions = d.Assertions[:len(d.Assertions)-1]
		},
	} {
		d := stopping()
		if change(&d); d.Check() == nil || !strings.Contains(d.Check().Error(), strings.TrimSuffix(want, ";")) {
			t.Errorf("want %q in: %v", want, d.Check())
		}
	}
}
