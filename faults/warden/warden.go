// Package warden sees to it that every fault ends. A Ward, in the harness, writes each fault to a journal before it is
// injected, and tells a Guard, in a process of its own, that the harness lives; the Guard heals what the harness does not.
package warden

import "time"

// The times of a lease.
const (
	beatEvery = time.Second     // the harness says that it lives
	Lease     = 5 * time.Second // for so long it is believed
	lookEvery = 250 * time.Millisecond
	again     = 5 * time.Second // between two heals of a fault that a harness out of its lease, or late, does not close
)

// auditWithin bounds an audit.
const auditWithin = 3 * time.Second

// What the harness says to the guard, a line each.
const (
	journalIs = "journal "
	alive     = "alive"
)

// Who heals, as the journal writes it.
const (
	byHarness = "harness"
	byWarden  = "warden"
)
