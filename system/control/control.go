// Package control holds the system's switches: what they are, how a process runs with them, and the store that keeps
// them beside leases and witnesses.
package control
