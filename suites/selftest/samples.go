package selftest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"redpacket/faults"
	"redpacket/faults/app"
	"redpacket/faults/clock"
	"redpacket/faults/idc"
	"redpacket/faults/kinds"
	"redpacket/faults/link"
	"redpacket/faults/node"
	"redpacket/faults/packet"
	"redpacket/faults/resource"
)

// Samples are faults of every kind that the smoke drill's system can have, so mild that it goes on.
func Samples() []faults.Fault {
	hit := link.Hit{On: "keeper--cmem-2", Share: 1}
	side := []string{"ams-light-1--recommend", "ams-light-2--recommend"}
	stray := link.Stray{On: "report", Way: link.Requests, Share: 1, Seed: 1}
	half := stray
	half.Share = 0.5
	return []faults.Fault{
		node.Killed{Node: "registry"}, node.Frozen{Node: "recommend"},
		resource.Squeezed{Node: "recommend", Cores: 0.02}, resource.OutOfMemory{Node: "report"}, resource.DiskFull{Node: "ams-heavy-2"},
		packet.Dropped{Node: "linkd-side", Links: side, Share: 1}, packet.Isolated{Node: "recommend"},
		packet.Narrow{Node: "recommend", Rate: 16 << 10}, packet.Delayed{Node: "recommend", By: 50 * time.Millisecond},
		app.Failing{Node: "recommend", Share: 1}, app.Slow{Node: "recommend", By: time.Second}, app.Mute{Node: "recommend", Share: 1},
		clock.Skewed{Node: "recommend", Ahead: 25 * time.Hour},
		idc.Dead{IDC: "a", Nodes: []string{"recommend", "report"}}, idc.Parted{Carrier: "linkd-side", Links: side}, idc.Secluded{IDC: "a", Gateways: []string{"tgw"}},
		link.Latency{Hit: hit, Delay: 100 * time.Millisecond}, link.Bandwidth{Hit: hit, Rate: 10_000},
		link.Sliced{Hit: hit, Size: 4, Every: 5 * time.Millisecond}, link.SlowClose{Hit: hit, By: 500 * time.Millisecond},
		link.Silent{Hit: hit}, link.Reset{Hit: hit}, link.Limited{Hit: hit, Bytes: 100}, link.Cut{On: "cmem-1--cmem-2"},
		link.Lossy{Stray: stray}, link.Duplicated{Stray: stray}, link.Delayed{Stray: stray, By: time.Second},
		link.Reordered{Stray: half, By: 1500 * time.Millisecond}, link.OneWay{On: "report", Lost: link.Requests},
	}
}

// Pairs are so many pairs of samples, drawn by a seed: the firsts go through all kinds, the seconds are any other victim's.
func Pairs(seed uint64, pairs int) (all [][2]faults.Fault) {
	chance := rand.New(rand.NewPCG(seed, uint64(pairs)))
	samples := Samples()
	order := chance.Perm(len(samples))
	for n := range pairs {
		first := samples[order[n%len(order)]]
		second := first
		for second.Victim() == first.Victim() {
			second = samples[chance.IntN(len(samples))]
		}
		all = append(all, [2]faults.Fault{first, second})
	}
	return all
}

// Flag is a fault as the command line takes it.
func Flag(f faults.Fault, at, length time.Duration) (string, error) {
	note, err := kinds.Encode(f)
	if err != nil {
		return "", err
	}
	args, err := json.Marshal(note.Args)
	return fmt.Sprintf("--fault=%s+%s %s %s", at, length, note.Type, args), err
}
