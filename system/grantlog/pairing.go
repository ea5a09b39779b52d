package grantlog

import (
	"encoding/binary"
	"encoding/json"
	"slices"

	"redpacket/system/pair"
)

// Pair is what an announcement says where an IDC's log has a mirror; its zero value is for one log.
type Pair struct {
	Mode    pair.Mode
	By      string // names the decision, if the caller of Announce has a name for it: both logs were told the same when it is the same
	Mirror  uint64 // of a Twin only: the fence in the mirror, as Fence is that in the own log
	Owns    string // the IDCs whose users the shard has, beside its own: empty or one letter
	Foreign bool   // the other IDC has granted to users of this one, or this one to the other's: their grants are marks here
	Even    Even
	Void    Seqs // mirror only: messages that no reader may believe
}

// Even says that up to these messages the own log and the mirror hold the same batches.
type Even struct {
	Own    uint64 `json:"own"`
	Mirror uint64 `json:"mirror"`
}

// Seqs is a set of sequence numbers; it can be compared. There are few: what was on its way when a mirror was lost.
type Seqs string

// NewSeqs is the set of these numbers.
func NewSeqs(numbers ...uint64) Seqs {
	slices.Sort(numbers)
	var b []byte
	for _, n := range slices.Compact(numbers) {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return Seqs(b)
}

// List is the numbers, in order.
func (s Seqs) List() (numbers []uint64) {
	for ; len(s) >= 8; s = s[8:] {
		numbers = append(numbers, binary.BigEndian.Uint64([]byte(s[:8])))
	}
	return numbers
}

// MarshalJSON writes the numbers.
func (s Seqs) MarshalJSON() ([]byte, error) { return json.Marshal(s.List()) }

// UnmarshalJSON reads what MarshalJSON writes, in any order.
func (s *Seqs) UnmarshalJSON(data []byte) error {
	var numbers []uint64
	if err := json.Unmarshal(data, &numbers); err != nil {
		return err
	}
	*s = NewSeqs(numbers...)
	return nil
}
