package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"redpacket/system/api"
)

// replies collects what readers of frames hand over.
type collected struct {
	kind    byte
	calls   []Call
	replies []Reply
	beats   int
}

func (c *collected) hand() {}

func (c *collected) frame(items []byte) (err error) {
	switch {
	case len(items) == 0:
		c.beats++
	case c.kind == kindCalls:
		c.calls, err = decodeCalls(c.calls, items)
	default:
		c.replies, err = decodeReplies(c.replies, items)
	}
	return err
}

func TestFramesRoundTrip(t *testing.T) {
	var calls, replies []byte
	fc, fr := framer{kind: kindCalls}, framer{kind: kindReplies}
	var wantCalls []Call
	var wantReplies []Reply
	for i := range 20_000 { // several frames of each
		c := Call{ID: uint64(i) << 40, Op: api.Claim, User: api.User(i), Gift: api.Gift(i), Server: uint16(i), Waited: uint32(i)}
		calls = appendCall(fc.begin(calls, callSize), &c)
		fc.end(calls)
		r := Reply{ID: uint64(i), Code: api.SoldOut, Queued: uint32(i), Body: bytes.Repeat([]byte{'b'}, i%100)}
		replies = appendReply(fr.begin(replies, replySize+len(r.Body)), &r)
		fr.end(replies)
		if i%5000 == 0 {
			calls = fc.beat(calls)
		}
		wantCalls, wantReplies = append(wantCalls, c), append(wantReplies, r)
	}
	gc, gr := collected{kind: kindCalls}, collected{kind: kindReplies}
	if used, err := takeFrames(calls, kindCalls, &gc); err != nil || used != len(calls) {
		t.Fatalf("calls: used %d of %d: %v", used, len(calls), err)
	}
	if used, err := takeFrames(replies, kindReplies, &gr); err != nil || used != len(replies) {
		t.Fatalf("replies: used %d of %d: %v", used, len(replies), err)
	}
	if !reflect.DeepEqual(gc.calls, wantCalls) || gc.beats != 4 {
		t.Errorf("%d calls and %d heartbeats came back, want %d and 4", len(gc.calls), gc.beats, len(wantCalls))
	}
	if len(gr.replies) != len(wantReplies) || !reflect.DeepEqual(gr.replies[199], wantReplies[199]) {
		t.Errorf("%d replies came back, want %d", len(gr.replies), len(wantReplies))
	}
}

func TestFrameViolations(t *testing.T) {
	for name, in := range map[string][]byte{
		"too long":       {0, 4, 0, 1, kindReplies},
		"negative":       {255, 255, 255, 255, kindReplies},
		"wrong kind":     {0, 0, 0, 1, 'X', 0},
		"reply cut":      {0, 0, 0, 1, kindReplies, 0},
		"body cut":       append([]byte{0, 0, 0, 15, kindReplies}, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 9),
		"body too large": append([]byte{0, 0, 0, 15, kindReplies}, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 255, 255),
		"no such code":   append([]byte{0, 0, 0, 15, kindReplies}, 0, 0, 0, 0, 0, 0, 0, 1, byte(api.Codes), 0, 0, 0, 0, 0, 0),
	} {
		if _, err := takeFrames(in, kindReplies, &collected{kind: kindReplies}); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: error %v, want ErrFrame", name, err)
		}
	}
	if _, err := takeFrames([]byte{0, 0, 0, 3, kindCalls, 1, 2, 3}, kindCalls, &collected{kind: kindCalls}); !errors.Is(err, ErrFrame) {
		t.Errorf("a cut call: error %v, want ErrFrame", err)
	}
}

func TestReplyBodyOverTheLimitIsLeftOut(t *testing.T) {
	got, err := decodeReplies(nil, appendReply(nil, &Reply{ID: 5, Code: api.OK, Body: make([]byte, MaxBody+1)}))
	if err != nil || len(got) != 1 || got[0].Code != api.OK || len(got[0].Body) != 0 {
		t.Errorf("got %v, %v; want the code without a body", got, err)
	}
}

func FuzzFrames(f *testing.F) {
	var calls, replies []byte
	fc, fr := framer{kind: kindCalls}, framer{kind: kindReplies}
	calls = appendCall(fc.begin(calls, callSize), &Call{ID: 1, Op: api.List, User: 2})
	fc.end(calls)
	replies = appendReply(fr.begin(replies, replySize+2), &Reply{ID: 1, Code: api.OK, Body: []byte("{}")})
	fr.end(replies)
	f.Add(calls, true)
	f.Add(replies, false)
	f.Add(fc.beat(nil), true)
	f.Add([]byte{0, 0, 0, 15, kindReplies, 0, 0}, false)
	f.Fuzz(func(t *testing.T, in []byte, asCalls bool) {
		c := collected{kind: kindReplies}
		if asCalls {
			c.kind = kindCalls
		}
		used, err := takeFrames(in, c.kind, &c)
		if used > len(in) || err != nil && !errors.Is(err, ErrFrame) {
			t.Fatalf("used %d of %d, error %v", used, len(in), err)
		}
		for _, r := range c.replies {
			if r.Code >= api.Codes || len(r.Body) > MaxBody {
				t.Fatalf("let through a reply with code %d and %d bytes", r.Code, len(r.Body))
			}
		}
	})
}
