package catalog

import (
	"time"

	"redpacket/drills"
	"redpacket/drills/judge"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/estimate"
	"redpacket/system/activity"
	"redpacket/system/api"
)

// The gray drills on the traffic model: the real activity is released to a hundredth of the users, and what they do is
// measured and put beside the sheet that the event was estimated by.
const (
	grayScale = 0.01
	margin    = 0.20 // of each ratio, relative
	// exposures is how many users are shown the event per second, at the peak of the whole event.
	exposures = loadprofiles.Game
)

// truth is how users really behave: what the sheet should say. It is written down apart from the sheet, for a sheet that is
// compared with itself holds whatever it says.
func truth() loadprofiles.Funnel {
	return loadprofiles.Funnel{Click: 0.20, Statics: 3, Select: 0.80, Claim: 0.90, Receipt: 0.96}
}

// wanted are the gifts of the real activity that users ask for, all alike: nine for everybody, seven for new users.
func wanted() []api.Gift {
	return []api.Gift{0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16}
}

// festivalSheet is the sheet that people sign. One that cannot be read is no sheet, which a drill's check refuses.
func festivalSheet() estimate.Sheet {
	s, err := estimate.Festival()
	if err != nil {
		return estimate.Sheet{}
	}
	return s
}

// released is a drill in which users behave by a funnel, at the event's exposures. The system is the whole one: there is
// no limit to what it is built for, for a gray rehearsal asks what comes, not what can be carried.
func released(d drills.Drill, f loadprofiles.Funnel) drills.Drill {
	d.Group = "gray"
	d = event(d)
	d.Built = 0
	d.Load.Funnel = f
	d.Load.Users.Gifts, d.Load.Users.GiftSkew = wanted(), 0
	// Stock for more users than come: at this scale who wins must hang on who may, not on who comes first.
	d.Activity = func(seed uint64, scale float64) activity.Activity { return activity.Festival(seed, 10*scale) }
	return d
}

// requests is the rate of requests that the event's exposures bring, when users behave by a funnel.
func requests(f loadprofiles.Funnel) float64 { return exposures * f.Click * f.PerClick() }

// gray is the one phase in which the ratios are measured.
const gray = "gray"

func shown(f loadprofiles.Funnel, length time.Duration) []drills.Phase {
	return []drills.Phase{
		{Name: "warm", Curve: loadprofiles.Hold(requests(f), 2*time.Second)},
		{Name: gray, Curve: loadprofiles.Hold(requests(f), length)},
	}
}

// ModelTrue is GR-1: users behave as the sheet says, and the gate lets it pass.
func ModelTrue(asked time.Duration) drills.Drill {
	f := truth()
	return released(drills.Drill{
		ID: "gr-1", Name: "is the traffic model true?", Scale: grayScale,
		Why:    "what the pressure drills multiply is not what users do",
		Phases: shown(f, length(asked, 40*time.Second)),
		Assertions: []judge.Assertion{
			judge.ModelHolds{Sheet: festivalSheet(), Within: margin, In: gray},
			judge.Succeeds{AtLeast: 0.999, In: gray},
		},
	}, f)
}

// ModelWrong is GR-2: more than twice as many click as the sheet says. The gate must refuse the sheet, and the one that is
// worked out anew must tell of the night.
func ModelWrong(asked time.Duration) drills.Drill {
	f := truth()
	f.Click = 0.42
	return released(drills.Drill{
		ID: "gr-2", Name: "the gate refuses a model that is wrong", Scale: grayScale,
		Why:    "a wrong estimate is signed, and the night is the first to tell",
		Phases: shown(f, length(asked, 40*time.Second)),
		Assertions: []judge.Assertion{
			judge.ModelRefused{Sheet: festivalSheet(), Within: margin, In: gray, AtLeast: 2.08},
			judge.Succeeds{AtLeast: 0.999, In: gray},
		},
	}, f)
}

// The users with an offline package in GR-4, and the share of all users for whom it goes missing.
const (
	packed  = 0.90
	lost    = 0.30
	packTTL = 2 * time.Second
)

// PackageMissing is GR-4: the offline package is missing for 30 % of the users. The static rate rises as the model says,
// nothing else does, and one TTL after the mend it is as before.
func PackageMissing(asked time.Duration) drills.Drill {
	f := truth()
	rate, each := requests(f), max(length(asked, 12*time.Second), 6*time.Second)
	// While the users take notice the rate is between two, and nobody asks about it.
	d := drills.Drill{
		ID: "gr-4", Name: "the offline package is missing for 30 % of the users", Scale: 0.05,
		Why: "static parts that come from the system after all take it down, or take the claims down with them",
		Phases: []drills.Phase{
			{Name: "warm", Curve: loadprofiles.Hold(rate, 2*time.Second)},
			{Name: "packed", Curve: loadprofiles.Hold(rate, each)},
			{Name: "losing", Curve: loadprofiles.Hold(rate, packTTL)},
			{Name: "missing", Curve: loadprofiles.Hold(rate, each)},
			{Name: "mending", Curve: loadprofiles.Hold(rate, packTTL)},
			{Name: "mended", Curve: loadprofiles.Hold(rate, each)},
		},
	}
	share := map[string]float64{"packed": packed, "missing": packed - lost, "mended": packed}
	for _, in := range []string{"packed", "missing", "mended"} {
		d.Assertions = append(d.Assertions,
			judge.AsModelled{Sheet: festivalSheet(), Offline: share[in], Ops: []api.Op{api.Static}, Within: margin, In: in},
			judge.AsModelled{Sheet: festivalSheet(), Offline: share[in], Ops: judge.Critical(), Within: 0.10, In: in},
			judge.Succeeds{AtLeast: 0.999, In: in})
	}
	windows := d.Windows()
	d = released(d, f)
	d.Load.Packages = loadprofiles.Packages{TTL: packTTL, Changes: []loadprofiles.Package{
		{Share: packed}, {From: windows[2].From, Share: packed - lost}, {From: windows[4].From, Share: packed}}}
	return d
}
