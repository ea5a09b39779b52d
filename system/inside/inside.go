// Package inside is what is done from inside a node's network or on its volume by a helper beside it, because from outside
// it cannot be: packets dropped, the network narrowed, the disk filled. A helper undoes its own when it is told to end,
// and when its time is over; what a helper that was killed left, another one undoes by the order's name.
package inside

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"redpacket/system/config"
)

// Order is one hurt; exactly one of Drop, Shape and Fill is set.
type Order struct {
	Name  string          `json:"name"` // of letters and digits; two on one node differ
	For   config.Duration `json:"for"`  // after which it ends by itself
	Drop  *Drop           `json:"drop,omitempty"`
	Shape *Shape          `json:"shape,omitempty"`
	Fill  *Fill           `json:"fill,omitempty"`
}

// The words of the command line, and what a helper says first when its hurt can be seen.
const (
	Command = "inside"
	Hurt    = "hurt" // do it, and undo it at the end
	Undo    = "undo" // undo what another helper left
	Hold    = "hold" // only be there, so that a volume stays mounted
	On      = "on: "
	Undone  = "undone: " // and last, when nothing of it is left
)

// hurt is one way to do it.
type hurt interface {
	// do does it, and says how it was seen. After an error something may be done.
	do(ctx context.Context, name string) (seen string, err error)
	// keep goes on with it until ctx ends.
	keep(ctx context.Context, name string)
	// undo undoes it; one that was not done is no error.
	undo(name string) (said string, err error)
}

func (o Order) hurt() (hurt, error) {
	var all []hurt
	if o.Drop != nil {
		all = append(all, o.Drop)
	}
	if o.Shape != nil {
		all = append(all, o.Shape)
	}
	if o.Fill != nil {
		all = append(all, o.Fill)
	}
	if len(all) != 1 || o.Name == "" || o.For <= 0 {
		return nil, fmt.Errorf("order %q for %s with %d hurts; want a name, a time and one of drop, shape and fill", o.Name, o.For.D(), len(all))
	}
	return all[0], nil
}

// Run is a helper: args are Hurt or Undo and an Order as JSON, or Hold. It returns when all is undone.
func Run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 1 && args[0] == Hold {
		<-ctx.Done()
		return nil
	}
	if len(args) != 2 || args[0] != Hurt && args[0] != Undo {
		return fmt.Errorf("%s wants %s or %s and an order, or %s", Command, Hurt, Undo, Hold)
	}
	o, err := parse(args[1])
	if err != nil {
		return err
	}
	h, err := o.hurt()
	if err != nil {
		return err
	}
	if args[0] == Undo {
		return finish(h, o.Name, out)
	}
	ctx, cancel := context.WithTimeout(ctx, o.For.D())
	defer cancel()
	seen, err := h.do(ctx, o.Name)
	if err != nil {
		return errors.Join(err, finish(h, o.Name, out))
	}
	fmt.Fprintln(out, On+seen)
	h.keep(ctx, o.Name)
	return finish(h, o.Name, out)
}

func finish(h hurt, name string, out io.Writer) error {
	said, err := h.undo(name)
	if err == nil {
		fmt.Fprintln(out, Undone+said)
	}
	return err
}

func parse(text string) (o Order, err error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return o, fmt.Errorf("order: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return o, errors.New("order: something stands behind it")
	}
	return o, nil
}
