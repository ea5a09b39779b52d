package login

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"testing"

	"redpacket/system/api"
)

// FuzzTokens: a minted token names its user until it lapses, and any other text in its place is a forgery; whatever is
// taken is, to the character, what Mint would have written.
func FuzzTokens(f *testing.F) {
	f.Add(uint64(42), uint32(1000), uint32(1000), 0, byte('A'))
	f.Add(uint64(1)<<63, uint32(0), uint32(1), 37, byte('_'))
	f.Add(uint64(7), ^uint32(0), uint32(5), 37, byte('\n'))
	s, err := NewSigner(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, user uint64, expires, now uint32, at int, as byte) {
		token := s.Mint([]byte("x"), api.User(user), expires)[1:]
		got, err := s.Check(token, now)
		switch {
		case expires < now && !errors.Is(err, ErrLapsed):
			t.Fatalf("user %d at %d of %d: %v", user, now, expires, err)
		case expires >= now && (err != nil || got != api.User(user)):
			t.Fatalf("user %d at %d of %d: %d, %v", user, now, expires, got, err)
		}
		hurt := bytes.Clone(token)
		hurt[uint(at)%TokenLen] = as
		if _, err := s.Check(hurt, now); !bytes.Equal(hurt, token) && !errors.Is(err, ErrForged) {
			t.Fatalf("%q is taken for %q: %v", hurt, token, err)
		}
	})
}

// FuzzSpellings: a token that is taken has one spelling.
func FuzzSpellings(f *testing.F) {
	s, err := NewSigner(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Mint(nil, 42, 1000))
	for _, last := range "BRhx" { // each is a good last character with a bit too many
		f.Add(append(s.Mint(nil, 42, 1000)[:TokenLen-1], byte(last)))
	}
	f.Fuzz(func(t *testing.T, token []byte) {
		user, err := s.Check(token, 0)
		if err != nil {
			return
		}
		raw, err := base64.RawURLEncoding.DecodeString(string(token))
		if err != nil {
			t.Fatal(err)
		}
		if again := s.Mint(nil, user, binary.BigEndian.Uint32(raw[8:])); !bytes.Equal(again, token) {
			t.Fatalf("%q is taken; it is spelled %q", token, again)
		}
	})
}
