package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"redpacket/drills/playbooks"
	"redpacket/system/control/ops"
)

// playbook is playbook list | activate ID | rollback ID.
func (a *app) playbook(ctx context.Context, args []string, o options) (int, error) {
	platform := ops.Client{URL: o.at, Token: o.token}
	if args[0] == "list" {
		if len(args) > 1 {
			return exitRig, fmt.Errorf("playbook list takes no playbook; it lists all")
		}
		return a.listPlaybooks(ctx, platform)
	}
	var do func(context.Context, string) (ops.Outcome, error)
	switch args[0] {
	case "activate":
		do = platform.Activate
	case "rollback":
		do = platform.RollBack
	default:
		return exitRig, fmt.Errorf("playbook cannot %q; it can list, activate ID and rollback ID", args[0])
	}
	switch {
	case len(args) != 2:
		return exitRig, fmt.Errorf("which playbook? usage: rehearse playbook %s ID --at URL --token TOKEN", args[0])
	case o.at == "" || o.token == "":
		return exitRig, fmt.Errorf("playbook %s needs --at, the address of the running system's platform, and --token, that run's token", args[0])
	}
	outcome, err := do(ctx, args[1])
	if err != nil && !errors.Is(err, ops.ErrMissing) {
		return exitRig, err
	}
	changed := "changed"
	if !outcome.Changed {
		changed = "it was so already"
	}
	fmt.Fprintf(a.out, "%s %s: version %d (%s), %d of %d processes after %d ms\n", args[0], args[1], outcome.Version, changed,
		outcome.Instances-len(outcome.Missing), outcome.Instances, outcome.TookMS)
	for _, who := range outcome.Missing {
		fmt.Fprintln(a.out, "  missing   ", who)
	}
	if err != nil {
		return exitFail, nil
	}
	return exitPass, nil
}

// listPlaybooks prints the register, with the state of each where there is a platform to ask.
func (a *app) listPlaybooks(ctx context.Context, platform ops.Client) (int, error) {
	var all []ops.Standing
	if platform.URL != "" {
		var err error
		if all, err = platform.Playbooks(ctx); err != nil {
			return exitRig, err
		}
	} else {
		for _, p := range playbooks.All() {
			all = append(all, ops.Describe(p))
		}
	}
	for _, s := range all {
		state, who := s.State, "by hand"
		switch {
		case platform.URL == "":
			state = "not asked"
		case s.By != "":
			state += " by " + s.By
		}
		if s.Due != "" {
			state += ", due to " + s.Due
		}
		if s.Automatic {
			who = "automatic"
		}
		fmt.Fprintf(a.out, "%-4s %s (%s; %s)\n", s.ID, s.Name, state, who)
		fmt.Fprintf(a.out, "     opens    %s%s\n     closes   %s\n", after(s.After), s.Trigger, s.Close)
		if action, err := json.Marshal(s.Action); err == nil && string(action) != "{}" {
			fmt.Fprintf(a.out, "     switches %s: %s\n", action, s.Expect)
		}
		if s.Calls != "" {
			fmt.Fprintf(a.out, "     calls    %s: %s\n", s.Calls, s.Expect)
		}
		if s.ByHand != "" {
			fmt.Fprintf(a.out, "     people   %s\n", s.ByHand)
		}
		fmt.Fprintf(a.out, "     proof    %s\n     decides  %s\n", s.Proof, s.Decides)
	}
	return exitPass, nil
}

func after(id string) string {
	if id == "" {
		return ""
	}
	return "with " + id + " active, "
}
