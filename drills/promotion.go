package drills

import (
	"errors"
	"fmt"
	"slices"

	"redpacket/drills/judge"
	"redpacket/drills/playbooks"
	"redpacket/system/control/playbook"
)

// checkPromotion sees that a promotion has a valve to follow, that a valve which a step turns is followed by somebody, and
// that the drill asks whether it was.
func (d Drill) checkPromotion() error {
	brings, turned := d.Load.Promotion.Share > 0, slices.ContainsFunc(d.Steps, func(t Timed) bool { return turnsValve(t.Step) })
	asked := slices.ContainsFunc(d.Assertions, func(a judge.Assertion) bool {
		_, ok := a.(judge.ValveFollowed)
		return ok
	})
	var errs []error
	if brings && len(d.Topology.Role("promo")) == 0 {
		errs = append(errs, fmt.Errorf("a promotion brings %g of its users, but topology %s has nobody who runs it; take one with a promo", d.Load.Promotion.Share, d.Topology.Name))
	}
	if turned && !brings {
		errs = append(errs, errors.New("a step stops the promotion, but nobody of its load comes by one; give it loadprofiles.Pushed"))
	}
	if turned && !asked {
		errs = append(errs, errors.New("a step stops the promotion, and it does not ask whether the load followed; add judge.ValveFollowed"))
	}
	return errors.Join(errs...)
}

// turnsValve says whether a step activates a playbook that stops the promotion.
func turnsValve(s Step) bool {
	id, _ := activates(s)
	p, _ := playbook.Find(playbooks.All(), id)
	return p.Action.StopPromotion
}
