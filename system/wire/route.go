package wire

import (
	"bytes"

	"redpacket/system/api"
)

// route recognises what a target asks for. A target that is well formed HTTP but no request of this API is refused
// without ending the connection.
func (r *Request) route(target []byte, post bool) {
	path, query := target, []byte(nil)
	if q := bytes.IndexByte(target, '?'); q >= 0 {
		path, query = target[:q], target[q+1:]
	}
	if part, ok := bytes.CutPrefix(path, []byte("/static/")); ok {
		r.Op = api.Static
		r.Part, r.Code = number(part)
	} else {
		r.page(path, query)
	}
	if r.Code == api.OK && post != (r.Op == api.Claim) {
		r.Code = api.Malformed
	}
}

func (r *Request) page(path, query []byte) {
	var a arguments
	switch string(path) {
	case "/gifts":
		r.Op = api.List
	case "/servers":
		r.Op = api.Select
	case "/receipt":
		r.Op = api.Receipt
	case "/claim":
		r.Op = api.Claim
	default:
		r.Code = api.NotFound
		return
	}
	if r.Code = a.read(query); r.Code != api.OK {
		return
	}
	r.Of = a.of
	if r.Op == api.List {
		return
	}
	if !a.hasGift || r.Op == api.Claim && !a.hasServer {
		r.Code = api.Malformed
	}
	r.Gift, r.Server = api.Gift(a.gift), a.server
}

// arguments are those of a query that this API knows.
type arguments struct {
	gift, server, of          uint16
	hasGift, hasServer, hasOf bool
}

// read takes gift=G, server=S and activity=A in any order, each at most once; other arguments are not ours and are passed over.
func (a *arguments) read(query []byte) (code api.Code) {
	for len(query) > 0 {
		pair := query
		if amp := bytes.IndexByte(query, '&'); amp >= 0 {
			pair, query = query[:amp], query[amp+1:]
		} else {
			query = nil
		}
		var value *uint16
		var has *bool
		if v, ok := bytes.CutPrefix(pair, []byte("gift=")); ok {
			pair, value, has = v, &a.gift, &a.hasGift
		} else if v, ok := bytes.CutPrefix(pair, []byte("server=")); ok {
			pair, value, has = v, &a.server, &a.hasServer
		} else if v, ok := bytes.CutPrefix(pair, []byte("activity=")); ok {
			pair, value, has = v, &a.of, &a.hasOf
		} else {
			continue
		}
		if *has {
			return api.Malformed
		}
		*has = true
		if *value, code = number(pair); code != api.OK {
			return code
		}
	}
	return api.OK
}

// number reads a small number strictly: digits only and no leading zero. One that is too large for any gift or server
// is NotFound: it is a number, and there is nothing behind it.
func number(text []byte) (uint16, api.Code) {
	if len(text) == 0 || len(text) > 1 && text[0] == '0' {
		return 0, api.Malformed
	}
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, api.Malformed
		}
		n = min(10*n+int(c-'0'), 1<<20)
	}
	if n > 1<<16-1 {
		return 0, api.NotFound
	}
	return uint16(n), api.OK
}
