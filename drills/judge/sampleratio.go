package judge

import (
	"errors"
	"math"
	"time"

	"redpacket/drills/judge/sameness"
	"redpacket/drills/record"
	"redpacket/system/api"
)

// SplitAsAsked asks whether as many of the users are answered by the new version as were to be: the sample ratio, which is looked at
// before anything is compared. It passes where a share that is wrong by Off would have shown.
type SplitAsAsked struct {
	Percent int     // of the users, who get the new version in the window: 1 … 99
	Off     float64 // by how much the share must not be wrong: 0.01
	In      string
}

// String is the promise.
func (a SplitAsAsked) String() string {
	return say("in %q %d %% of the users are answered by the new version, within %s points", a.In, a.Percent, points(a.Off))
}

// Kind is Hypothesis.
func (SplitAsAsked) Kind() Kind { return Hypothesis }

// Windows are the windows it asks about.
func (a SplitAsAsked) Windows() []string { return []string{a.In} }

// Check counts the users.
func (a SplitAsAsked) Check(c *Case) (Finding, error) {
	w, err := c.where(a.In)
	if err == nil {
		err = c.inForce(a.Percent, a.In)
	}
	if err == nil && !(a.Percent > 0 && a.Percent < 100 && a.Off > 0) {
		err = errors.New("it wants 1 to 99 percent, and a bound above 0")
	}
	if err != nil {
		return Finding{}, err
	}
	s, err := splitOf(c.Record, w, a.Percent)
	if err != nil {
		return Finding{}, err
	}
	switch {
	case !s.enough():
		return unsure(s.all(), "%s", s.tooFew()), nil
	case s.wrong():
		return failed(s.all(), "%s", s), nil
	case s.Detectable > a.Off:
		return unsure(s.all(), "%s; about %s more are needed to tell %s", s, s.until(a.Off, w.Length()), points(a.Off)), nil
	}
	return passed(s.all(), "%s", s), nil
}

// SampleRatio is who was answered by which version. A wrong one is no failure of the version: nobody knows who was compared.
type SampleRatio struct {
	Percent    int       // of the users, who were to have the new version
	Users      [2]uint64 // who claimed and were answered, each once: by the new version, by the old
	P          float64   // how surprising these are; below sameness.SplitWrong they are wrong
	Detectable float64   // so wrong a share would have shown, with the usual power
}

func (s SampleRatio) all() uint64  { return s.Users[0] + s.Users[1] }
func (s SampleRatio) enough() bool { return min(s.Users[0], s.Users[1]) >= sameness.LeastUsers }
func (s SampleRatio) wrong() bool  { return s.P < sameness.SplitWrong }

func (s SampleRatio) tooFew() string {
	return say("too few users: %d were answered by the new version and %d by the old", s.Users[0], s.Users[1])
}

// String says who, and what that tells.
func (s SampleRatio) String() string {
	if s.wrong() {
		return say("the split is wrong: %d users were answered by the new version and %d by the old, which is not %d %% (p %.2g)", s.Users[0], s.Users[1], s.Percent, s.P)
	}
	return say("%d users beside %d (split p %.2g; %s points could have been told)", s.Users[0], s.Users[1], s.P, points(s.Detectable))
}

// until is how much longer would show a share that is off, if users come as before: what can be told falls with the root of their number.
func (s SampleRatio) until(off float64, watched time.Duration) time.Duration {
	times := s.Detectable / off
	return time.Duration(math.Ceil(watched.Seconds()*(times*times-1))) * time.Second
}

// splitOf counts the users whose claims of a span were granted, each once, by the version that granted. The journal is read whole and
// the users are kept: 20 bytes each.
func splitOf(r *record.Record, w record.Span, percent int) (SampleRatio, error) {
	s := SampleRatio{Percent: percent}
	seen := [2]map[api.User]struct{}{{}, {}}
	for a, err := range r.Attempts() {
		if err != nil {
			return s, err
		}
		if a.Outcome == api.Done && a.Owed >= w.From && a.Owed < w.To {
			by := 1
			if a.Gray {
				by = 0
			}
			seen[by][a.User] = struct{}{}
		}
	}
	share := float64(percent) / 100
	s.Users = [2]uint64{uint64(len(seen[0])), uint64(len(seen[1]))}
	s.P = sameness.SampleRatio(s.Users[0], s.Users[1], share)
	s.Detectable = sameness.SplitDetectable(s.all(), share, sameness.Usual().Power)
	return s, nil
}
