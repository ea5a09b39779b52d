// Package kinds lists the types of faults there are, so that a fault can be written down, and taken up again by another process.
package kinds

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"redpacket/faults"
	"redpacket/faults/app"
	"redpacket/faults/clock"
	"redpacket/faults/idc"
	"redpacket/faults/link"
	"redpacket/faults/node"
	"redpacket/faults/packet"
	"redpacket/faults/resource"
)

// All are the faults there are, as blanks to be filled. A new type of fault is added here.
func All() []faults.Fault {
	return []faults.Fault{
		node.Killed{}, node.Frozen{},
		resource.Squeezed{}, resource.OutOfMemory{}, resource.DiskFull{},
		packet.Dropped{}, packet.Isolated{}, packet.Narrow{}, packet.Delayed{},
		app.Failing{}, app.Slow{}, app.Mute{}, clock.Skewed{},
		idc.Dead{}, idc.Parted{}, idc.Secluded{},
		link.Latency{}, link.Bandwidth{}, link.Sliced{}, link.SlowClose{}, link.Silent{}, link.Reset{}, link.Limited{}, link.Cut{},
		link.Lossy{}, link.Duplicated{}, link.Delayed{}, link.Reordered{}, link.OneWay{},
	}
}

// Note is a fault as data.
type Note struct {
	Type string          `json:"type"` // the package and the type, such as node.Killed
	Args json.RawMessage `json:"args"`
}

// Name is a fault's type as a Note writes it.
func Name(f faults.Fault) string { return reflect.TypeOf(f).String() }

// Encode writes a fault down. A type that is not listed, or arguments that make no sense, are an error.
func Encode(f faults.Fault) (Note, error) {
	if _, ok := blank(Name(f)); !ok {
		return Note{}, fmt.Errorf("encode fault %q: type %s is not listed in faults/kinds", f, Name(f))
	}
	args, err := json.Marshal(f)
	if err == nil {
		err = Check(f)
	}
	if err != nil {
		return Note{}, fmt.Errorf("encode fault %q: %w", f, err)
	}
	return Note{Name(f), args}, nil
}

// Decode takes a fault up again. A type or an argument that this build does not know is an error, in one line: nothing
// must be healed by half of what hurt it.
func Decode(n Note) (faults.Fault, error) {
	kind, ok := blank(n.Type)
	if !ok {
		return nil, fmt.Errorf("decode fault: this build knows no %q", n.Type)
	}
	filled := reflect.New(kind)
	dec := json.NewDecoder(bytes.NewReader(n.Args))
	dec.DisallowUnknownFields()
	if err := dec.Decode(filled.Interface()); err != nil {
		return nil, fmt.Errorf("decode fault %s: %s", n.Type, oneLine(err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("decode fault %s: something stands behind its arguments", n.Type)
	}
	f := filled.Elem().Interface().(faults.Fault)
	if err := Check(f); err != nil {
		return nil, fmt.Errorf("decode fault %s: %w", n.Type, err)
	}
	return f, nil
}

// Check asks a fault whether its arguments make sense, if it can tell.
func Check(f faults.Fault) error {
	if c, ok := f.(faults.Checker); ok {
		if err := c.Check(); err != nil {
			return errors.New(oneLine(err))
		}
	}
	return nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func blank(name string) (reflect.Type, bool) {
	for _, f := range All() {
		if Name(f) == name {
			return reflect.TypeOf(f), true
		}
	}
	return nil, false
}
