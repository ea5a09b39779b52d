// Package config is what one process of the system is told when it starts: who it is, where it listens, through which
// links it reaches its peers, and the rules of the run.
package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"redpacket/system/activity"
	"redpacket/system/l5"
)

// Variable is the environment variable that carries a Config as JSON.
const Variable = "REDPACKET_CONFIG"

// Config is one process' orders.
type Config struct {
	Node  string `json:"node"`  // its name in the topology, such as ams-heavy-1
	IDC   string `json:"idc"`   // a or b
	Front string `json:"front"` // where users connect (tgw, gslb and promo only), host:port
	Inner string `json:"inner"` // where peers connect, host:port; empty for a role nobody calls
	Admin string `json:"admin"` // health, metrics, switches: host:port, out of the front network's reach
	Data  string `json:"data"`  // a directory of its own that outlives the process; empty where none is needed

	Peers map[string]string `json:"peers"` // a peer's node name -> host:port of the link that leads to it
	Links []Forward         `json:"links"` // what a linkd forwards; empty for every other role
	Sites []Site            `json:"sites"` // the data centres' gateways, for gslb; their own one's, for att

	Part activity.Part `json:"part"` // of every stock, that this data centre gives out

	Token     string     `json:"token"`               // what a change over an admin port must show, made for the run; empty: none is allowed
	Instances []Instance `json:"instances,omitempty"` // whom zhiyun looks after; empty for every other role

	Key      string            `json:"key"` // signs login tokens: 32 hex digits, made for the run
	Activity activity.Activity `json:"activity"`
	Rules    Rules             `json:"rules"`
}

// Forward is one link that a linkd carries.
type Forward struct {
	Name   string `json:"name"`
	Listen string `json:"listen"` // host:port
	To     string `json:"to"`     // host:port of the node behind it

	Datagrams bool `json:"datagrams,omitempty"` // it carries UDP; else TCP
}

// Site is one data centre as the name service knows it.
type Site struct {
	IDC   string `json:"idc"`   // a or b; its users ask for the name <idc>.front.redpacket.test
	Node  string `json:"node"`  // its gateway
	Front string `json:"front"` // where users connect: host:port
	Admin string `json:"admin"` // where the gateway's health is asked: host:port
}

// Instance is one process with an admin port.
type Instance struct {
	Node  string `json:"node"`
	Role  string `json:"role"`
	IDC   string `json:"idc"`
	Admin string `json:"admin"` // host:port
}

// Rules are the run's limits. Rates are per second and already scaled; times are never scaled.
type Rules struct {
	ClaimEvery   Duration `json:"claim_every"`   // one claim per user in this time: 5s
	ReadWithin   Duration `json:"read_within"`   // tgw answers list, select and receipt within this, or says busy
	ClaimWithin  Duration `json:"claim_within"`  // tgw answers a claim within this, or says unknown
	QueueTarget  Duration `json:"queue_target"`  // the queue wait in ams that admission steers to
	LightRate    float64  `json:"light_rate"`    // calls/s that ONE ams-light is built for; 0: as many as it can
	HeavyRate    float64  `json:"heavy_rate"`    // claims/s that ONE ams-heavy is built for; 0: as many as it can
	Reserve      float64  `json:"reserve"`       // the share of what an instance is built for that neighbours' calls have to themselves: 0 … 1
	DeliveryRate float64  `json:"delivery_rate"` // deliveries/s that each game accepts; the courier's and idip's limit; 0: any
	L5           string   `json:"l5"`            // which set of l5's rules callers judge instances by: polaris or drill
	Spread       Duration `json:"spread"`        // a refusal asks the client to come back within Retry-After + [0, Spread)
	Balance      Balance  `json:"balance"`

	Capacity Capacity `json:"capacity,omitzero"` // what playbooks' triggers are shares of
}

// Balance is how users are sent to data centres. In service a TTL is a minute and a gateway is asked every ten seconds; a
// drill has no time for that, and the record says what it ran with.
type Balance struct {
	TTL    Duration `json:"ttl"`    // how long clients keep an answer; whole seconds
	Every  Duration `json:"every"`  // between two probes of a gateway
	Within Duration `json:"within"` // a probe that is not answered within this has failed
	Fall   int      `json:"fall"`   // so many failures in a row take a gateway out
	Rise   int      `json:"rise"`   // so many successes in a row bring it back
}

// Capacity is what was measured to be the most. A 0 was not measured: no trigger that is a share of it can be met.
type Capacity struct {
	Requests   float64 `json:"requests,omitempty"`    // requests/s at the front doors, all ops together
	StoreBytes float64 `json:"store_bytes,omitempty"` // bytes/s that the stores' network carries
	Backlog    float64 `json:"backlog,omitempty"`     // grants that may wait for delivery
}

// Default is the rules of an unscaled run without build limits. The eleven games together accept about 2,000 deliveries a
// second, a quarter of what is granted at the estimate: late, never lost.
func Default() Rules {
	return Rules{
		ClaimEvery: Duration(5 * time.Second), ReadWithin: Duration(250 * time.Millisecond),
		ClaimWithin: Duration(500 * time.Millisecond), QueueTarget: Duration(20 * time.Millisecond),
		Reserve: 0.1, DeliveryRate: 200, Spread: Duration(4 * time.Second), L5: l5.Drill().Name,
		Balance: Balance{TTL: Duration(time.Second), Every: Duration(500 * time.Millisecond), Within: Duration(time.Second), Fall: 3, Rise: 2},
	}
}

// Duration is a time.Duration that is written as text ("5s") in JSON.
type Duration time.Duration

// MarshalText writes the duration as Go does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// D is the duration as Go's own type.
func (d Duration) D() time.Duration { return time.Duration(d) }

// FromEnv reads the process' Config from its environment. An unknown field is an error: two builds that disagree about
// a rule must not run together.
func FromEnv() (Config, error) {
	text := os.Getenv(Variable)
	if text == "" {
		return Config{}, fmt.Errorf("%s is not set; it carries the process' configuration as JSON", Variable)
	}
	return Parse([]byte(text))
}

// Parse reads a Config strictly and checks it; every mistake is returned.
func Parse(text []byte) (Config, error) {
	var c Config
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("%s: %w", Variable, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Config{}, fmt.Errorf("%s: something stands behind the JSON of node %s", Variable, c.Node)
	}
	return c, c.check()
}

func (c Config) check() error {
	var errs []error
	if c.Node == "" {
		errs = append(errs, errors.New("node has no name"))
	}
	if c.Admin == "" {
		errs = append(errs, fmt.Errorf("node %s has no admin address", c.Node))
	}
	if m := c.Rules.Capacity; !(m.Requests >= 0 && m.StoreBytes >= 0 && m.Backlog >= 0) {
		errs = append(errs, fmt.Errorf("node %s has capacities below 0: %+v", c.Node, m))
	}
	if r := c.Rules; min(r.ClaimEvery, r.ReadWithin, r.ClaimWithin, r.QueueTarget, r.Spread) < 0 || min(r.LightRate, r.HeavyRate, r.DeliveryRate, r.Reserve) < 0 || r.Reserve > 1 {
		errs = append(errs, fmt.Errorf("node %s has rules below 0, or a reserve above 1: %+v", c.Node, r))
	}
	if b := c.Rules.Balance; min(b.TTL, b.Every, b.Within) < 0 || min(b.Fall, b.Rise) < 0 {
		errs = append(errs, fmt.Errorf("node %s has a balance below 0: %+v", c.Node, b))
	}
	if c.Rules.L5 != "" {
		if _, err := l5.Named(c.Rules.L5); err != nil {
			errs = append(errs, fmt.Errorf("node %s: %w", c.Node, err))
		}
	}
	if len(c.Activity.Gifts) > 0 {
		errs = append(errs, c.Activity.Check())
	}
	if err := c.Part.Check(); err != nil {
		errs = append(errs, fmt.Errorf("node %s: %w: %+v", c.Node, err, c.Part))
	}
	return errors.Join(errs...)
}

// Own is the address of the link to this data centre's own instance of a role that it has one of: the peer called log, or
// log-a in data centre a.
func (c Config) Own(role string) (string, error) {
	if addr, ok := c.Peers[role+"-"+c.IDC]; ok {
		return addr, nil
	}
	return c.Peer(role)
}

// PeersOf are the addresses of the links to all peers of a role, in the order of their names: the node that is called as
// its role is, and those called role-something. A role that this process has no link to has none.
func (c Config) PeersOf(role string) []string {
	var addrs []string
	for _, name := range slices.Sorted(maps.Keys(c.Peers)) {
		if name == role || strings.HasPrefix(name, role+"-") && !strings.Contains(name, "--") {
			addrs = append(addrs, c.Peers[name])
		}
	}
	return addrs
}

// Peer is the address of the link to a peer, or an error that names the peers there are.
func (c Config) Peer(name string) (string, error) {
	if addr, ok := c.Peers[name]; ok {
		return addr, nil
	}
	return "", fmt.Errorf("node %s has no link to %q; it has %d links", c.Node, name, len(c.Peers))
}

// DeliveryShare is how much of each game's limit this data centre's courier may use: an even share, so that all of them
// together never ask for more; 0: any.
func (c Config) DeliveryShare() float64 { return c.Rules.DeliveryRate / float64(max(1, c.Part.Of)) }
