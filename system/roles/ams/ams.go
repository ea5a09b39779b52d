// Package ams is a placeholder until its owner writes it.
package ams

import (
	"context"
	"errors"
	"redpacket/system/config"
)

// Light runs the role until ctx ends.
func Light(ctx context.Context, cfg config.Config) error { return errors.New("not written") }

// Heavy runs the role until ctx ends.
func Heavy(ctx context.Context, cfg config.Config) error { return errors.New("not written") }
