package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Datagram is what one process has counted since it began: {"node":"tgw","life":1,"n":7,"totals":{"tgw.claim.ok":12}}.
type Datagram struct {
	Node   string            `json:"node"`
	Life   int64             `json:"life"` // when the process began, Unix ns; totals begin at 0 with each life
	Number uint64            `json:"n"`    // 1, 2 … in each life
	Totals map[string]uint64 `json:"totals"`
}

// The bounds of a datagram: it fits one frame of any network, and its names fit a metric's label.
const (
	MaxSize = 1400 // bytes
	maxName = 64
)

// Encode writes the datagram in at most MaxSize bytes; left is how many series found no room. Totals of 0 are left out,
// and the rest stands in the order of the names, so that it is always the same series that find none.
func (d Datagram) Encode() (text []byte, left int) {
	text = fmt.Appendf(nil, `{"node":%q,"life":%d,"n":%d,"totals":{`, d.Node, d.Life, d.Number)
	for _, series := range slices.Sorted(maps.Keys(d.Totals)) {
		total := d.Totals[series]
		const most = len(`"":,}}`) + 20
		switch {
		case total == 0:
			continue
		case !nameable(series) || len(text)+len(series)+most > MaxSize:
			left++
			continue
		}
		if text[len(text)-1] != '{' {
			text = append(text, ',')
		}
		text = append(append(append(text, '"'), series...), `":`...)
		text = strconv.AppendUint(text, total, 10)
	}
	return append(text, "}}"...), left
}

// Decode reads what Encode writes, strictly: it comes from whoever sends to the port.
func Decode(text []byte) (Datagram, error) {
	var d Datagram
	if len(text) > MaxSize {
		return d, fmt.Errorf("a datagram of %d bytes; at most %d", len(text), MaxSize)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("a datagram that is none: %w", err)
	}
	if dec.More() || !nameable(d.Node) || d.Life <= 0 || d.Number == 0 {
		return d, errors.New("a datagram without a node, a life or a number, or with something behind it")
	}
	for series := range d.Totals {
		if !nameable(series) {
			return d, fmt.Errorf("a datagram with a series %.80q", series)
		}
	}
	return d, nil
}

// nameable says whether a name may stand in a datagram: lower case words, digits, dots, dashes and underscores.
func nameable(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxName
}
