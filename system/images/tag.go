package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"redpacket/system/topology"
)

// tag is the name of an image of some content.
func tag(name topology.Image, hash string) string { return fmt.Sprintf("redpacket/%s:%s", name, hash) }

// label is the label that every image of ours of this name carries; its value is the content's hash.
func label(name topology.Image) string { return "redpacket." + string(name) }

// digest is the hash of several pieces of content. Lengths are part of it, so that no byte can move from one piece to
// the next unnoticed. It is short because people read it; nobody attacks it.
func digest(pieces ...[]byte) string {
	h := sha256.New()
	for _, p := range pieces {
		_ = binary.Write(h, binary.BigEndian, uint64(len(p)))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// file is one entry of a build context.
type file struct {
	name string
	body []byte
	mode int64 // permission bits; 0 means 0644
	dir  bool
}

// archive packs a build context. Equal files give equal bytes: no entry carries a time or an owner.
func archive(files ...file) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		header := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.body)), Typeflag: tar.TypeReg}
		if f.mode == 0 {
			header.Mode = 0o644
		}
		if f.dir {
			header.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, fmt.Errorf("pack %s: %w", f.name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack a build context: %w", err)
	}
	return out.Bytes(), nil
}
