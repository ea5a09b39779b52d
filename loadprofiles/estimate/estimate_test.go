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

func TestTheWorkedExample(t *testing.T) {
	r := Festival(topology.OneIDC()).Compute()
	near(t, "clicks", r.Clicks.Mid, 16_000)
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
	s := Festival(topology.OneIDC())
	s.Offline = 1
	near(t, "with all static parts offline", s.Compute().Entry.Mid, 48_000)
}

func TestDownstreamOfTheExample(t *testing.T) {
	s := Festival(topology.OneIDC())
	s.Rows = []Row{
		{Node: "cmem", Calls: 4, Capacity: 500_000, Bytes: 1500, RT: time.Millisecond},
		{Node: "idip", Calls: 0.4 * (1 - 0.9), Capacity: 10_000},
		{Node: "idip, cold", Calls: 0.4, Capacity: 10_000},
	}
	r := s.Compute()
	near(t, "cmem", r.Lines[0].Load.Mid, 384_000)
	near(t, "cmem's bits", r.Lines[0].Bandwidth.Mid, 4.608e9)
	near(t, "cmem in flight", r.Lines[0].InFlight.Mid, 384)
	near(t, "cmem's headroom", r.Lines[0].Headroom.Mid, 1.302)
	near(t, "idip", r.Lines[1].Load.Mid, 3840)
	near(t, "idip with a cold cache", r.Lines[2].Load.Mid, 38_400)
	s.Exposures = One(s.Exposures.Mid * 200 / 96)
	near(t, "cmem's bits on the night", s.Compute().Lines[0].Bandwidth.Mid, 9.6e9)
}

func TestTheBacklogOfTheExample(t *testing.T) {
	b := Festival(topology.OneIDC()).Compute().Backlog
	near(t, "grants", b.Grants.Mid, 8000)
	near(t, "growth", b.Growth.Mid, 6000)
	near(t, "depth", b.Depth.Mid, 12e6)
	near(t, "drain in minutes", b.Drain[1].Minutes(), 100)
	near(t, "spool", b.Spool.Mid, 36e9)
	near(t, "room within the promise", b.Promised, 345.6e6)
	if !b.Kept {
		t.Error("the promise is kept")
	}
	slow := Delivery{Wins: 0.5, Limit: 10, Peak: time.Hour, Promise: 48 * time.Hour}
	if slow.after(One(16_000)).Kept {
		t.Error("a limit of 10/s cannot keep the promise")
	}
}

func TestRowsAreTheTopologysRoles(t *testing.T) {
	s := Festival(topology.OneIDC())
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	for _, row := range s.Rows {
		if row.Instances == 0 {
			t.Errorf("no node of the topology has the role %s", row.Node)
		}
	}
	for i, want := range []float64{1, 0.38, 0.12, 0.2, 0, 0} {
		near(t, s.Rows[i].Node, s.Rows[i].Calls, want)
	}
	r := s.Compute()
	if r.Lines[5].Load != r.Backlog.Grants {
		t.Errorf("idip is asked %+v, and %+v are granted", r.Lines[5].Load, r.Backlog.Grants)
	}
}

func TestRetriesAmplify(t *testing.T) {
	s := Festival(topology.OneIDC())
	s.Fail, s.Retries = 0.5, 2.16
	near(t, "load with retries", s.Compute().Amplified.Mid, 200_000)
	near(t, "tgw with retries", s.Compute().Lines[0].Load.Mid, 200_000)
}

func TestMoreInMeansMoreOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Festival(topology.OneIDC())
		draw := rapid.Float64Range(0, 1)
		s.Static, s.Offline, s.Fail = draw.Draw(t, "static"), draw.Draw(t, "offline"), draw.Draw(t, "fail")
		s.Retries = 3 * draw.Draw(t, "retries")
		r := s.Compute()
		for _, got := range []Range{r.Clicks, r.Entry, r.Amplified, r.Lines[3].Load, r.Lines[2].InFlight, r.Backlog.Depth} {
			if !got.sound() {
				t.Fatalf("%+v is out of order", got)
			}
		}
		if r.Amplified.Mid < r.Entry.Mid || r.Entry.Mid > 96_000.1 {
			t.Fatalf("entry %f, with retries %f", r.Entry.Mid, r.Amplified.Mid)
		}
	})
}

func TestThePrintedSheet(t *testing.T) {
	var page strings.Builder
	if err := Festival(topology.OneIDC()).Write(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"72k", "96k", "216k", "1.52", "2.08", "+108 %", "inside the range", "must be off", "ams-heavy", "12M", "1h40m0s", "48h0m0s", "kept"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not on the sheet:\n%s", want, page.String())
		}
	}
	if err := Festival(topology.OneIDC()).Write(full{}); err == nil {
		t.Error("a sheet that could not be written is an error")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestCheckNamesMistakes(t *testing.T) {
	s := Sheet{Click: Range{0.5, 0.2, 3}, Static: math.NaN(), Retries: -1, Rows: []Row{{}}}
	for _, want := range []string{"clicks per exposure", "static", "retries", "built", "row", "delivery"} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
