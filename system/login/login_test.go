package login

import (
	"errors"
	"testing"

	"redpacket/system/api"
)

const key = "000102030405060708090a0b0c0d0e0f"

func TestATokenNamesItsUserUntilItLapses(t *testing.T) {
	s, err := NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []api.User{1, 42, 1<<64 - 1} {
		token := s.Mint(nil, user, 1000)
		if len(token) != TokenLen {
			t.Fatalf("token of %d bytes; want %d", len(token), TokenLen)
		}
		if got, err := s.Check(token, 1000); err != nil || got != user {
			t.Errorf("user %d: got %d, %v", user, got, err)
		}
		if _, err := s.Check(token, 1001); !errors.Is(err, ErrLapsed) {
			t.Errorf("a second later: %v; want ErrLapsed", err)
		}
	}
}

// Every single changed character must make the token a forgery, and so must every other length and key.
func TestAForgedTokenIsRefused(t *testing.T) {
	s, _ := NewSigner(key)
	good := s.Mint(nil, 42, 1000)
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] = 'A' + (bad[i]+1)%26
		if string(bad) == string(good) {
			continue
		}
		if _, err := s.Check(bad, 0); !errors.Is(err, ErrForged) && i < len(good)-1 {
			t.Errorf("character %d changed: %v; want ErrForged", i, err)
		}
	}
	for _, bad := range []string{"", "x", string(good) + "A", string(good[:37]), "!!" + string(good[2:])} {
		if _, err := s.Check([]byte(bad), 0); !errors.Is(err, ErrForged) {
			t.Errorf("%q: %v; want ErrForged", bad, err)
		}
	}
	other, _ := NewSigner("ff0102030405060708090a0b0c0d0e0f")
	if _, err := other.Check(good, 0); !errors.Is(err, ErrForged) {
		t.Errorf("another key: %v; want ErrForged", err)
	}
}

func TestABadKeyIsNamed(t *testing.T) {
	for _, bad := range []string{"", "zz", key + "00"} {
		if _, err := NewSigner(bad); err == nil {
			t.Errorf("key %q was taken", bad)
		}
	}
}

func FuzzCheck(f *testing.F) {
	s, err := NewSigner(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Mint(nil, 42, 1000))
	f.Add([]byte("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
	f.Fuzz(func(t *testing.T, token []byte) {
		user, err := s.Check(token, 0)
		if err == nil && len(token) != TokenLen {
			t.Fatalf("%q was taken for user %d", token, user)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	s, _ := NewSigner(key)
	token := s.Mint(nil, 42, 1000)
	for b.Loop() {
		if _, err := s.Check(token, 0); err != nil {
			b.Fatal(err)
		}
	}
}
