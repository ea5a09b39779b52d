package pair

// Act is one step of a plan.
type Act uint8

// The acts. Each is done when it returns; one that is refused ends the plan, and its keeper looks again.
const (
	Write       Act = iota // put Mode into the witness, if nobody wrote since the witness was read
	CloseMirror            // say in the mirror: closed, Mode
	CloseOwn               // say in the own log: closed, Mode
	Level                  // copy what the truth of Mode has to the other log
	Fill                   // fill the store under the plan's epoch from the truth of Mode, and with what the other IDC granted
	OpenMirror             // say in the mirror: open, Mode
	OpenOwn                // say in the own log: open, Mode
	Mark                   // the other IDC's store learns what the mirror says the users have
	Widen                  // the other IDC's shard says that it has the home's users, too
	Narrow                 // the other IDC's shard says that it has its own users only, under a new epoch
)

var actNames = [...]string{"write", "close the mirror", "close the own log", "level", "fill", "open the mirror", "open the own log",
	"mark", "widen", "narrow"}

// String is the act in a few words.
func (a Act) String() string { return actNames[min(int(a), len(actNames)-1)] }

// Step is an act with the mode that it says or writes.
type Step struct {
	Act  Act
	Mode Mode
}

// String is the step in a few words.
func (s Step) String() string { return s.Act.String() + " (" + s.Mode.String() + ")" }

// Plan is what a keeper does, in order. With NewEpoch its announcements are of the epoch after the highest said; else
// the shard goes on in the epoch that it is in, with the store as it is.
type Plan struct {
	NewEpoch bool
	Steps    []Step
}

// None tells that there is nothing to do.
func (p Plan) None() bool { return len(p.Steps) == 0 }

// may says who may move the agreement from a mode to which. Only the home can be sure that the own log has everything,
// so nobody can take over from Alone.
func may(home bool, from, to Mode) bool {
	switch [2]Mode{from, to} {
	case [2]Mode{Single, Mirrored}, [2]Mode{Single, Alone},
		[2]Mode{Mirrored, Alone}, [2]Mode{Mirrored, Leaning},
		[2]Mode{Alone, Rejoining}, [2]Mode{Rejoining, Mirrored}, [2]Mode{Rejoining, Alone},
		[2]Mode{Leaning, Refilling}, [2]Mode{Refilling, Mirrored}, [2]Mode{Refilling, Leaning},
		[2]Mode{Returning, Mirrored}:
		return home
	case [2]Mode{Mirrored, Taken}, [2]Mode{Leaning, Taken}, [2]Mode{Refilling, Taken}, [2]Mode{Returning, Taken},
		[2]Mode{Taken, Releasing}, [2]Mode{Releasing, Taken}, [2]Mode{Releasing, Returning}:
		return !home
	}
	return false
}

// Sight is what the home's keeper sees: the logs first, the witness after them. Up is for a log that answers now; Lost
// for one that has not answered for so long that the home goes on without it.
type Sight struct {
	Own, Mirror         Said
	OwnUp, MirrorUp     bool
	OwnLost, MirrorLost bool
	Agreed              Mode // Single: the witness holds nothing yet
}

// Next is the home keeper's next plan: a change of the mode, or what a keeper that died on the way has left undone. A log
// that answers and was never told anything, while the other one was, has lost its disk: it is left out like one that is
// away, and where it is the truth, nothing is done: a person must say what is true.
func Next(s Sight) Plan {
	both := s.OwnUp && s.MirrorUp
	own, mirror := s.OwnUp && s.Own.Epoch > 0, s.MirrorUp && s.Mirror.Epoch > 0
	switch s.Agreed {
	case Single:
		return begin(s, both)
	case Mirrored:
		switch {
		case own && (s.MirrorLost || both && !mirror):
			return Plan{Steps: []Step{{Write, Alone}, {OpenOwn, Alone}}}
		case mirror && (s.OwnLost || both && !own):
			return Plan{Steps: []Step{{Write, Leaning}, {OpenMirror, Leaning}}}
		}
	case Alone, Rejoining:
		if own {
			return alone(s)
		}
	case Leaning, Refilling:
		if mirror {
			return leaning(s)
		}
	case Returning:
		if both && mirror {
			return Plan{NewEpoch: true, Steps: []Step{{CloseMirror, Returning}, {CloseOwn, Returning}, {Level, Returning},
				{Fill, Returning}, {Write, Mirrored}, {OpenMirror, Mirrored}, {OpenOwn, Mirrored}}}
		}
	}
	return Plan{}
}

// alone goes on without the mirror, or back to it.
func alone(s Sight) Plan {
	switch {
	case s.Agreed == Alone && s.Own.Mode != Alone:
		return Plan{Steps: []Step{{OpenOwn, Alone}}}
	case s.MirrorUp:
		return rejoin(s.Agreed, Rejoining)
	case s.Agreed == Rejoining && s.MirrorLost:
		return Plan{Steps: []Step{{Write, Alone}, {OpenOwn, Alone}}}
	}
	return Plan{}
}

// leaning goes on without the own log, or back to it.
func leaning(s Sight) Plan {
	switch {
	case s.Agreed == Leaning && s.Mirror.Mode != Leaning:
		return Plan{Steps: []Step{{OpenMirror, Leaning}}}
	case s.OwnUp:
		return rejoin(s.Agreed, Refilling)
	case s.Agreed == Refilling && s.OwnLost:
		return Plan{Steps: []Step{{Write, Leaning}, {OpenMirror, Leaning}}}
	}
	return Plan{}
}

// begin is for a witness that holds nothing: a log that has grants already is the truth.
func begin(s Sight, both bool) Plan {
	switch {
	case both && s.Own.Epoch == 0 && s.Mirror.Epoch == 0:
		return Plan{Steps: []Step{{Write, Mirrored}}}
	case s.OwnUp && s.Own.Epoch > 0 && s.Own.Mode == Single:
		return Plan{Steps: []Step{{Write, Alone}, {OpenOwn, Alone}}}
	}
	return Plan{}
}

// rejoin brings the logs level while the shard is closed, and counts both again.
func rejoin(from, by Mode) Plan {
	p := Plan{Steps: []Step{{CloseMirror, by}, {CloseOwn, by}, {Level, by}, {Write, Mirrored}, {OpenMirror, Mirrored}, {OpenOwn, Mirrored}}}
	if from != by {
		p.Steps = append([]Step{{Write, by}}, p.Steps...)
	}
	return p
}

// Refill is the plan for a store that was lost, under the mode of the logs' last announcements: no witness is asked.
func Refill(m Mode) Plan {
	p := Plan{NewEpoch: true}
	switch m {
	case Single, Alone:
		p.Steps = []Step{{CloseOwn, m}, {Fill, m}, {OpenOwn, m}}
	case Leaning:
		p.Steps = []Step{{CloseMirror, m}, {Fill, m}, {OpenMirror, m}}
	case Mirrored:
		p.Steps = []Step{{CloseMirror, m}, {CloseOwn, m}, {Level, m}, {Fill, m}, {OpenMirror, m}, {OpenOwn, m}}
	}
	return p
}

// TakeOver is the other IDC's plan for the home's users when the home is lost, or how it goes on with one begun; none
// when the mode forbids it.
func TakeOver(agreed Mode) Plan {
	p := Plan{NewEpoch: true, Steps: []Step{{CloseMirror, Taken}, {Mark, Taken}, {Widen, Taken}}}
	switch {
	case agreed == Taken:
	case may(false, agreed, Taken):
		p.Steps = append([]Step{{Write, Taken}}, p.Steps...)
	default:
		return Plan{}
	}
	return p
}

// GiveBack is the other IDC's plan to let the home's users go, or how it goes on with one begun; none when it has not
// got them.
func GiveBack(agreed Mode) Plan {
	p := Plan{Steps: []Step{{Narrow, Releasing}, {Write, Returning}}}
	switch agreed {
	case Releasing:
	case Taken:
		p.Steps = append([]Step{{Write, Releasing}}, p.Steps...)
	default:
		return Plan{}
	}
	return p
}
