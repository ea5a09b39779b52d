package stage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"redpacket/drills"
	"redpacket/faults"
	"redpacket/faults/kinds"
	"redpacket/system/images"
	"redpacket/system/provision"
)

// Cleaned is what a cleaning found and did.
type Cleaned struct {
	Residue []string // what faults had left on the runs of dead processes; it went with them
	Removed []string // containers, networks and volumes
	Living  int      // runs that are under way on this machine; nothing of theirs was touched
}

// Clean looks for what faults left on the runs whose process is dead, removes everything of them, and sees that it is gone.
// A run that is under way is not touched: its own warden looks after it.
func Clean(ctx context.Context) (c Cleaned, err error) {
	living, dead, err := provision.Runs(ctx)
	if err != nil {
		return c, err
	}
	for _, run := range dead {
		c.Residue = append(c.Residue, residueOf(ctx, run)...)
	}
	if c.Removed, err = provision.Sweep(ctx, false); err != nil {
		return c, err
	}
	c.Living = len(living)
	if _, dead, err = provision.Runs(ctx); err == nil && len(dead) > 0 {
		err = fmt.Errorf("something is left of %d runs (%s); run it again", len(dead), strings.Join(dead, ", "))
	}
	return c, err
}

// residueOf audits a run that nobody looks after. Nodes that died with their owner are told, too.
func residueOf(ctx context.Context, run string) []string {
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	on, err := Attach(ctx, run)
	if err != nil {
		return nil // too little of it stands to have levers, and what is not there is not hurt
	}
	defer on.Leave()
	found, err := faults.Audit(ctx, kinds.All(), on)
	var said []string
	for _, r := range found {
		said = append(said, fmt.Sprintf("run %s: %s", run, r))
	}
	if err != nil {
		said = append(said, fmt.Sprintf("run %s: not all could be asked: %s", run, strings.Join(strings.Fields(err.Error()), " ")))
	}
	return said
}

// auditWithin bounds the look at a dead run.
const auditWithin = 5 * time.Second

// Ready sees that the container engine answers and that every image is there; it builds those that are not, which may
// take minutes.
func Ready(ctx context.Context, say func(string)) error {
	if _, err := images.Ensure(ctx, say); err != nil {
		return fmt.Errorf("%w: %w", drills.ErrCluster, err)
	}
	return nil
}
