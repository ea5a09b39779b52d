package estimate

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"redpacket/system/topology"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.005*math.Abs(want) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

func sheet(t testing.TB) Sheet {
	t.Helper()
	s, err := Festival()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheWorkedExample(t *testing.T) {
	s := sheet(t)
	r := s.Compute()
	near(t, "clicks", r.Clicks.Mid, 16_000)
	near(t, "kd", r.PerClick.dynamic().Mid, 3)
	near(t, "k, high", r.Requests.High, 9)
	near(t, "E", r.Entry.Mid, 96_000)
	near(t, "the low end", r.Entry.Low, 72_000)
	near(t, "the high end", r.Entry.High, 216_000)
	near(t, "built", r.Headroom.Mid, 1.52)
	near(t, "rho max at E", r.RhoMax.Mid, 0.52)
	near(t, "the night", r.Night.Times, 2.083)
	near(t, "headroom on the night", r.Night.Headroom, 0.73)
	if r.Night.RhoMax >= 0 || !r.Night.Inside {
		t.Errorf("on the night retries must be off, and it was inside the range: %+v", r.Night)
	}
	s.Offline = 1
	offline := s.Compute()
	near(t, "with all static parts offline", offline.Entry.Mid, 48_000)
	if offline.Lines[1].Load != r.Lines[1].Load {
		t.Errorf("the light pool answers no static part, and is asked %+v instead of %+v without them", offline.Lines[1].Load, r.Lines[1].Load)
	}
}

func TestDownstreamOfTheExample(t *testing.T) {
	s := sheet(t)
	each := func(m float64) Calls { return Calls{m, m, m, m, m, 0} }
	s.Links = []Link{
		{To: "cmem", From: "ams", Calls: each(4), Capacity: 500_000, Bytes: 1500, RT: time.Millisecond},
		{To: "idip", From: "ams", Calls: each(0.4), Hit: 0.9, Capacity: 10_000},
		{To: "idip", From: "cold", Calls: each(0.4), Capacity: 10_000},
	}
	r := s.Compute()
	near(t, "cmem", r.Lines[0].Load.Mid, 384_000)
	near(t, "cmem's bits", r.Lines[0].Bandwidth.Mid, 4.608e9)
	near(t, "cmem in flight", r.Lines[0].InFlight.Mid, 384)
	near(t, "cmem's headroom", r.Lines[0].Headroom.Mid, 1.302)
	near(t, "idip", r.Lines[1].Load.Mid, 3840)
	near(t, "idip with a cold cache", r.Lines[2].Load.Mid, 38_400)
	s.Channels = []Channel{{"all", One(80_000.0 * 200 / 96)}}
	near(t, "cmem's bits on the night", s.Compute().Lines[0].Bandwidth.Mid, 9.6e9)
}

func TestTheBacklogOfTheExample(t *testing.T) {
	b := sheet(t).Compute().Backlog
	near(t, "grants", b.Grants.Mid, 8000)
	near(t, "growth", b.Growth.Mid, 6000)
	near(t, "depth", b.Depth.Mid, 12e6)
	near(t, "drain in minutes", b.Drain[1].Minutes(), 100)
	near(t, "spool", b.Spool.Mid, 36e9)
	near(t, "room within the promise", b.Promised, 345.6e6)
	if !b.Kept {
		t.Error("the promise is kept")
	}
	slow := Delivery{Limit: 10, Peak: time.Hour, Promise: 48 * time.Hour}
	if slow.after(One(8000)).Kept {
		t.Error("a limit of 10/s cannot keep the promise")
	}
}

func TestLinksAreTheTopologysRoles(t *testing.T) {
	s := sheet(t)
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	r := s.Compute()
	for i, l := range s.Links {
		if n := len(topology.OneIDC().Role(l.To)); n != l.Nodes {
			t.Errorf("%d nodes of the topology have the role %s, and the sheet says %d", n, l.To, l.Nodes)
		}
		if got := r.Lines[i].Headroom.Mid; l.To != "idip" && (got < 1.5 || got > 2) {
			t.Errorf("%s has a headroom of %.2f at the estimate", l.To, got)
		}
	}
	if idip := r.Lines[len(r.Lines)-1]; idip.Load != r.Backlog.Grants {
		t.Errorf("idip is asked %+v, and %+v are granted", idip.Load, r.Backlog.Grants)
	}
}

func TestRetriesAmplify(t *testing.T) {
	s := sheet(t)
	before := s.Compute()
	s.Fail, s.Retries = 0.5, 2.16
	after := s.Compute()
	near(t, "load with retries", after.Amplified.Mid, 200_000)
	near(t, "tgw with retries", after.Lines[0].Load.Mid, 200_000)
	if after.Backlog.Grants != before.Backlog.Grants {
		t.Error("a retry is no second grant")
	}
}

func TestMoreInMeansMoreOut(t *testing.T) {
	whole := sheet(t)
	rapid.Check(t, func(t *rapid.T) {
		s := whole
		draw := rapid.Float64Range(0, 1)
		s.Offline, s.Fail = draw.Draw(t, "offline"), draw.Draw(t, "fail")
		s.Retries = 3 * draw.Draw(t, "retries")
		s.Steps.Select = Range{0, draw.Draw(t, "select"), 1}
		r := s.Compute()
		for _, got := range []Range{r.Clicks, r.Entry, r.Amplified, r.Lines[3].Load, r.Lines[2].InFlight, r.Backlog.Depth} {
			if !got.sound() {
				t.Fatalf("%+v is out of order", got)
			}
		}
		if r.Amplified.Mid < r.Entry.Mid || r.Entry.Mid > whole.Compute().Entry.High {
			t.Fatalf("entry %f, with retries %f", r.Entry.Mid, r.Amplified.Mid)
		}
	})
}

func TestThePrintedSheet(t *testing.T) {
	var page strings.Builder
	if err := sheet(t).Write(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"72k", "96k", "216k", "1.52", "2.08", "+108 %", "inside the range", "must be off", "ams-heavy", "12M", "1h39m", "48h0m0s", "kept"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not on the sheet:\n%s", want, page.String())
		}
	}
	if err := sheet(t).Write(full{}); err == nil {
		t.Error("a sheet that could not be written is an error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestCheckNamesMistakes(t *testing.T) {
	s := Sheet{Click: Range{0.5, 0.2, 3}, Offline: math.NaN(), Retries: -1, Links: []Link{{}}}
	for _, want := range []string{"event", "click_through", "offline_share", "retries", "built_per_s", "links.1.to", "links.1.capacity", "delivery"} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
