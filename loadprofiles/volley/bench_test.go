package volley

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"redpacket/loadprofiles"
)

func TestManual(t *testing.T) {
	rate, _ := strconv.ParseFloat(os.Getenv("RATE"), 64)
	if rate == 0 {
		t.Skip()
	}
	null, err := StartNullServer("0")
	if err != nil { t.Fatal(err) }
	defer null.Stop()
	p := loadprofiles.Night200k(time.Second)
	p.Curve = loadprofiles.Hold(rate, 5*time.Second)
	y, err := Fire(context.Background(), Job{Profile: p, Scale: 1, Seed: 1, Front: null.Addr, Key: "000102030405060708090a0b0c0d0e0f", Dir: t.TempDir(), Cores: "1"}, func(p Progress) { t.Logf("%+v", p) })
	t.Logf("%+v %v", y, err)
	t.Logf("cpu/request %v", y.CPU/time.Duration(y.Launched))
}

func TestInProc(t *testing.T) {
	rate, _ := strconv.ParseFloat(os.Getenv("RATE"), 64)
	if rate == 0 {
		t.Skip()
	}
	null, err := StartNullServer("0")
	if err != nil { t.Fatal(err) }
	defer null.Stop()
	p := loadprofiles.Night200k(time.Second)
	p.Curve = loadprofiles.Hold(rate, 5*time.Second)
	y, err := run(context.Background(), Job{Profile: p, Scale: 1, Seed: 1, Front: null.Addr, Key: "000102030405060708090a0b0c0d0e0f", Dir: t.TempDir(), Cores: "1"}, 1, nil)
	t.Logf("%+v %v", y, err)
	t.Logf("cpu/request %v", y.CPU/time.Duration(y.Launched))
}
