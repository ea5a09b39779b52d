// Command redpacket is every role of the red packet system: redpacket <role>, configured by its environment.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"redpacket/system/config"
	"redpacket/system/inside"
	"redpacket/system/roles/ams"
	"redpacket/system/roles/att"
	"redpacket/system/roles/controld"
	"redpacket/system/roles/courier"
	"redpacket/system/roles/gslb"
	"redpacket/system/roles/idip"
	"redpacket/system/roles/keeper"
	"redpacket/system/roles/linkd"
	"redpacket/system/roles/logd"
	"redpacket/system/roles/promo"
	"redpacket/system/roles/recommend"
	"redpacket/system/roles/recon"
	"redpacket/system/roles/registry"
	"redpacket/system/roles/report"
	"redpacket/system/roles/tgw"
	"redpacket/system/roles/zhiyun"
)

// roles are the roles of this binary, in the order of a claim's path, the optional ones last. Each runs until its context ends.
var roles = []struct {
	name string
	run  func(context.Context, config.Config) error
}{
	{"tgw", tgw.Run},
	{"ams-light", ams.Light},
	{"ams-heavy", ams.Heavy},
	{"keeper", keeper.Run},
	{"log", logd.Run},
	{"courier", courier.Run},
	{"idip", idip.Run},
	{"recon", recon.Run},
	{"linkd", linkd.Run},
	{"gslb", gslb.Run},
	{"promo", promo.Run},
	{"registry", registry.Run},
	{"recommend", recommend.Run},
	{"report", report.Run},
	{"control", controld.Run},
	{"zhiyun", zhiyun.Run},
	{"att", att.Run},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "redpacket:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var names []string
	for _, r := range roles {
		names = append(names, r.name)
	}
	if len(args) == 1 && args[0] == "roles" {
		fmt.Println(strings.Join(names, "\n"))
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if len(args) > 0 && args[0] == inside.Command {
		return inside.Run(ctx, args[1:], os.Stdout)
	}
	if len(args) != 1 || !slices.Contains(names, args[0]) {
		return fmt.Errorf("usage: redpacket ROLE, configured by %s; the roles are %s", config.Variable, strings.Join(names, ", "))
	}
	if err := calm(); err != nil {
		return err
	}
	cfg, err := config.FromEnv()
	if err != nil {
		return err
	}
	if err := roles[slices.Index(names, args[0])].run(ctx, cfg); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s %s: %w", args[0], cfg.Node, err)
	}
	return nil
}
