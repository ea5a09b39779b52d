package judge

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/money"
)

// share is what a user holds of a gift: nothing, a share nobody was told of, or one that is known.
type share struct {
	held  bool
	order api.Order // 0: not known
	fen   money.Fen
}

// register is what one user and one gift promise. A claim that was done gives the share, or gives the same again; sold out
// is an answer only to who holds nothing; a claim of unknown outcome may have given a share. What other refusals say does
// not hang on the share, so they are not asked about.
func register() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{share{}} },
		Step: func(state, _, output any) []any { return after(state.(share), output.(loadprofiles.Attempt)) },
	}
	return m.ToModel()
}

// after is what a user may hold after a claim; nothing when the claim cannot have ended so.
func after(s share, a loadprofiles.Attempt) []any {
	switch told := (share{true, a.Order, a.Fen}); {
	case a.Outcome == api.Done && (!s.held || s.order == 0 || s == told):
		return []any{told}
	case a.Outcome == api.Done, a.Outcome == api.Refused && s.held:
		return nil
	case a.Outcome == api.Refused || s.held:
		return []any{s}
	}
	return []any{s, share{held: true}} // unknown: it happened, or it did not
}

// tells says whether a claim's outcome hangs on what its user holds. Shed and refused too soon do not.
func tells(a loadprofiles.Attempt) bool {
	return a.Outcome == api.Done || a.Code == api.SoldOut && a.Outcome == api.Refused || open(a)
}

// open says that nobody knows whether, or when, the claim had its effect.
func open(a loadprofiles.Attempt) bool { return a.Outcome == api.Doubt || a.Outcome == api.Failed }

// mostSteps bounds the search through one history; a history without a violation takes a step a claim.
const mostSteps = 100_000

// explained searches for an order of the claims that the register allows. tired says that the search was given up.
//
// The effect of a claim lies between the time it was owed, which is never after it was sent, and the time its answer came.
// One of unknown outcome may have its effect at any later time, or never: its interval has no end.
func explained(history []loadprofiles.Attempt, skew time.Duration) (ok, tired bool) {
	model, steps := register(), 0
	step := model.Step
	model.StepContext = nil
	model.Step = func(state, input, output any) (bool, any) {
		if steps++; steps > mostSteps {
			return false, state
		}
		return step(state, input, output)
	}
	operations := make([]porcupine.Operation, len(history))
	for i, a := range history {
		from := int64(max(a.Owed, 0) - skew)
		to := int64(math.MaxInt64)
		if !open(a) && a.Took < math.MaxInt64-a.Owed-2*skew {
			to = int64(max(a.Owed, 0) + max(a.Took, 0) + skew)
		}
		operations[i] = porcupine.Operation{ClientId: i, Output: a, Call: from, Return: to}
	}
	ok = porcupine.CheckOperations(model, operations)
	return ok, steps > mostSteps
}

// contradiction finds two claims of a history that do not go together, whatever the order of the others. It says less than
// the search does, and is there to word a violation, and to find one that the search grew tired of.
func contradiction(history []loadprofiles.Attempt, skew time.Duration) (string, bool) {
	history = slices.Clone(history)
	slices.SortStableFunc(history, func(a, b loadprofiles.Attempt) int { return cmp.Compare(a.Owed+a.Took, b.Owed+b.Took) })
	first := slices.IndexFunc(history, func(a loadprofiles.Attempt) bool { return a.Outcome == api.Done })
	if first < 0 {
		return "", false
	}
	held := history[first]
	for _, a := range history {
		if a.Outcome == api.Done && (a.Order != held.Order || a.Fen != held.Fen) {
			return say("told order %d of %d fen at %s, and order %d of %d fen at %s", held.Order, held.Fen, round(held.Owed+held.Took),
				a.Order, a.Fen, round(a.Owed+a.Took)), true
		}
	}
	for _, a := range history {
		if a.Outcome == api.Refused && a.Owed-skew > held.Owed+held.Took+skew {
			return say("told order %d at %s, and asking again from %s on: sold out", held.Order, round(held.Owed+held.Took), round(a.Owed)), true
		}
	}
	return "", false
}
