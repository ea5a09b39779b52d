package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"redpacket/system/api"
	"redpacket/system/gray"
)

// Response is a whole answer, rendered beforehand. It never changes, so any number of requests may be given it at once.
type Response struct {
	code api.Code
	text []byte // head and body
}

// Replies renders answers: the head of each code, and a body in friendly words for those that have none of their own.
type Replies struct {
	heads [versions][api.Codes][]byte // up to the value of Content-Length
	waits [api.Codes]int              // s
	bare  [versions][api.Codes]atomic.Pointer[Response]
}

// The versions that an answer may be of: of the old one or of none, or of the new one, whose head says so.
const (
	plain = iota
	marked
	versions
)

func (r *Reply) version() int {
	if r.Marked {
		return marked
	}
	return plain
}

// say is what a client may show its user.
func say(c api.Code) string {
	return [api.Codes]string{
		api.Unknown:     "We do not know yet whether your red packet came through. Please look again in a moment.",
		api.OK:          "",
		api.SoldOut:     "All red packets of this kind have found their owners. Have a look at the others!",
		api.TooSoon:     "One at a time, please: you may open the next red packet in a few seconds.",
		api.NotEligible: "This red packet is for new players.",
		api.NotFound:    "There is nothing here.",
		api.Busy:        "So many people are opening red packets right now! Yours is safe, please try again shortly.",
		api.Closed:      "We are counting the red packets. Yours is safe, please try again shortly.",
		api.Malformed:   "We did not understand this request.",
		api.Unsigned:    "Please log in again.",
		api.TooLarge:    "This request is too large.",
		api.TooSlow:     "This request did not arrive in time.",
		api.Tagless:     "This is no request of a user.",
	}[c]
}

// NewReplies renders the answers beforehand. after is how long a client should wait before it comes back after a code, in
// whole seconds, 0: nothing is said about it; spread is added to it by the client, at random.
func NewReplies(after func(api.Code) time.Duration, spread time.Duration) *Replies {
	r := &Replies{}
	for c := range api.Codes {
		wait := int(after(c) / time.Second)
		r.waits[c] = wait
		h := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\n", c.Status(), http.StatusText(c.Status()))
		if wait > 0 {
			h = fmt.Appendf(h, "Retry-After: %d\r\n", wait)
		}
		h = h[:len(h):len(h)]
		r.heads[plain][c] = append(h, "Content-Length: "...)
		r.heads[marked][c] = append(h, gray.Header+": "+gray.Version+"\r\nContent-Length: "...)
	}
	r.Spread(spread)
	return r
}

// Spread renders the bare answers with another spread. It may be called while answers are given; those rendered before are
// good until they have left.
func (r *Replies) Spread(spread time.Duration) {
	for c := range api.Codes {
		text := body(c, r.waits[c], spread)
		for v := range r.bare {
			r.bare[v][c].Store(&Response{c, r.append(nil, answer{code: c, body: text, version: v})})
		}
	}
}

// body renders what a client is told; the code stands first, where a client finds it without parsing.
func body(c api.Code, wait int, spread time.Duration) []byte {
	b := struct {
		Code   string `json:"code"`
		Say    string `json:"say,omitempty"`
		After  int    `json:"retry_after_s,omitempty"`
		Spread int64  `json:"spread_ms,omitempty"`
	}{Code: c.String(), Say: say(c), After: wait}
	if wait > 0 {
		b.Spread = spread.Milliseconds()
	}
	text, err := json.Marshal(b)
	if err != nil {
		return nil // strings and integers always marshal
	}
	return text
}

// Bare is the answer that consists of a code and its friendly words. A code out of range is answered as Unknown.
func (r *Replies) Bare(c api.Code) *Response { return r.bareOf(c, plain) }

func (r *Replies) bareOf(c api.Code, version int) *Response {
	if c >= api.Codes {
		c = api.Unknown
	}
	return r.bare[version][c].Load()
}

// With renders an answer with a body of its own, JSON that begins with the code.
func (r *Replies) With(c api.Code, body []byte) *Response {
	return &Response{c, r.append(nil, answer{code: c, body: body})}
}

// answer is what is rendered.
type answer struct {
	code    api.Code
	body    []byte // empty: the code's own words
	version int
}

// append renders an answer to the end of dst.
func (r *Replies) append(dst []byte, a answer) []byte {
	if len(a.body) == 0 {
		return append(dst, r.bareOf(a.code, a.version).text...)
	}
	dst = append(dst, r.heads[a.version][a.code]...)
	dst = strconv.AppendInt(dst, int64(len(a.body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, a.body...)
}

// appendLast appends a rendered answer, and says in its head that the connection ends with it.
func appendLast(dst, text []byte) []byte {
	line := bytes.IndexByte(text, '\n') + 1
	dst = append(dst, text[:line]...)
	dst = append(dst, "Connection: close\r\n"...)
	return append(dst, text[line:]...)
}
