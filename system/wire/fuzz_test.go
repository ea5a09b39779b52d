package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"redpacket/system/api"
)

// FuzzParseAlone: the verdict on a request depends on its own bytes only, and a request that is understood says the same
// when it is written down again in its plainest form.
func FuzzParseAlone(f *testing.F) {
	f.Add([]byte(mixed))
	f.Add([]byte("POST /claim?server=3&gift=9&x=1 HTTP/1.1\r\nAuthorization: bearer  t\r\nContent-Length: 2\r\n\r\nab\x00"))
	f.Add([]byte("GET /static/0?a HTTP/1.0\r\nConnection: ,close\r\n\r\nGET"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		var whole, alone, again Request
		size := testLimits.parse(buf, &whole)
		if size < 0 || size > len(buf) || size > testLimits.Head+testLimits.Body || len(whole.Token) > testLimits.Head {
			t.Fatalf("%d of %d bytes taken, with a token of %d", size, len(buf), len(whole.Token))
		}
		if size == 0 && len(buf) >= testLimits.Head+testLimits.Body {
			t.Fatalf("still waiting after %d bytes", len(buf))
		}
		if size == 0 || whole.last && whole.Code != api.OK {
			return // not complete, or judged before its end
		}
		if n := testLimits.parse(buf[:size], &alone); n != size || !reflect.DeepEqual(alone, whole) {
			t.Fatalf("%q alone: %d bytes, %+v; with what follows: %d, %+v", buf[:size], n, alone, size, whole)
		}
		if whole.Code != api.OK {
			return
		}
		plain := plainly(whole)
		if n := testLimits.parse(plain, &again); n != len(plain) || !reflect.DeepEqual(again, whole) {
			t.Fatalf("%q is %+v, and %q is %+v", buf[:size], whole, plain, again)
		}
	})
}

// plainly writes a request as its own client would.
func plainly(r Request) []byte {
	line := [...]string{fmt.Sprintf("GET /static/%d", r.Part), "GET /gifts", fmt.Sprintf("GET /servers?gift=%d", r.Gift),
		fmt.Sprintf("POST /claim?gift=%d&server=%d", r.Gift, r.Server), fmt.Sprintf("GET /receipt?gift=%d", r.Gift)}[r.Op]
	text := []byte(line + " HTTP/1.1\r\n")
	if r.Token != nil {
		scheme := "Bearer "
		if len(r.Token) == 0 {
			scheme = "None"
		}
		text = fmt.Appendf(text, "Authorization: %s%s\r\n", scheme, r.Token)
	}
	if r.last {
		text = append(text, "Connection: close\r\n"...)
	}
	return append(text, "\r\n"...)
}

// FuzzFramesInPieces: a link's stream gives the same calls or replies, and the same error, however it was cut on its way;
// what was understood is written down as frames that say the same.
func FuzzFramesInPieces(f *testing.F) {
	fc, fr := framer{kind: kindCalls}, framer{kind: kindReplies}
	var calls, replies []byte
	for i := range uint64(3) {
		calls = appendCall(fc.begin(calls, callSize), &Call{ID: i, Op: api.Claim, User: 9, Gift: 3, Server: 7, Waited: 11})
		fc.end(calls)
		replies = appendReply(fr.begin(replies, replySize+4), &Reply{ID: i, Code: api.OK, Queued: 5, Body: []byte("body")})
		fr.end(replies)
	}
	f.Add(fc.beat(calls), true, 1)
	f.Add(fr.beat(replies), false, 7)
	f.Add(replies[:len(replies)-1], false, 30)
	f.Add([]byte{0, 4, 0, 1, kindReplies}, false, 2)
	f.Fuzz(func(t *testing.T, stream []byte, asCalls bool, n int) {
		kind := byte(kindReplies)
		if asCalls {
			kind = kindCalls
		}
		whole, wholeErr := hear(stream, kind, len(stream)+1)
		split, splitErr := hear(stream, kind, max(1, n))
		if fmt.Sprint(wholeErr) != fmt.Sprint(splitErr) || !reflect.DeepEqual(whole, split) {
			t.Fatalf("in pieces of %d:\n got %+v, %v\nwant %+v, %v", n, split, splitErr, whole, wholeErr)
		}
		if wholeErr != nil && !errors.Is(wholeErr, ErrFrame) {
			t.Fatalf("another error: %v", wholeErr)
		}
		var again []byte
		fresh := framer{kind: kind}
		for i := range whole.calls {
			again = appendCall(fresh.begin(again, callSize), &whole.calls[i])
			fresh.end(again)
		}
		for i := range whole.replies {
			again = appendReply(fresh.begin(again, replySize+len(whole.replies[i].Body)), &whole.replies[i])
			fresh.end(again)
		}
		heard, err := hear(again, kind, len(again)+1)
		if err != nil || !reflect.DeepEqual(heard.calls, whole.calls) || !reflect.DeepEqual(heard.replies, whole.replies) {
			t.Fatalf("%+v is written down, and read as %+v, %v", whole, heard, err)
		}
	})
}

// hear takes a stream as a pipe does: in pieces, what is left of one before the next. What a frame that breaks the rules
// began with is left out: how much of it was understood is nobody's business.
func hear(stream []byte, kind byte, n int) (got collected, err error) {
	got.kind = kind
	var have []byte
	for len(stream) > 0 {
		n = min(n, len(stream))
		have, stream = append(have, stream[:n]...), stream[n:]
		calls, replies := len(got.calls), len(got.replies)
		used, err := takeFrames(have, kind, &got)
		for i := replies; i < len(got.replies); i++ {
			got.replies[i].Body = bytes.Clone(got.replies[i].Body)
		}
		if err != nil {
			// The frames before the broken one were heard in pieces, too.
			got.calls, got.replies = append([]Call(nil), got.calls[:calls]...), append([]Reply(nil), got.replies[:replies]...)
			before := collected{kind: kind}
			if _, e := takeFrames(have[:used], kind, &before); e != nil {
				return got, e
			}
			for _, r := range before.replies {
				r.Body = bytes.Clone(r.Body)
				got.replies = append(got.replies, r)
			}
			got.calls = append(got.calls, before.calls...)
			return got, err
		}
		have = have[used:]
	}
	return got, nil
}
