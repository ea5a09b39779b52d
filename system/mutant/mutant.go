// Package mutant lists the deliberate bugs that the judge must catch. They are in no normal build: without the build tag
// "mutant" Is is the constant false, and the compiler leaves the bug out. With the tag, a process has the one bug that
// its environment names.
package mutant

import (
	"fmt"
	"slices"
)

// Variable is the environment variable that names a process' bug, in a build with the tag.
const Variable = "REDPACKET_MUTANT"

// None is the name of no bug: a build with the tag that behaves as one without.
const None = "none"

// The bugs, by name.
const (
	SplitOneFen       = "split-one-fen"
	GrantOneFen       = "grant-one-fen"
	ShareLeaked       = "share-leaked"
	OneShareMore      = "one-share-more"
	ShareTwice        = "share-twice"
	NoDedupe          = "no-dedupe"
	AckBeforeLog      = "ack-before-log"
	LogDropsLast      = "log-drops-last"
	OtherOrder        = "other-order"
	Replayed          = "delivered-again"
	Unwritten         = "delivered-nowhere"
	RefusalKeeps      = "refusal-keeps"
	UnknownHalf       = "unknown-half"
	RegistryFailsDear = "registry-fails-dear"
	PanicServed       = "panic-served"
	PanicSwallowed    = "panic-swallowed"
	EndsWell          = "ends-well"
	EndsBadly         = "ends-badly"

	TagLeaksAtAMS       = "tag-leaks-at-ams"
	TagLeaksAtCourier   = "tag-leaks-at-courier"
	TagDroppedAtTGW     = "tag-dropped-at-tgw"
	TagDroppedAtAMS     = "tag-dropped-at-ams"
	TagDroppedAtLog     = "tag-dropped-at-log"
	TagDroppedAtCourier = "tag-dropped-at-courier"
	TagDroppedAtIDIP    = "tag-dropped-at-idip"
	TagDroppedAtRecon   = "tag-dropped-at-recon"
)

// The bugs of a new version, by name: the nodes of the new version have them, or, of GrayUneven, the gateway.
const (
	GraySlow   = "gray-slow"
	GrayErrs   = "gray-errs"
	GrayFen    = "gray-one-fen"
	GrayTag    = "gray-drops-tag"
	GrayUneven = "gray-uneven"
)

// Bug is one deliberate bug.
type Bug struct {
	Name   string
	Does   string // what is wrong, in a sentence
	Breaks string // the promise whose finding must fail: M1 … M8
	Seen   string // what that finding must say of it, so that it is caught for what it is
}

// Version is a deliberate bug of a new version, which a release must not spread. It breaks the release: the finding that is to fail is
// the one that asks whether it went past every gate.
type Version struct {
	Name  string
	Does  string
	Seen  string // what the finding must say of it
	On    string // the role whose processes have it; New: those of the new version
	Since int    // the stage, in percent, from which on it is there, so that no gate may pass
	By    int    // the stage at the end of which it must have been caught: the first one whose users can tell
}

// New stands for the nodes of a new version.
const New = "new"

// All is every bug, in the order of the promises.
func All() []Bug {
	return []Bug{
		{SplitOneFen, "the first share of every gift is split one fen too large", "M1", "fen; the share has"},
		{GrantOneFen, "the first grant of a batch is logged and delivered with one fen more than Redis gave", "M1", "fen; the share has"},
		{ShareLeaked, "the claim script moves past one share more than it hands out, so shares are lost for ever", "M1", "disagree with themselves"},
		{OneShareMore, "the stock is off by one: Redis is given one share more than the gift has", "M2", "is no share of the activity"},
		{ShareTwice, "the claim script counts one share too few, so a share goes to two users", "M2", "is in the log for user"},
		{NoDedupe, "the claim script does not look whether the user has the gift", "M3", "has two grants of gift"},
		{AckBeforeLog, "users are told of grants that neither the spool nor the log has", "M4", "was acknowledged to user"},
		{LogDropsLast, "a batch of several grants goes to the log without its last", "M4", "was acknowledged to user"},
		{OtherOrder, "a delivery is written a second time under another order; the ledger has no key against it", "M4", "was delivered and is not in the log"},
		{Replayed, "the courier sends answered orders again; the ledger has no key against it", "M4", "was delivered twice"},
		{Unwritten, "idip says delivered to the courier and writes nothing", "M4", "it was never delivered"},
		{RefusalKeeps, "users are told that a gift is sold out, and keep the share that they were given", "M5", "was refused and never told otherwise"},
		{UnknownHalf, "claims whose outcome is unknown stay decided in Redis and never come into the log", "M5", "is in Redis and not in the log"},
		{RegistryFailsDear, "a user whose registration cannot be looked up counts as new: the dear side", "M6", "is registered with game"},
		{TagLeaksAtAMS, "ams-heavy decides pressure claims without their tag, and no writer behind it compares tag and user", "M7", "of pressure traffic, is in the real records of the log"},
		{TagLeaksAtCourier, "the courier delivers pressure grants without their mark, and nobody behind it compares mark and user", "M7", "of pressure traffic, is in the real table of the ledger"},
		{TagDroppedAtTGW, "tgw sends pressure claims on without their tag", "M7", "ams-heavy refused"},
		{TagDroppedAtAMS, "ams-heavy asks Redis for pressure claims without their tag", "M7", "cmem refused"},
		{TagDroppedAtLog, "ams-heavy logs pressure grants without their mark", "M7", "log refused"},
		{TagDroppedAtCourier, "the courier asks for pressure deliveries without their mark", "M7", "idip refused"},
		{TagDroppedAtIDIP, "idip enters pressure deliveries without their mark", "M7", "ledger refused"},
		{TagDroppedAtRecon, "recon does not look into the shadow table, and asks again for the pressure deliveries without their mark", "M7", "courier refused"},
		{PanicServed, "a request to idip panics; the HTTP server logs it and goes on", "M8", "http: panic serving"},
		{PanicSwallowed, "a worker of ams-heavy panics, logs the stack, and goes on", "M8", "left the stack of a panic"},
		{EndsWell, "the courier ends in the middle of its work, with exit code 0", "M8", "courier: ended by itself"},
		{EndsBadly, "idip ends in the middle of its work, with exit code 1 and no word", "M8", "idip: ended by itself"},
	}
}

// Versions is every bug of a new version beside an old one without it, in the order of the stages.
func Versions() []Version {
	return []Version{
		{GrayFen, "the new version shows and logs one fen more for each share of gift 0", `was told \d+ fen by the new version`, New, 1, 1},
		{GrayTag, "the new version asks Redis for pressure claims without their tag", "lost their tag on the way: cmem refused", New, 1, 1},
		{GrayErrs, "the new version answers one list or select in 300 with what the API does not promise: 0.2 points more errors", "errors fail:", New, 1, 20},
		{GraySlow, "the new version holds its slower answers back, so that its p99 is 15 % above the old one's", "p99 of (reads|claims) fail:", New, 1, 50},
		{GrayUneven, "the gateway sends 49 % of the users to the new version when it is to send 50 %", "the split is wrong", "tgw", 50, 50},
	}
}

// Check is nil for None and for the name of a bug.
func Check(name string) error {
	if name == None || slices.Contains(Names(), name) {
		return nil
	}
	return fmt.Errorf("no mutant is called %q; see system/mutant for those there are", name)
}

// Names are the names of all bugs.
func Names() (names []string) {
	for _, b := range All() {
		names = append(names, b.Name)
	}
	for _, v := range Versions() {
		names = append(names, v.Name)
	}
	return names
}
