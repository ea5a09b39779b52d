package volley

import (
	"strconv"

	"redpacket/loadprofiles"
	"redpacket/system/api"
	"redpacket/system/login"
)

// requests are the bytes of every request, as far as they can be written beforehand.
type requests struct {
	statics [][]byte
	opening [api.Ops]string // up to the first thing that differs
	between string          // from the end of the target to the token
	empty   string          // the same for a request with an empty body

	neighbour uint16 // the id of the activity beside
}

// staticParts is how many different static parts the front door has.
const staticParts = 3

func newRequests(tag string) *requests {
	host := " HTTP/1.1\r\nHost: redpacket\r\n"
	if tag != "" {
		host += "X-Rehearsal: " + tag + "\r\n"
	}
	r := &requests{between: host + "Authorization: Bearer ", empty: host + "Content-Length: 0\r\nAuthorization: Bearer "}
	for part := range staticParts {
		r.statics = append(r.statics, []byte("GET /static/"+strconv.Itoa(part)+host+"\r\n"))
	}
	r.opening = [api.Ops]string{api.List: "GET /gifts", api.Select: "GET /servers?gift=",
		api.Claim: "POST /claim?gift=", api.Receipt: "GET /receipt?gift="}
	return r
}

// activity is the argument that names the activity, where it is not the first one.
func (r *requests) activity(dst []byte, first byte, of api.Gift) []byte {
	if of.Place() == 0 {
		return dst
	}
	dst = append(append(dst, first), "activity="...)
	return strconv.AppendUint(dst, uint64(r.neighbour), 10)
}

// static appends the request for a click's static part number i (0 …).
func (r *requests) static(dst []byte, i int) []byte { return append(dst, r.statics[i%staticParts]...) }

// dynamic appends the request of a click's step.
func (r *requests) dynamic(dst []byte, op api.Op, c loadprofiles.Click, token *[login.TokenLen]byte) []byte {
	dst = append(dst, r.opening[op]...)
	if op != api.List {
		dst = strconv.AppendUint(dst, uint64(c.Gift.Own()), 10)
		dst = r.activity(dst, '&', c.Gift)
	} else {
		dst = r.activity(dst, '?', c.Gift)
	}
	if op == api.Claim {
		dst = append(dst, "&server="...)
		dst = strconv.AppendUint(dst, uint64(c.Server), 10)
		dst = append(dst, r.empty...)
	} else {
		dst = append(dst, r.between...)
	}
	dst = append(dst, token[:]...)
	if c.Gift.Tagged() {
		dst = append(dst, "\r\nX-Pressure: 1"...)
	}
	return append(dst, "\r\n\r\n"...)
}
