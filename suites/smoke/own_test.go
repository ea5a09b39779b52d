package smoke_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"redpacket/drills/catalog"
	"redpacket/drills/record"
	"redpacket/drills/report"
	"redpacket/suites/smoke"
	"redpacket/suites/spec"
	"redpacket/system/api"
	"redpacket/system/config"
	"redpacket/system/control"
	"redpacket/system/images"
	"redpacket/system/login"
	"redpacket/system/provision"
	"redpacket/system/provision/docker"
	"redpacket/system/topology"
)

// The images of one's own, as docs/roles.md makes them.
const (
	ownRecommend topology.Image = "example/recommend:7"
	ownStore     topology.Image = "example/store:1"
)

var _ = Describe("images of one's own, in the place of recommend and of a store", Ordered, func() {
	var replaced topology.Topology
	ids := map[string]string{}
	BeforeAll(func(ctx SpecContext) {
		engine, err := docker.Connect(ctx)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			for _, id := range ids {
				Expect(engine.RemoveImage(ctx, id)).To(Succeed())
			}
			Expect(engine.Close()).To(Succeed())
		})
		binary := filepath.Join(GinkgoT().TempDir(), "ownrecommend")
		compile := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./ownrecommend")
		compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
		said, err := compile.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(said))
		ours, err := images.Ensure(ctx, spec.Progress("images").Say)
		Expect(err).NotTo(HaveOccurred())
		for name, files := range map[topology.Image]map[string][]byte{
			ownRecommend: {"Dockerfile": read("ownrecommend/Dockerfile"), "ownrecommend": read(binary)},
			ownStore:     {"Dockerfile": []byte("FROM " + ours[topology.Redis].Tag + "\nLABEL example=store\n")},
		} {
			ids[string(name)], err = engine.Build(ctx, docker.Recipe{Tag: string(name), Context: archive(files)})
			Expect(err).NotTo(HaveOccurred())
		}
		replaced, err = topology.OneIDC().With("recommend", ownRecommend)
		Expect(err).NotTo(HaveOccurred())
		replaced, err = replaced.With("cmem-2", ownStore)
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(spec.Patience))

	It("shows everybody the order that the image says, and reads its health, metrics and switches", func(ctx SpecContext) {
		on := stand(ctx, replaced, stocked(), config.Default())
		Expect(on.Images()).To(And(HaveKeyWithValue("recommend", ids[string(ownRecommend)]), HaveKeyWithValue("cmem-2", ids[string(ownStore)])))
		a, want := stocked(), []api.Gift{}
		for _, g := range a.Ordered(7) {
			want = append(want, g.ID)
		}
		for user := api.User(1); user <= 20; user++ {
			Eventually(shownTo).WithArguments(on.Cluster, user).WithTimeout(soonEnough).Should(Equal(want), "user %d of taste %d", user, a.TasteOf(user))
		}
		samples, err := on.Scrape(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(samples["recommend"]).To(HaveKeyWithValue(`redpacket_recommendations_total{code="ok"}`, BeNumerically(">=", 20)))
		Expect(versions(ctx, on.Cluster)).To(HaveKeyWithValue("recommend", uint64(0)))
		platform, err := on.Ops()
		Expect(err).NotTo(HaveOccurred())
		changed, err := platform.Switch(ctx, control.Settings{SpreadMS: 5000})
		Expect(err).NotTo(HaveOccurred())
		Expect(changed.Missing).To(BeEmpty())
		Expect(versions(ctx, on.Cluster)).To(HaveKeyWithValue("recommend", uint64(1)))
		Expect(on.Autopsy(ctx)).To(BeEmpty())
	}, SpecTimeout(spec.Patience))

	It("passes a small drill with them", func(ctx SpecContext) {
		d := catalog.Smoke(2 * time.Second)
		d.ID, d.Name, d.Topology = "own", "the whole path, small, with images of one's own", replaced
		o, err := spec.Rehearse(ctx, d, spec.Stand{})
		Expect(err).NotTo(HaveOccurred())
		Expect(o).To(spec.HoldUp())
		saved, err := record.Open(filepath.Join(o.Dir, report.RecordDir))
		Expect(err).NotTo(HaveOccurred())
		Expect(saved.Manifest.Images).To(HaveKeyWithValue("recommend", ids[string(ownRecommend)]))
	}, SpecTimeout(spec.Patience))

	It("says in one line that there is no such image, before anything is started", func(ctx SpecContext) {
		missing, err := topology.OneIDC().With("registry", "example.invalid/registry:0")
		Expect(err).NotTo(HaveOccurred())
		_, err = provision.Up(ctx, provision.Plan{Topology: missing, Activity: stocked()})
		Expect(err).To(MatchError(ContainSubstring(`node registry is to run the image "example.invalid/registry:0", which is neither here nor to be had`)))
	}, SpecTimeout(spec.Patience))
})

// shownTo is the gift list that a user is shown.
func shownTo(on *provision.Cluster, user api.User) (ids []api.Gift) {
	GinkgoHelper()
	s, err := login.NewSigner(on.Key())
	Expect(err).NotTo(HaveOccurred())
	r, err := smoke.Say(on.Front(), get("GET", "/gifts", string(s.Mint(nil, user, uint32(time.Now().Add(time.Hour).Unix())))), oneQuestion)
	Expect(err).NotTo(HaveOccurred())
	var list struct{ Gifts []api.Gift }
	Expect(json.Unmarshal([]byte(r.Body), &list)).To(Succeed(), r.Body)
	return list.Gifts
}

// versions are the versions of the switches that the processes echo to the operations platform.
func versions(ctx context.Context, on *provision.Cluster) map[string]uint64 {
	GinkgoHelper()
	platform, err := on.Ops()
	Expect(err).NotTo(HaveOccurred())
	seen, err := platform.View(ctx)
	Expect(err).NotTo(HaveOccurred())
	return seen.Runs
}

func read(path string) []byte {
	GinkgoHelper()
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	return text
}

// archive is a build context.
func archive(files map[string][]byte) []byte {
	GinkgoHelper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for name, body := range files {
		Expect(w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(body))})).To(Succeed())
		_, err := w.Write(body)
		Expect(err).NotTo(HaveOccurred())
	}
	Expect(w.Close()).To(Succeed())
	return out.Bytes()
}
