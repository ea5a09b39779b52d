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

// Known is nil for a playbook that there is; else it says which there are.
func Known(id string) error {
	if _, there := playbook.Find(All(), id); there {
		return nil
	}
	var known []string
	for _, p := range All() {
		known = append(known, p.ID)
	}
	return fmt.Errorf("there is no playbook %q; there are %s", id, strings.Join(known, ", "))
}
