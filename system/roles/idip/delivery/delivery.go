// Package delivery is the interface by which the activity asks a game to deliver: POST /deliver?game=N with a JSON
// array of orders, answered by a JSON array of what became of each. The courier and idip share it.
package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/money"
)

// Path is where a game's delivery interface is; the game is the query parameter "game".
const Path = "/deliver"

// The limits of one request.
const (
	MaxOrders = 200
	MaxBody   = 64 << 10 // bytes; an order takes about 100, at most 200
)

// Order is one grant to deliver.
type Order struct {
	Order  api.Order `json:"order"`
	User   api.User  `json:"user"`
	Gift   api.Gift  `json:"gift"`
	Fen    money.Fen `json:"fen"`
	Server uint16    `json:"server"`
}

// Answer is what became of one order: delivered, repeat or conflict. Answers come in the request's order.
type Answer struct {
	Order  api.Order `json:"order"`
	Result string    `json:"result"`
}

// The results. Repeat is an order that was delivered before, to the same user and of the same amount.
const (
	Delivered = "delivered"
	Repeat    = "repeat"
	Conflict  = "conflict"
	Tagless   = "tagless" // the user is of pressure traffic and the order is not, or the other way round: never delivered
)

// OrdersOf is the request for some grants.
func OrdersOf(grants []api.Grant) []Order {
	orders := make([]Order, len(grants))
	for i, g := range grants {
		orders[i] = Order{g.Order, g.User, g.Order.Gift(), g.Fen, g.Server}
	}
	return orders
}

// DecodeOrders reads a request strictly: 1 to MaxOrders orders of one game of the activity or its platform, no field unknown, nothing
// behind them.
func DecodeOrders(body io.Reader, a activity.Activity, game uint8) ([]api.Grant, error) {
	var orders []Order
	if err := strictly(body, &orders); err != nil {
		return nil, err
	}
	if len(orders) < 1 || len(orders) > MaxOrders {
		return nil, fmt.Errorf("%d orders; want 1 to %d", len(orders), MaxOrders)
	}
	grants := make([]api.Grant, len(orders))
	for i, o := range orders {
		if err := o.check(a, game); err != nil {
			return nil, err
		}
		grants[i] = api.Grant{Order: o.Order, User: o.User, Fen: o.Fen, Server: o.Server}
	}
	return grants, nil
}

// check holds the order's own words against each other: its number already says the activity and the gift.
func (o Order) check(a activity.Activity, game uint8) error {
	gift, there := a.GiftOf(o.Order)
	switch {
	case !there || o.Order.Gift() != o.Gift:
		return fmt.Errorf("order %d is not of gift %d of activity %d", o.Order, o.Gift, a.ID)
	case gift.Game != game:
		return fmt.Errorf("order %d is of game %d, not %d", o.Order, gift.Game, game)
	case o.User == 0 || o.Fen < 1 || o.Fen > math.MaxInt32:
		return fmt.Errorf("order %d is of %d fen for user %d", o.Order, o.Fen, o.User)
	}
	return nil
}

// DecodeAnswers reads the answers to some grants; each must be there, in order.
func DecodeAnswers(body io.Reader, grants []api.Grant) ([]Answer, error) {
	var answers []Answer
	if err := strictly(body, &answers); err != nil {
		return nil, err
	}
	if len(answers) != len(grants) {
		return nil, fmt.Errorf("%d answers to %d orders", len(answers), len(grants))
	}
	for i, a := range answers {
		if a.Order != grants[i].Order {
			return nil, fmt.Errorf("answer %d is to order %d, not %d", i, a.Order, grants[i].Order)
		}
		if a.Result != Delivered && a.Result != Repeat && a.Result != Conflict && a.Result != Tagless {
			return nil, fmt.Errorf("answer to order %d is %.20q", a.Order, a.Result)
		}
	}
	return answers, nil
}

// strictly takes exactly one JSON value of exactly the known fields.
func strictly(body io.Reader, into any) error {
	dec := json.NewDecoder(body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("not the JSON of the interface: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the JSON")
	}
	return nil
}
