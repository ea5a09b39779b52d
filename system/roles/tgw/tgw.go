// Package tgw is a placeholder until its owner writes it.
package tgw

import (
	"context"
	"errors"
	"redpacket/system/config"
)

// Run runs the role until ctx ends.
func Run(ctx context.Context, cfg config.Config) error { return errors.New("not written") }
