package stage

import (
	"context"
	"fmt"

	"redpacket/drills"
	"redpacket/system/images"
	"redpacket/system/provision"
)

// Clean removes everything that runs left whose process is dead, and returns what it removed. A run that is under way on
// this machine is not touched.
func Clean(ctx context.Context) ([]string, error) { return provision.Sweep(ctx, false) }

// Ready sees that the container engine answers and that every image is there; it builds those that are not, which may
// take minutes.
func Ready(ctx context.Context, say func(string)) error {
	if _, err := images.Ensure(ctx, say); err != nil {
		return fmt.Errorf("%w: %w", drills.ErrCluster, err)
	}
	return nil
}
