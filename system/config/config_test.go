package config

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"redpacket/system/activity"
)

func TestAConfigSurvivesItsText(t *testing.T) {
	want := Config{Node: "tgw", Admin: ":9100", Peers: map[string]string{"log": "10.0.0.1:21001"},
		Activity: activity.Festival(1, 0.01), Rules: Default()}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rules != want.Rules || got.Rules.ClaimEvery.D() != 5*time.Second || got.Node != "tgw" {
		t.Errorf("got %+v", got.Rules)
	}
	if addr, err := got.Peer("log"); err != nil || addr != "10.0.0.1:21001" {
		t.Errorf("peer log: %q, %v", addr, err)
	}
	if _, err := got.Peer("cmem-9"); err == nil || !strings.Contains(err.Error(), `"cmem-9"`) {
		t.Errorf("an unknown peer: %v", err)
	}
}

func TestOwnIsThePeerOfThisDataCentre(t *testing.T) {
	one := Config{IDC: "a", Peers: map[string]string{"log": "x:1"}}
	two := Config{IDC: "b", Peers: map[string]string{"log-a": "x:2", "log-b": "x:3"}}
	if addr, err := one.Own("log"); err != nil || addr != "x:1" {
		t.Errorf("alone: %q, %v", addr, err)
	}
	if addr, err := two.Own("log"); err != nil || addr != "x:3" {
		t.Errorf("in b: %q, %v", addr, err)
	}
	if _, err := two.Own("idip"); err == nil {
		t.Error("found a peer that is not there")
	}
}

func TestBadConfigsAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                                 "unexpected EOF",
		`{"node":"x","admin":":1","nod":1}`: `unknown field "nod"`,
		`{"admin":":1"}`:                    "node has no name",
		`{"node":"x"}`:                      "no admin address",
		`{"node":"x","admin":":1","rules":{"claim_every":"5"}}`:     "missing unit",
		`{"node":"x","admin":":1","part":{"idc":1,"of":1}}`:         "no such part",
		`{"node":"x","admin":":1","rules":{"balance":{"fall":-1}}}`: "balance below 0",
		`{"node":"x","admin":":1","rules":{"l5":"fast"}}`:           `no set of l5's rules is called "fast"`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestFromEnv(t *testing.T) {
	t.Setenv(Variable, "")
	if _, err := FromEnv(); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("no variable: %v", err)
	}
	t.Setenv(Variable, `{"node":"x","admin":":1"}`)
	if c, err := FromEnv(); err != nil || c.Node != "x" {
		t.Errorf("got %+v, %v", c, err)
	}
}
