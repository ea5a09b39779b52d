// Package playbooks is the event's playbooks as drills name them. The values are the platform's own, so that what is
// rehearsed is what is run.
package playbooks

import (
	"fmt"
	"strings"

	"redpacket/system/control/playbook"
)

// All is the register that the platform runs with.
func All() []playbook.Playbook { return playbook.Register() }

// Callable is nil for a playbook that one call activates; else it says why there is none such.
func Callable(id string) error {
	p, there := playbook.Find(All(), id)
	if !there {
		var known []string
		for _, p := range All() {
			known = append(known, p.ID)
		}
		return fmt.Errorf("there is no playbook %q; there are %s", id, strings.Join(known, ", "))
	}
	if !p.Acts() {
		return fmt.Errorf("playbook %s throws no switch; people do it: %s", id, p.ByHand)
	}
	return nil
}
