package drillstest

import (
	"fmt"
	"slices"
	"time"

	"redpacket/drills"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/control/playbook"
)

// platform activates playbooks by their triggers and closes them, as the operations platform does: with its register, its
// measures and its watch, in a tenth of the time, as l5's set for drills is a tenth of Polaris'. What it switches changes nothing.
type platform struct {
	capacity config.Capacity
	watch    *playbook.Watch
	last     playbook.Scrape
	active   []control.Activation
}

// measureEvery is how often the platform measures.
const measureEvery = 100 * time.Millisecond

func newPlatform(c config.Capacity) *platform {
	register := playbook.Register()
	for i := range register {
		register[i].Trigger.For /= 10
		register[i].Close.For /= 10
	}
	return &platform{capacity: c, watch: playbook.NewWatch(register)}
}

// look measures, when it is time to, and does what is due.
func (p *platform) look(now time.Time, samples drills.Samples) {
	if now.Sub(p.last.At) < measureEvery {
		return
	}
	scrape := playbook.Scrape{At: now}
	for node, values := range samples {
		scrape.Instances = append(scrape.Instances, playbook.Instance{Node: node, Role: node, Values: values})
	}
	values := playbook.Measure(p.last, scrape, p.capacity)
	p.last = scrape
	for _, d := range p.watch.Step(now, values, p.active) {
		if d.Activate {
			p.active = append(p.active, control.Activation{Playbook: d.Playbook, By: control.ByTrigger})
		} else {
			p.active = slices.DeleteFunc(p.active, func(a control.Activation) bool { return a.Playbook == d.Playbook })
		}
	}
}

// show is which playbooks are active.
func (p *platform) show() map[string]float64 {
	shown := map[string]float64{}
	for _, b := range playbook.Register() {
		shown[fmt.Sprintf("redpacket_playbook_active{playbook=%q}", b.ID)] = 0
	}
	for _, a := range p.active {
		shown[fmt.Sprintf("redpacket_playbook_active{playbook=%q}", a.Playbook)] = 1
	}
	return shown
}
