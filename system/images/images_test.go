package images

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"redpacket/system/topology"
)

func TestTheTagFollowsTheContent(t *testing.T) {
	base := digest([]byte("recipe"), []byte("base"))
	if again := digest([]byte("recipe"), []byte("base")); again != base {
		t.Errorf("the same content has the hashes %s and %s", base, again)
	}
	for name, other := range map[string]string{
		"another recipe":                    digest([]byte("recipE"), []byte("base")),
		"another base":                      digest([]byte("recipe"), []byte("basE")),
		"a byte moved from piece to piece":  digest([]byte("recipeb"), []byte("ase")),
		"an empty piece more, at the end":   digest([]byte("recipe"), []byte("base"), nil),
		"an empty piece more, at the begin": digest(nil, []byte("recipe"), []byte("base")),
	} {
		if other == base {
			t.Errorf("%s has the same hash", name)
		}
	}
	if got, want := tag(topology.App, "0011"), "redpacket/app:0011"; got != want {
		t.Errorf("tag is %s, want %s", got, want)
	}
}

func TestArchiveIsTheSameForTheSameFiles(t *testing.T) {
	pack := func() []byte {
		packed, err := archive(file{name: "Dockerfile", body: []byte("FROM scratch\n")},
			file{name: "redpacket", body: []byte("binary"), mode: 0o755}, file{name: "tmp/", mode: 0o1777, dir: true})
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	first := pack()
	if !bytes.Equal(first, pack()) {
		t.Error("two archives of the same files differ")
	}
	want := []tar.Header{{Name: "Dockerfile", Mode: 0o644, Size: 13}, {Name: "redpacket", Mode: 0o755, Size: 6}, {Name: "tmp/", Mode: 0o1777}}
	r := tar.NewReader(bytes.NewReader(first))
	for _, w := range want {
		h, err := r.Next()
		if err != nil || h.Name != w.Name || h.Mode != w.Mode || h.Size != w.Size {
			t.Errorf("entry %+v, %v; want %s mode %o size %d", h, err, w.Name, w.Mode, w.Size)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("more entries than were put in: %v", err)
	}
}

func TestSupersededKeepsTheNewestTwo(t *testing.T) {
	cases := []struct {
		name, current string
		ids, want     []string
	}{
		{"only the current one", "d", []string{"d"}, nil},
		{"two", "d", []string{"d", "c"}, nil},
		{"four, the newest current", "d", []string{"d", "c", "b", "a"}, []string{"b", "a"}},
		{"back to the oldest", "a", []string{"d", "c", "b", "a"}, []string{"c", "b"}},
		{"the current one is not listed", "x", []string{"d", "c"}, []string{"c"}},
	}
	for _, c := range cases {
		if got := superseded(c.ids, c.current); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestModuleRootIsFoundFromBelowOnly(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "suites", "smoke")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := moduleRoot(deep); err == nil {
		t.Error("a root was found where there is none")
	}
	// A module of another name on the way up is not ours.
	for dir, text := range map[string]string{root: "module redpacket\n\ngo 1.26.0\n", filepath.Dir(deep): "module redpackets\n"} {
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := moduleRoot(deep); err != nil || got != root {
		t.Errorf("root of %s is %s, %v; want %s", deep, got, err, root)
	}
}

func TestRecipes(t *testing.T) {
	for name, recipe := range map[string]string{"redis": redisRecipe, "postgres": postgresRecipe, "prometheus": prometheusRecipe} {
		if !strings.HasPrefix(recipe, "FROM "+baseName+"\n") {
			t.Errorf("%s does not stand on %s", name, baseName)
		}
		if !strings.Contains(recipe, "--no-install-recommends") || !strings.Contains(recipe, "rm -rf /var/lib/apt/lists/*") {
			t.Errorf("%s installs, or leaves, more than it needs", name)
		}
	}
	if !strings.HasPrefix(appRecipe, "FROM scratch\n") {
		t.Error("the app image has something beside the binary under it")
	}
	if strings.Contains(appRecipe+redisRecipe+postgresRecipe+prometheusRecipe, "://") {
		t.Error("a recipe names a host")
	}
}

func TestTheLockKeepsASecondOneOut(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	unlock, err := lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 2*lockPoll)
	defer cancel()
	if _, err := lock(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second lock beside the first: %v; want it to wait until its context ends", err)
	}
	time.AfterFunc(lockPoll, unlock)
	again, err := lock(t.Context())
	if err != nil {
		t.Fatalf("lock after the first was given back: %v", err)
	}
	again()
}
