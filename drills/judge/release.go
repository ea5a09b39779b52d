package judge

import (
	"slices"
	"strings"
	"time"

	"redpacket/drills/record"
	"redpacket/system/api"
)

// TakeBack is the event by which a release ends, planned or not; ReleaseTo begins those by which it grows.
const (
	TakeBack  = "take the release back"
	ReleaseTo = "release to "
)

// Recall is the event of an abort rule that tripped.
const Recall = "recall"

// GateName is the event of what was decided before a stage, in percent.
func GateName(percent int) string { return say("gate before %d %%", percent) }

// StageName is the event by which a release reaches a share, in percent.
func StageName(percent int) string { return say("%s%d %%", ReleaseTo, percent) }

// StageWindow is the window in which a stage, in percent, is looked at.
func StageWindow(percent int) string { return say("%d %%", percent) }

// Aborted is the level of the gate event of an abort rule that tripped; those of gates are statuses.
const Aborted = "abort"

// Released asks whether a release went through all its stages: every gate let it pass, and no abort rule tripped.
type Released struct{ Stages []int } // percent, rising

// String is the promise.
func (a Released) String() string {
	var words []string
	for _, percent := range a.Stages {
		words = append(words, say("%d", percent))
	}
	return say("the release goes to %s %% of the users, past every gate", strings.Join(words, ", "))
}

// Kind is Hypothesis.
func (Released) Kind() Kind { return Hypothesis }

// Check looks at what was decided while the drill ran.
func (a Released) Check(c *Case) (Finding, error) {
	looked := uint64(0)
	for _, e := range c.Events {
		if e.Track != record.Gate {
			continue
		}
		looked++
		if e.Level == Aborted || e.Level == Fail.String() {
			return failed(looked, "%s: %s; %s", e.What, e.Because, c.tookBack()), nil
		}
	}
	for _, percent := range a.Stages {
		e, taken := c.Event(StageName(percent))
		if !taken || e.Err != "" {
			return unsure(looked, "it never came to %d %%: %s", percent, c.lastGate()), nil
		}
		looked++
	}
	return passed(looked, "%d stages, %d gates", len(a.Stages), looked-uint64(len(a.Stages))), nil
}

// tookBack says how the release was taken back.
func (c *Case) tookBack() string {
	e, ok := c.Event(TakeBack)
	switch {
	case !ok:
		return "it was not taken back"
	case e.Err != "":
		return "it could not be taken back: " + e.Err
	}
	return say("taken back at %s, effective everywhere after %s", round(e.From), round(e.Effective-e.From))
}

func (c *Case) lastGate() string {
	for _, e := range slices.Backward(c.Events) {
		if e.Track == record.Gate {
			return e.What + ": " + e.Because
		}
	}
	return "no gate was looked at"
}

// TakenBack asks how soon a release is off every process once it is taken back, and whether the new version then answers nobody.
type TakenBack struct{ Within time.Duration }

// String is the promise.
func (a TakenBack) String() string {
	return say("once taken back, the release is off every process within %s, and the new version answers nobody", a.Within)
}

// Kind is Recovery.
func (TakenBack) Kind() Kind { return Recovery }

// afterBack is when no request that was sent to the new version before can still be owed.
const afterBack = time.Second

// Check looks at the event, which is effective when every process has echoed it, and at every answer after that.
func (a TakenBack) Check(c *Case) (Finding, error) {
	e, there := c.Event(TakeBack)
	switch {
	case !there:
		return unsure(0, "it was never taken back"), nil
	case e.Err != "" || e.Effective == 0:
		return failed(1, "it is not off every process: %s", e.Err), nil
	case c.Versions == nil:
		return unsure(0, "the generator told nobody apart"), nil
	}
	took := e.Effective - e.From
	s := record.Span{From: e.Effective + afterBack, To: c.Length()}
	done := record.Which{Outcomes: []api.Outcome{api.Done}}
	byOld := c.Versions.Of(record.Who{To: 100, By: record.Old}).Count(s, done)
	byNew := c.Versions.Of(record.Who{To: 100, By: record.New}).Count(s, record.Which{})
	if byNew > 0 {
		return failed(byOld+byNew, "%d answers of the new version later than %s after it", byNew, afterBack), nil
	}
	return held(took <= a.Within, byOld, "off every process after %s; %d answers after it, none by the new version", round(took), byOld), nil
}

// Burns is an abort rule: over the last seconds so large a share more of the new version's users were not answered as meant.
type Burns struct {
	More  float64       // share: 0.05
	Over  time.Duration // 3 s
	Least uint64        // requests of its users, or nobody can tell
}

// String is the rule.
func (b Burns) String() string {
	return say("over %s the new version's users hear %s points more errors than the others (of %d requests or more)", b.Over, points(b.More), b.Least)
}

// Trips looks at the latest seconds that are complete, while a share of the users has the new version.
func (b Burns) Trips(v *record.Versions, released int) (why string, trips bool) {
	if v == nil || released <= 0 || released >= 100 || !v.Whole(released) {
		return "", false
	}
	s := sides{span: record.Span{From: max(0, v.Until()-b.Over), To: v.Until()}, gray: v.Of(record.Who{To: released}), base: v.Of(record.Who{From: released, To: 100})}
	bad := record.Which{Ops: Critical(), Outcomes: []api.Outcome{api.Failed, api.Shed, api.Doubt}}
	all := record.Which{Ops: Critical()}
	asked := s.gray.Count(s.span, all)
	g, base := ratio(s.gray.Count(s.span, bad), asked), ratio(s.base.Count(s.span, bad), s.base.Count(s.span, all))
	if asked < b.Least || g-base < b.More {
		return "", false
	}
	return say("%s of %d requests of the new version's users were not answered as meant, and %s of the others", percent(g), asked, percent(base)), true
}
