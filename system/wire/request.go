package wire

import (
	"bytes"

	"redpacket/system/api"
)

// Request is one request at the front door. Token lies in the connection's read buffer.
type Request struct {
	Code   api.Code // OK: it asks for Op; anything else: it cannot be served, and this is why
	Op     api.Op   // Ops when it was not recognised
	Part   uint16   // Static: which part
	Gift   api.Gift // Select, Claim, Receipt
	Server uint16   // Claim
	Of     uint16   // the id of the activity; 0: the first one
	Tagged bool     // it says that it is pressure traffic
	Token  []byte   // of the Authorization header; empty when there was none
	last   bool     // the connection ends with its answer
}

// head is what a request's header lines say about the connection and the body.
type head struct {
	length int // of the body; -1: not said
	lines  int
}

// maxLines is how many header lines a request may have.
const maxLines = 32

// parse reads the request at the start of buf into r and returns how many bytes it takes; 0: it is not complete yet.
// A request that breaks the protocol has the reason in r.Code, and is the connection's last. Lines are judged in order
// and one by one, so the verdict does not depend on where the bytes were split on their way.
func (l *Limits) parse(buf []byte, r *Request) (size int) {
	*r = Request{Code: api.OK, Op: api.Ops}
	window, at, h := buf[:min(len(buf), l.Head)], 0, head{length: -1}
	post := false
	for {
		end := bytes.IndexByte(window[at:], '\n')
		if end < 0 {
			return r.unfinished(len(buf) >= l.Head)
		}
		line := window[at : at+end]
		at += end + 1
		if end == 0 || line[end-1] != '\r' {
			return r.broken(api.Malformed)
		}
		line = line[:end-1]
		switch code := api.OK; {
		case h.lines == 0:
			post, code = r.first(line, l.Target)
			h.lines = 1
			if code != api.OK {
				return r.broken(code)
			}
		case len(line) == 0:
			return r.whole(buf, at, h.length, l.bodyOf(post))
		default:
			if code = r.header(line, &h); code != api.OK {
				return r.broken(code)
			}
		}
	}
}

// bodyOf is how long a body may be; only a POST may have one.
func (l *Limits) bodyOf(post bool) int {
	if post {
		return l.Body
	}
	return 0
}

func (r *Request) unfinished(full bool) int {
	if full {
		return r.broken(api.TooLarge)
	}
	return 0
}

// broken marks a request after which the bytes that follow have no meaning.
func (r *Request) broken(code api.Code) int {
	r.Code, r.last = code, true
	return 1
}

// whole judges a request whose head is complete. Bodies are read and ignored.
func (r *Request) whole(buf []byte, at, length, most int) int {
	switch {
	case length > 0 && most == 0:
		return r.broken(api.Malformed)
	case length > most:
		return r.broken(api.TooLarge)
	case length < 0:
		return at
	case len(buf) < at+length:
		return 0
	}
	return at + length
}

// first reads "METHOD target HTTP/1.x".
func (r *Request) first(line []byte, most int) (post bool, code api.Code) {
	target, ok := bytes.CutPrefix(line, []byte("GET "))
	if !ok {
		if target, ok = bytes.CutPrefix(line, []byte("POST ")); !ok {
			return false, api.Malformed
		}
		post = true
	}
	const version = " HTTP/1.1"
	cut := len(target) - len(version)
	if cut < 1 || string(target[cut:len(target)-1]) != version[:len(version)-1] {
		return post, api.Malformed
	}
	switch target[len(target)-1] {
	case '0':
		r.last = true // HTTP/1.0 ends with its answer
	case '1':
	default:
		return post, api.Malformed
	}
	if target = target[:cut]; len(target) > most {
		return post, api.TooLarge
	}
	for _, c := range target {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return post, api.Malformed
		}
	}
	if target[0] != '/' {
		return post, api.Malformed
	}
	r.route(target, post)
	return post, api.OK
}

// header reads one line "Name: value". Names that mean nothing here are only checked for their form.
func (r *Request) header(line []byte, h *head) api.Code {
	if h.lines++; h.lines > maxLines+1 {
		return api.TooLarge
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || bytes.IndexByte(line, 0) >= 0 || bytes.IndexByte(line, '\r') >= 0 {
		return api.Malformed
	}
	name, value := line[:colon], trim(line[colon+1:])
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return api.Malformed
		}
	}
	switch {
	case is(name, "authorization"):
		return r.authorize(value)
	case is(name, "content-length"):
		return h.measure(value)
	case is(name, "transfer-encoding"):
		return api.Malformed
	case is(name, "x-pressure"):
		return r.tag(value)
	case is(name, "connection"):
		r.last = r.last || lists(value, "close")
	}
	return api.OK
}

// trim cuts spaces and tabs off both ends; bytes.Trim would build a set of them for each header.
func trim(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for n := len(text); n > 0 && (text[n-1] == ' ' || text[n-1] == '\t'); n-- {
		text = text[:n-1]
	}
	return text
}

// lists says whether a comma-separated value has an option in it.
func lists(value []byte, option string) bool {
	for len(value) > 0 {
		one := value
		if comma := bytes.IndexByte(value, ','); comma >= 0 {
			one, value = value[:comma], value[comma+1:]
		} else {
			value = nil
		}
		if is(trim(one), option) {
			return true
		}
	}
	return false
}

// is compares a word to one in lower case letters, hyphens and spaces, which all have the bit 0x20 set.
func is(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i, c := range name {
		if c|0x20 != lower[i] {
			return false
		}
	}
	return true
}

// authorize takes the token. Two of them are refused: nobody should have to guess which one counts.
func (r *Request) authorize(value []byte) api.Code {
	const scheme = "bearer "
	if r.Token != nil {
		return api.Malformed
	}
	if r.Token = []byte{}; len(value) >= len(scheme) && is(value[:len(scheme)], scheme) {
		r.Token = value[len(scheme):]
	}
	return api.OK
}

// tag takes the word that the request is one of pressure traffic. Any other word is refused, and so is a second one:
// nobody should have to guess.
func (r *Request) tag(value []byte) api.Code {
	if r.Tagged || len(value) != 1 || value[0] != '1' {
		return api.Malformed
	}
	r.Tagged = true
	return api.OK
}

// measure takes the body's length; at most seven digits, so that it cannot overflow.
func (h *head) measure(value []byte) api.Code {
	if h.length >= 0 || len(value) == 0 {
		return api.Malformed
	}
	h.length = 0
	for i, c := range value {
		switch {
		case c < '0' || c > '9':
			return api.Malformed
		case i >= 7:
			return api.TooLarge
		}
		h.length = 10*h.length + int(c-'0')
	}
	return api.OK
}
