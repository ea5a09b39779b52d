package volley

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"redpacket/system/api"
	"redpacket/system/gray"
	"redpacket/system/money"
)

// The bounds on an answer; the front door's are far smaller.
const (
	maxHead = 8 << 10
	maxBody = 1 << 20
	// maxWait is the longest that a client lets itself be told to wait.
	maxWait = 20 * time.Second
)

// errBroken says that what came is no answer we can tell the end of, so the connection is of no more use.
var errBroken = errors.New("not a pipelined HTTP/1.1 answer with a length")

// answer is one reply of the front door; body is valid until the next read.
type answer struct {
	status int
	wait   time.Duration // Retry-After
	body   []byte
	gray   bool // the new version gave it
}

// cutAnswer takes the first answer off what has come. size is 0 while it is not whole. A head ends within maxHead bytes
// or is broken, however many of them came at once.
func cutAnswer(b []byte) (a answer, size int, err error) {
	length, head := -1, b[:min(len(b), maxHead)]
	for at := 0; ; {
		end := bytes.IndexByte(head[at:], '\n')
		if end < 0 {
			if len(b) >= maxHead {
				return a, 0, errBroken
			}
			return a, 0, nil
		}
		line := b[at : at+end]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		first := at == 0
		at += end + 1
		switch {
		case len(line) > 0 && !a.line(line, first, &length):
			return a, 0, errBroken
		case len(line) > 0:
		case first || length < 0:
			return a, 0, errBroken
		case at+length > len(b):
			return a, 0, nil
		default:
			a.body = b[at : at+length]
			return a, at + length, nil
		}
	}
}

// line reads the status line or a header line.
func (a *answer) line(line []byte, first bool, length *int) bool {
	if first {
		if len(line) < 12 || string(line[:9]) != "HTTP/1.1 " {
			return false
		}
		status, ok := number(line[9:12])
		a.status = int(status)
		return ok && status >= 200
	}
	if value, is := header(line, "content-length"); is {
		n, ok := number(value)
		if !ok || n > maxBody || *length >= 0 {
			return false
		}
		*length = int(n)
	} else if value, is := header(line, "retry-after"); is {
		if n, ok := number(value); ok {
			a.wait = min(time.Duration(min(n, 3600))*time.Second, maxWait)
		}
	} else if value, is := header(line, "x-version"); is {
		a.gray = string(value) == gray.Version
	}
	return true
}

// header returns the value of a header line if it has this name, which is in lower case.
func header(line []byte, name string) ([]byte, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || line[0]|0x20 != name[0] || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name)+1:]), true
}

// number reads digits, and nothing else.
func number(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' || n > (1<<64-1)/10 {
			return 0, false
		}
		digit := uint64(c - '0')
		if n *= 10; n > 1<<64-1-digit {
			return 0, false
		}
		n += digit
	}
	return n, true
}

const codeStart = `{"code":"`

// code is the business code that the body begins with. A static part may be a page: there the status is enough.
func (a answer) code(op api.Op) (api.Code, error) {
	if len(a.body) < len(codeStart) || string(a.body[:len(codeStart)]) != codeStart {
		if op == api.Static && a.status == 200 {
			return api.OK, nil
		}
		return api.Unknown, fmt.Errorf("answer %d to %s begins %.40q, not with a code", a.status, op, a.body)
	}
	name := a.body[len(codeStart):]
	if len(name) > 2 && string(name[:3]) == `ok"` {
		return api.OK, nil
	}
	name = name[:max(0, bytes.IndexByte(name, '"'))]
	for code := range api.Codes {
		if string(name) == code.String() {
			return code, nil
		}
	}
	return api.Unknown, fmt.Errorf("answer %d to %s has the code %.40q", a.status, op, name)
}

// share is the order and the amount that an answer to a claim tells.
func (a answer) share() (api.Order, money.Fen, bool) {
	order, ok := a.field(`"order":"`)
	fen, ok2 := a.field(`"fen":`)
	return api.Order(order), money.Fen(fen), ok && ok2 && order > 0 && fen > 0 && fen < 1<<31
}

// spread is how far the front door asks clients to spread their return.
func (a answer) spread() time.Duration {
	ms, _ := a.field(`"spread_ms":`)
	return min(time.Duration(min(ms, 1<<20))*time.Millisecond, maxWait)
}

// field is the number behind a key of the body.
func (a answer) field(key string) (uint64, bool) {
	at := bytes.Index(a.body, []byte(key))
	if at < 0 {
		return 0, false
	}
	value := a.body[at+len(key):]
	end := 0
	for end < len(value) && value[end] >= '0' && value[end] <= '9' {
		end++
	}
	return number(value[:end])
}
