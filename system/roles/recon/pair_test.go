package recon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/grantlog"
	"redpacket/system/pair"
	"redpacket/system/recon"
	"redpacket/system/roles/logd"
)

// site is one data centre: a real log server with its own log and the other one's mirror, and a Redis in memory.
type site struct {
	*shop
	idc    activity.IDC
	twin   grantlog.Twin
	mirror *grantlog.Log // of the other one's log
	shard  grantlog.Shard
	number uint64 // of batches
}

// sites are two data centres with one ledger, and a real witness.
type sites struct {
	site    [2]*site
	witness pair.Witness
	users   [2][]api.User // by home
	said    int
}

func server(t *testing.T, o logd.Options) *logd.Server {
	t.Helper()
	o.Listen, o.Data = "127.0.0.1:0", t.TempDir()
	s, err := logd.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func newSites(t *testing.T) *sites {
	t.Helper()
	p := &sites{}
	third := server(t, logd.Options{Name: "control"})
	if err := control.Create(t.Context(), third.Addr()); err != nil {
		t.Fatal(err)
	}
	store, err := control.Dial(third.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	p.witness = store.Witness()
	for u := api.User(1); len(p.users[0]) < 200 || len(p.users[1]) < 200; u++ {
		p.users[activity.Home(u)] = append(p.users[activity.Home(u)], u)
	}
	var logs [2]*logd.Server
	for idc := range activity.IDC(activity.IDCs) {
		logs[idc] = server(t, logd.Options{Name: "log", Games: 2, IDC: idc.String(), Mirror: (1 - idc).String()})
		if err := logs[idc].Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	books := newShop(0)
	for idc := range activity.IDC(activity.IDCs) {
		s := &site{shop: newShop(0), idc: idc, shard: grantlog.Shard{IDC: idc.String(), Epoch: 1, Primary: "cmem"}}
		s.ledger, s.letters = books.ledger, books.letters
		if s.twin, err = grantlog.OpenTwin(idc.String(), logs[idc].Addr(), logs[1-idc].Addr()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.twin.Close)
		if s.mirror, err = grantlog.Open(logs[idc].Addr(), grantlog.MirrorStream); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.mirror.Close)
		p.site[idc] = s
		p.agree(t, idc, idc, pair.Mirrored)
		s.shard.Open, s.shard.Mode = true, pair.Mirrored
		p.say(t, idc, pair.Own|pair.Mirror)
	}
	return p
}

// agree has the witness told whom a home's users have.
func (p *sites) agree(t *testing.T, home, by activity.IDC, to pair.Mode) {
	t.Helper()
	a, err := pair.ReadAgreement(t.Context(), p.witness, home.String())
	for err != nil && t.Context().Err() == nil { // the store is not reached yet
		a, err = pair.ReadAgreement(t.Context(), p.witness, home.String())
	}
	if _, err = a.Move(t.Context(), p.witness, by.String(), to); err != nil {
		t.Fatal(err)
	}
}

// say announces a site's shard in some of its logs.
func (p *sites) say(t *testing.T, idc activity.IDC, where pair.Places) {
	t.Helper()
	s := p.site[idc]
	p.said++
	s.shard.By = fmt.Sprint("decision ", p.said)
	for which, fence := range map[pair.Places]*uint64{pair.Own: &s.shard.Fence, pair.Mirror: &s.shard.Mirror} {
		if !where.Has(which) {
			continue
		}
		one := s.shard
		one.Fence, one.Mirror = *fence, 0
		said, err := s.twin.Announce(t.Context(), which, one)
		if err != nil {
			t.Fatal(err)
		}
		*fence = said.Fence
	}
}

// log has a site log some grants as the claim path does: in the mirror and in its own log. Its Redis holds them.
func (p *sites) log(t *testing.T, idc activity.IDC, grants ...api.Grant) {
	t.Helper()
	s := p.site[idc]
	s.number++
	b := grantlog.Batch{Epoch: s.shard.Epoch, Writer: "w", Number: s.number, Grants: grants}
	for l, fence := range map[*grantlog.Log]uint64{s.twin.Mirror: s.shard.Mirror, s.twin.Own: s.shard.Fence} {
		if err := l.Publish(t.Context(), fence, b); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range grants {
		s.cmem[g.Order] = g
	}
}

// grants are a site's shares from … to-1 of both gifts, to users of a home, delivered.
func (p *sites) grants(idc activity.IDC, from, to uint32, home activity.IDC) (all []api.Grant) {
	for i := from; i < to; i++ {
		for gift := range api.Gift(2) {
			g := share(gift, 500*uint32(idc)+i)
			g.User = p.users[home][i]
			all = append(all, g)
			p.site[idc].ledger[g.Order] = g
		}
	}
	return all
}

// run makes one pass at a site.
func (p *sites) run(t *testing.T, idc activity.IDC) recon.Result {
	t.Helper()
	s, d := p.site[idc], newDesk()
	cfg := config.Config{IDC: idc.String(), Activity: offer(), Part: activity.Part{IDC: idc, Of: 2}}
	real := stores{cfg: cfg, log: s.twin.Own, mirror: s.mirror, witness: p.witness}
	d.pass(t.Context(), worker{activity: offer(), part: cfg.Part, shelves: realLog{s.shop, real}, letters: s, courier: s, now: time.Now,
		settle: 10 * time.Millisecond}, order{rate: mostRate, within: time.Minute, reissue: 10})
	return d.result
}

// found is what a pass comes to: how many grants and marks there are, and which differences.
type found struct {
	granted, marked uint64
	differences     map[recon.Kind]uint64
}

// finds has a site find just that.
func (p *sites) finds(t *testing.T, idc activity.IDC, want found) recon.Result {
	t.Helper()
	r := p.run(t, idc)
	wants(t, r, want.differences)
	if !r.Whole() || r.Granted != want.granted || r.Marked != want.marked {
		t.Fatalf("%s: %+v; want %d granted, %d marked", idc, r, want.granted, want.marked)
	}
	return r
}

// delivered has a log's lanes leave everything behind.
func delivered(t *testing.T, l *grantlog.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	lanes, err := l.Lanes(ctx, offer())
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = lanes.Run(ctx) }()
	for game := range offer().Games {
		go func() {
			for ctx.Err() == nil {
				if _, done, err := lanes.Lane(game).Next(ctx, 1000); err == nil {
					_ = done(ctx) // what it could not save, it saves when it is idle
				}
			}
		}()
	}
	end, err := l.Last(ctx)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for floors := []uint64{0}; err == nil && slices.Min(floors) < end; floors, err = l.Floors(ctx, offer().Games) {
		<-tick.C
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A take-over and a give-back over real logs and a real witness: both data centres find nothing before, meanwhile and
// after; and what is missed, or lost from Redis, is named by the one that answers for it, while the other finds nothing.
func TestAfterATakeOverAndBack(t *testing.T) {
	t.Parallel()
	const a, b = activity.A, activity.B
	p := newSites(t)
	inA, inB := p.grants(a, 0, 40, a), p.grants(b, 0, 40, b)
	p.log(t, a, inA...)
	p.log(t, b, inB...)
	p.finds(t, a, found{granted: 80})
	p.finds(t, b, found{granted: 80})

	// b takes the users of a over: witness, mirror, marks, shard. Some of them ask again; others get shares of b.
	p.agree(t, a, b, pair.Taken)
	p.site[a].shard.Epoch, p.site[a].shard.Mode, p.site[a].shard.Open, p.site[a].shard.Foreign = 2, pair.Taken, false, true
	p.say(t, a, pair.Mirror)
	for _, g := range inA {
		p.site[b].cmem[g.Order] = g
	}
	p.site[b].shard.Owns, p.site[b].shard.Foreign = "a", true
	p.say(t, b, pair.Own|pair.Mirror)
	foreign := p.grants(b, 60, 80, a)
	p.log(t, b, append(slices.Clone(inA[:4]), foreign...)...)

	if r := p.run(t, a); r.State != recon.Stopped || !strings.Contains(r.Why, "the users of a are taken") {
		t.Fatalf("a, taken: %+v", r)
	}
	if r := p.finds(t, b, found{granted: 200}); !r.Both || r.Delivered != 200 || r.Held != 200 {
		t.Fatalf("b, serving both: %+v", r)
	}
	// What a missed is queued while nobody has left it behind, and missing then: b's courier delivers it.
	missed := inA[10]
	delete(p.site[b].ledger, missed.Order)
	if r := p.finds(t, b, found{granted: 200}); r.Queued != 1 {
		t.Fatalf("b, before the mirror was delivered: %+v", r)
	}
	delivered(t, p.site[b].mirror)
	if r := p.finds(t, b, found{200, 0, map[recon.Kind]uint64{recon.Missing: 1}}); r.Reissued != 1 || p.site[b].ledger[missed.Order] != missed {
		t.Fatalf("b, what a missed: %+v", r)
	}
	p.finds(t, b, found{granted: 200})
	delete(p.site[b].cmem, inA[20].Order)
	p.finds(t, b, found{200, 0, map[recon.Kind]uint64{recon.Unmarked: 1}})
	p.site[b].cmem[inA[20].Order] = inA[20]

	// b gives them back: a learns what b granted to its users.
	p.agree(t, a, b, pair.Releasing)
	p.site[b].shard.Epoch, p.site[b].shard.Owns = 2, ""
	maps.DeleteFunc(p.site[b].cmem, func(_ api.Order, g api.Grant) bool { return slices.Contains(inA, g) })
	p.say(t, b, pair.Own|pair.Mirror)
	p.agree(t, a, b, pair.Returning)
	if r := p.run(t, a); r.State != recon.Stopped || !strings.Contains(r.Why, "it is returning") {
		t.Fatalf("a, on its way back: %+v", r)
	}
	p.site[a].shard.Epoch, p.site[a].shard.Mode = 3, pair.Returning
	p.say(t, a, pair.Own|pair.Mirror)
	for _, g := range foreign {
		p.site[a].cmem[g.Order] = g
	}
	p.agree(t, a, a, pair.Mirrored)
	p.site[a].shard.Mode, p.site[a].shard.Open = pair.Mirrored, true
	p.say(t, a, pair.Own|pair.Mirror)
	p.log(t, a, append(slices.Clone(foreign[:4]), p.grants(a, 100, 110, a)...)...)

	for range 2 {
		p.finds(t, a, found{granted: 100, marked: 40})
		p.finds(t, b, found{granted: 120})
	}
	delivered(t, p.site[a].twin.Own)
	missed = inA[11]
	delete(p.site[a].ledger, missed.Order)
	delete(p.site[a].cmem, foreign[9].Order)
	p.finds(t, b, found{granted: 120})
	r := p.finds(t, a, found{100, 39, map[recon.Kind]uint64{recon.Missing: 1, recon.Unmarked: 1}})
	if r.Reissued != 1 || r.DeadLetters != 1 || p.site[a].letters["unmarked "+recon.Difference{Kind: recon.Unmarked, Grant: foreign[9]}.String()].Grant != foreign[9] {
		t.Fatalf("%+v", r)
	}
	p.finds(t, a, found{100, 39, map[recon.Kind]uint64{recon.Unmarked: 1}})
}

// Without the witness nobody can tell who grants, so nothing is compared and nothing invented.
func TestWithoutTheWitnessNothingIsCompared(t *testing.T) {
	t.Parallel()
	p := newSites(t)
	p.log(t, activity.A, p.grants(activity.A, 0, 4, activity.A)...)
	p.witness = awayWitness{}
	if r := p.run(t, activity.A); r.State != recon.Stopped || !strings.Contains(r.Why, "ask the witness for pair.a") || r.Read != 0 {
		t.Fatalf("%+v", r)
	}
}

type awayWitness struct{ pair.Witness }

func (awayWitness) Read(context.Context, string) (string, uint64, error) {
	return "", 0, control.ErrAway
}
