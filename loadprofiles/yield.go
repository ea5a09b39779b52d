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
	Gray    bool          // the answer named the new version as its giver
}

// Yield is what a volley saw, beside the tally and the journal, which it leaves in files. Counts are of requests unless
// they say clicks, which means Vegeta's hits: clicks in journeys, and requests where a hit is one. Where the profile has an
// exposure stage the hits are exposures, and clicks are those that became one.
type Yield struct {
	Exposures  Launches      `json:"exposures,omitzero"` // users who were shown the event and may have clicked; zero where the profile has no exposure stage
	Clicks     Launches      `json:"clicks"`
	Owed       uint64        `json:"owed"`     // requests that the launched clicks' journeys came to owe, and those of clicks never launched; where a hit is a request, all of the curve
	Launched   uint64        `json:"launched"` // requests that left the generator: handed to a connection, or owed while none was to be had
	Unsent     uint64        `json:"unsent"`   // of Launched: the system took no connection, or cut it before they were written; their outcome is unknown
	LateP99    time.Duration `json:"late_p99"` // of clicks: sent after owed
	LateMax    time.Duration `json:"late_max"`
	LateOver   float64       `json:"late_over"` // share of clicks sent more than 100 ms after they were owed
	Retries    uint64        `json:"retries"`   // requests that were retries; they are in Owed and Launched too
	Length     time.Duration `json:"length"`    // from the first owed click to the last answer
	CPU        time.Duration `json:"cpu"`       // of the generator's process
	Conns      int           `json:"conns"`
	Dropped    uint64        `json:"dropped_connections"` // connections lost while the volley ran
	TooLate    uint64        `json:"too_late"`            // answers that came when patience was over; their requests count as unknown
	Garbled    uint64        `json:"garbled"`             // answers that did not parse; their requests count as failed
	Stream     string        `json:"stream"`              // hash of the stream of owed clicks: who asks for what, in order
	Shards     int           `json:"shards"`
	Cores      string        `json:"cores"`                // where the generator ran
	Began      time.Time     `json:"began"`                // the zero of every time in the tally and the journal, by the generator's clock
	Stopped    bool          `json:"stopped"`              // it was stopped before its curve ended; what there is stands for the time until then
	Bunched    float64       `json:"bunched"`              // share of the curve's 20 ms in which less than half or more than double of the owed clicks left
	Starved    float64       `json:"starved"`              // share of the time that the generator's threads were ready to run and something else had their core; -1: the kernel does not tell
	ReadLate   float64       `json:"read_late"`            // share of Vegeta's results that waited more than 100 ms to be read
	Untold     uint64        `json:"untold"`               // reports of progress, two a second, that the harness did not take in time
	Held       time.Duration `json:"held"`                 // time that the load waited for the journal's disk
	Moved      uint64        `json:"moved,omitempty"`      // times that a group of users was sent to another front door while the volley ran
	Unresolved uint64        `json:"unresolved,omitempty"` // questions that the name service did not answer in time
	Withheld   uint64        `json:"withheld,omitempty"`   // hits that never were: a promotion's valve was closed when their users would have been shown it; in no other count, and nobody owes them
	Valve      Turns         `json:"valve,omitempty"`      // what the promotion's valve did, as the generator heard of it; empty where the load has no promotion
	Unheard    uint64        `json:"unheard,omitempty"`    // questions about the valve that were not answered in time
	Vegeta     Vegeta        `json:"vegeta"`               // what Vegeta's own metrics say of a volley in its stock style; else zero
}

// Vegeta is what Vegeta's own metrics say: every time counts from when a request was sent, not from when it was owed.
type Vegeta struct {
	Hits       uint64        `json:"hits"`
	Rate       float64       `json:"rate"`       // hits/s that were sent
	Throughput float64       `json:"throughput"` // hits/s that succeeded, until the last answer
	P50        time.Duration `json:"p50"`
	P99        time.Duration `json:"p99"`
}

// Launches says whether the clicks that were owed left; where a hit is a request it counts requests.
type Launches struct {
	Owed     uint64 `json:"owed"`
	Launched uint64 `json:"launched"`
}
