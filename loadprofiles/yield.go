package loadprofiles

import (
	"time"

	"redpacket/system/api"
	"redpacket/system/money"
)

// Attempt is one claim as its client saw it end: the line of the claim journal from which money is judged.
type Attempt struct {
	User    api.User
	Gift    api.Gift
	Order   api.Order // 0 unless the outcome is Done
	Fen     money.Fen // 0 unless the outcome is Done
	Outcome api.Outcome
	Code    api.Code
	Owed    time.Duration // since the volley began
	Took    time.Duration // until its answer, from when it was owed
}

// Yield is what a volley saw, beside the tally and the journal, which it leaves in files. Counts are of requests unless
// they say clicks.
type Yield struct {
	Clicks   Launches      `json:"clicks"`
	Owed     uint64        `json:"owed"`     // requests that the launched clicks' journeys came to owe, and those of clicks never launched
	Launched uint64        `json:"launched"` // requests that left the generator: handed to a connection, or owed while none was to be had
	Unsent   uint64        `json:"unsent"`   // of Launched: the system took no connection, or cut it before they were written; their outcome is unknown
	LateP99  time.Duration `json:"late_p99"` // of clicks: sent after owed
	LateMax  time.Duration `json:"late_max"`
	LateOver float64       `json:"late_over"` // share of clicks sent more than 100 ms after they were owed
	Retries  uint64        `json:"retries"`   // requests that were retries; they are in Owed and Launched too
	Length   time.Duration `json:"length"`    // from the first owed click to the last answer
	CPU      time.Duration `json:"cpu"`       // of the generator's process
	Conns    int           `json:"conns"`
	Dropped  uint64        `json:"dropped_connections"` // connections lost while the volley ran
	TooLate  uint64        `json:"too_late"`            // answers that came when patience was over; their requests count as unknown
	Garbled  uint64        `json:"garbled"`             // answers that did not parse; their requests count as failed
	Stream   string        `json:"stream"`              // hash of the stream of owed clicks: who asks for what, in order
	Shards   int           `json:"shards"`
	Cores    string        `json:"cores"`   // where the generator ran
	Began    time.Time     `json:"began"`   // the zero of every time in the tally and the journal, by the generator's clock
	Stopped  bool          `json:"stopped"` // it was stopped before its curve ended; what there is stands for the time until then
}

// Launches says whether the clicks that were owed left.
type Launches struct {
	Owed     uint64 `json:"owed"`
	Launched uint64 `json:"launched"`
}
