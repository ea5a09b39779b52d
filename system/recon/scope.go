package recon

import (
	"redpacket/system/activity"
	"redpacket/system/api"
)

// Scope is what one data centre compares. Each answers for the shares that it gives out. After a take-over its Redis has
// marks too: shares that the other one gave to users who are served here, and which they get here again; these are held
// against the other one's log, of which the mirror is here. While it serves everybody it answers for every share, and a
// user's two deliveries are found whichever data centre granted them.
type Scope struct {
	Part  activity.Part // the shares that it gives out
	Marks bool          // there was a take-over, of either's users
	All   bool          // it serves the other one's users
}

// hears says whether an entry of a share that the other data centre answers for is looked at: what is said here of users
// who are served here. Before any take-over there is nothing to be said.
func (s Scope) hears(shelf flags, user api.User) bool {
	switch shelf {
	case logged:
		return !s.Marks || s.Part.Owns(user)
	case held:
		return s.Marks && s.Part.Owns(user)
	default:
		return false
	}
}

// Log is one of the logs that a comparison reads, and what may be expected of the books by when it was looked at: the
// floors and Known first, then Redis and the ledger, and the logs last.
type Log struct {
	Floors []uint64 // by game: every grant at a position up to here had been answered for
	Known  uint64   // every grant at a position up to here had been decided by Redis; 0: Redis was not read
	Mirror bool     // it is the mirror of the other data centre's log
}
