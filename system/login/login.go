// Package login signs and checks the tokens by which the access layer knows a user, so that a forged or lapsed request
// is refused at the source, before anything behind the gateway is asked.
package login

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"redpacket/system/api"
)

// TokenLen is the length of a token as it is written in a request.
const TokenLen = 38

const rawLen = 8 + 4 + 16 // user, expiry, signature

// ErrForged says that a token is not one that this run's key has signed.
var ErrForged = errors.New("token is not signed by this activity's login service")

// ErrLapsed says that a token was good, and is too old.
var ErrLapsed = errors.New("token has lapsed")

// Signer mints and checks tokens under one key. It may be used by several goroutines at once.
type Signer struct {
	block   cipher.Block
	text    *base64.Encoding // strict: one token has one spelling
	scratch sync.Pool        // of *sheet: what goes through an interface would otherwise be allocated for each token
}

// sheet is the room that one signature is worked out in.
type sheet struct {
	raw       [rawLen + 2]byte
	text, mac [aes.BlockSize]byte
}

// NewSigner takes the run's key, 32 hex digits; any other text is an error. The signer may be used from any goroutine.
func NewSigner(key string) (*Signer, error) {
	raw, err := hex.DecodeString(key)
	if err != nil || len(raw) != 16 {
		return nil, fmt.Errorf("login key of %d characters: want 32 hex digits", len(key))
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, err
	}
	return &Signer{block: block, text: base64.RawURLEncoding.Strict(), scratch: sync.Pool{New: func() any { return new(sheet) }}}, nil
}

// sign is AES over the one block (user, expiry, tag). Over messages of exactly one block a block cipher is a sound MAC.
func (s *Signer) sign(on *sheet) {
	copy(on.text[:], on.raw[:12])
	copy(on.text[12:], "rpv1")
	s.block.Encrypt(on.mac[:], on.text[:])
}

// Mint appends the token of a user to dst; expires is in seconds since 1970.
func (s *Signer) Mint(dst []byte, user api.User, expires uint32) []byte {
	on := s.scratch.Get().(*sheet)
	defer s.scratch.Put(on)
	binary.BigEndian.PutUint64(on.raw[:], uint64(user))
	binary.BigEndian.PutUint32(on.raw[8:], expires)
	s.sign(on)
	copy(on.raw[12:], on.mac[:])
	return s.text.AppendEncode(dst, on.raw[:rawLen])
}

// Check returns the user whose token this is; now is in seconds since 1970. The errors are ErrForged and ErrLapsed.
func (s *Signer) Check(token []byte, now uint32) (api.User, error) {
	if len(token) != TokenLen {
		return 0, ErrForged
	}
	on := s.scratch.Get().(*sheet)
	defer s.scratch.Put(on)
	if n, err := s.text.Decode(on.raw[:], token); err != nil || n != rawLen {
		return 0, ErrForged
	}
	s.sign(on)
	if subtle.ConstantTimeCompare(on.mac[:], on.raw[12:rawLen]) != 1 {
		return 0, ErrForged
	}
	if binary.BigEndian.Uint32(on.raw[8:]) < now {
		return 0, ErrLapsed
	}
	return api.User(binary.BigEndian.Uint64(on.raw[:])), nil
}
