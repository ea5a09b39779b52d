// Package api holds the requests, replies and codes that the services of the red packet system and their clients share.
package api

import "redpacket/system/money"

// User is a user's id as the login service knows it; 0 is nobody.
type User uint64

// Gift names one prize of an activity: one stock of shares that users claim. On the inner links and in the in-memory store
// it also says of which activity of the platform, and whether it is the shadow's: see In.
type Gift uint16

// Order is the id of one grant: the activity, the gift and the share's place in the gift's stock. One share has one
// order id for ever, so a delivery that is repeated is recognised by it.
type Order uint64

// OrderOf is the order id of the share at place index (0 …) in the stock of an activity's gift.
func OrderOf(activity uint16, gift Gift, index uint32) Order {
	return Order(uint64(activity)<<48 | uint64(gift)<<32 | uint64(index))
}

// Activity is the activity that the order belongs to.
func (o Order) Activity() uint16 { return uint16(o >> 48) }

// Gift is the gift that the order belongs to.
func (o Order) Gift() Gift { return Gift(o >> 32) }

// Index is the share's place in the gift's stock.
func (o Order) Index() uint32 { return uint32(o) }

// Grant is one share of a gift that belongs to one user.
type Grant struct {
	Order  Order
	User   User
	Fen    money.Fen // 1 … 1<<31-1
	Server uint16    // the game server the user chose
}

// Op is what a request asks for.
type Op uint8

// The activity's pages, in the order of a user's journey.
const (
	Static  Op = iota // a page's static part; answered by tgw from memory
	List              // the gift list
	Select            // the game servers a gift can go to
	Claim             // take the gift
	Receipt           // what the user was granted
	Ops               // how many there are
)

// beside is the bit of an op that was asked of the neighbour; only tallies and those who ask them know it.
const beside Op = 1 << 4

// Beside is the same op, asked of the neighbour.
func (o Op) Beside() Op { return o | beside }

// IsBeside says whether an op was asked of the neighbour.
func (o Op) IsBeside() bool { return o&beside != 0 }

// Own is the op, whoever was asked.
func (o Op) Own() Op { return o &^ beside }

// String is the op's name in reports: static, list, select, claim, receipt; a neighbour's claim.
func (o Op) String() string {
	if o.IsBeside() && o.Own() < Ops {
		return "neighbour's " + o.Own().String()
	}
	return [...]string{"static", "list", "select", "claim", "receipt", "?"}[min(o, Ops)]
}

// Code is the business answer to a request; it stands in the body of every reply. The zero value is Unknown.
type Code uint8

// The codes. Unknown says that the claim may or may not have happened: ask again, the answer is idempotent.
const (
	Unknown     Code = iota // 504 the outcome is not known yet
	OK                      // 200 done
	SoldOut                 // 409 no share is left
	TooSoon                 // 429 one claim per user per 5 s
	NotEligible             // 403 this gift is not for this user
	NotFound                // 404 no such page, gift or server; a receipt of a gift never claimed
	Busy                    // 503 shed by overload protection
	Closed                  // 503 the shard is closed (being rebuilt) or its log is not durable
	Malformed               // 400 not a request this API knows
	Unsigned                // 401 no token, a forged one, or one that has lapsed
	TooLarge                // 413 body, head or target over the limit
	TooSlow                 // 408 the request did not arrive in time
	Tagless                 // 403 a pressure user without the tag, or the tag with a user who is none: nothing was written
	Codes                   // how many there are
)

var codeNames = [...]string{"unknown", "ok", "sold_out", "too_soon", "not_eligible", "not_found", "busy", "closed",
	"malformed", "unsigned", "too_large", "too_slow", "tagless"}

var codeStatus = [...]int{504, 200, 409, 429, 403, 404, 503, 503, 400, 401, 413, 408, 403}

// String is the code as it is written in a reply's body.
func (c Code) String() string {
	if c >= Codes {
		return "?"
	}
	return codeNames[c]
}

// Status is the HTTP status that carries the code.
func (c Code) Status() int {
	if c >= Codes {
		return 500
	}
	return codeStatus[c]
}

// Outcome is what a request came to, as its client saw it. The zero value is Doubt, reported as "unknown".
type Outcome uint8

// The outcomes.
const (
	Doubt    Outcome = iota // timeouts, cut connections, code unknown: it may or may not have happened
	Done                    // it happened
	Refused                 // business said no, and nothing changed
	Shed                    // overload protection said no, as designed, and nothing changed
	Failed                  // an answer that the API does not promise
	Outcomes                // how many there are
)

// String is the outcome's name in reports: unknown, done, refused, shed, failed.
func (o Outcome) String() string {
	return [...]string{"unknown", "done", "refused", "shed", "failed", "?"}[min(o, Outcomes)]
}

// Outcome is what a reply with this code means to its client.
func (c Code) Outcome() Outcome {
	switch c {
	case OK:
		return Done
	case SoldOut, TooSoon, NotEligible, NotFound, Tagless:
		return Refused
	case Busy, Closed:
		return Shed
	case Unknown:
		return Doubt
	default:
		return Failed
	}
}
