// Package pair is the agreement between two IDCs about the users of one of them, the home: in which logs a grant must be
// before anyone hears of it, and who may grant at all. It is pure; the keepers carry out its plans, step by step.
//
// There are two logs: the home's own, and the mirror of it, which the other IDC keeps. And there is a third place, the
// witness, which holds the mode the two have agreed on. A batch goes to the mirror first and to the own log only then,
// so that the own log, which is delivered from, never has what the other IDC would not know after taking over.
//
// A mode that one IDC can leave by itself is left in the witness first, and only then in a log: whoever says something
// in a log looked at the log before it looked at the witness, so that what it says is refused if the mode has moved.
package pair

import (
	"fmt"
	"slices"
)

// Mode is what the two IDCs have agreed on.
type Mode uint8

// The modes. In Rejoining and later ones but Leaning and Refilling the home grants nothing, and in all but Taken the other IDC
// grants nothing to the home's users.
const (
	Single    Mode = iota // there is no other IDC, and no witness
	Mirrored              // both logs have every grant
	Alone                 // the mirror is out of reach, and not counted
	Rejoining             // from Alone back to Mirrored: nothing is granted while the mirror is brought level
	Leaning               // the own log is out of reach, and not counted
	Refilling             // from Leaning back to Mirrored: nothing is granted while the own log is brought level
	Taken                 // the other IDC has the users
	Releasing             // the other IDC stops to grant to them
	Returning             // nobody has them; the home takes them when it has learned what they were granted
	modes
)

var modeNames = [modes]string{"single", "mirrored", "alone", "rejoining", "leaning", "refilling", "taken", "releasing", "returning"}

// String is the mode's name, as the witness and the logs keep it.
func (m Mode) String() string { return modeNames[min(m, modes-1)] }

// IsZero leaves Single out of what an announcement says where there is one log.
func (m Mode) IsZero() bool { return m == Single }

// MarshalText writes the mode's name.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText writes, and nothing else.
func (m *Mode) UnmarshalText(text []byte) error {
	i := slices.Index(modeNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("%.40q is no mode of a pair; want one of %v", text, modeNames)
	}
	*m = Mode(i)
	return nil
}

// Places is a set of the three places in which a grant can be durable.
type Places uint8

// The places.
const (
	Spool  Places = 1 << iota // the disk of the process that decided
	Own                       // the home's own log
	Mirror                    // the copy of it in the other IDC
)

// Has tells whether all of some places are among p.
func (p Places) Has(some Places) bool { return p&some == some }

// Needs is where a batch must be before it is acknowledged: two of the three places at least; 0 in a mode in which the
// home acknowledges nothing. In Mirrored it is both logs, and the spool is the third: with the spool alone in the place
// of a log that log would have holes that nobody could name after the other one is lost.
func (m Mode) Needs() Places {
	switch m {
	case Mirrored:
		return Own | Mirror
	case Single, Alone:
		return Spool | Own
	case Leaning:
		return Spool | Mirror
	default:
		return 0
	}
}

// Truth is the log that holds every grant that may have been acknowledged, and none that was given back.
func (m Mode) Truth() Places {
	switch m {
	case Single, Alone, Rejoining:
		return Own
	default:
		return Mirror
	}
}

// Said is what a log was told last of the home's shard.
type Said struct {
	Epoch uint32 // 0: nothing yet
	Mode  Mode
	Open  bool
	By    string // names the decision: the two logs were told the same when it is the same
}

// Stand is how things stand by what both logs say, and by which of them: in Mirrored only both together can open.
func Stand(own, mirror Said) (Said, Places) {
	switch {
	case own.Mode == Single || own.Mode == Alone:
		return own, Own
	case mirror.Mode == Leaning:
		return mirror, Mirror
	case own == mirror:
		return own, Own | Mirror
	}
	newer := mirror
	if own.Epoch > mirror.Epoch {
		newer = own
	}
	newer.Open = false
	return newer, Own | Mirror
}
