package wire

import (
	"encoding/binary"
	"fmt"

	"redpacket/system/api"
)

// A frame is the length of its items (4 bytes, big endian), its kind (1 byte), and the items. An empty frame is a
// heartbeat.
const (
	frameHead   = 5
	kindCalls   = 'C'
	kindReplies = 'R'
	callSize    = 8 + 1 + 8 + 2 + 2 + 4
	replySize   = 8 + 1 + 4 + 2 // and the body
)

// framer appends items to frames in a buffer; the last frame is open until the buffer is taken away.
type framer struct {
	kind byte
	open int // where the open frame begins; below 0: there is none
}

// begin makes room for an item of size bytes, in the open frame or in a new one.
func (f *framer) begin(buf []byte, size int) []byte {
	if len(buf) == 0 || f.open < 0 || len(buf)-f.open-frameHead+size > MaxFrame {
		f.open = len(buf)
		return append(buf, 0, 0, 0, 0, f.kind)
	}
	return buf
}

// end writes the open frame's length as it is now.
func (f *framer) end(buf []byte) {
	binary.BigEndian.PutUint32(buf[f.open:], uint32(len(buf)-f.open-frameHead))
}

// beat appends an empty frame, which says only that this side is alive. It stays empty: items that follow open the next.
func (f *framer) beat(buf []byte) []byte {
	f.open = -1
	return append(buf, 0, 0, 0, 0, f.kind)
}

// Beat is a caller's heartbeat and the callee's answer to it, as they are on a connection after the greeting: what one may
// ask through a link without being a caller.
func Beat() (ask, answer []byte) {
	calls, replies := framer{kind: kindCalls}, framer{kind: kindReplies}
	return calls.beat(nil), replies.beat(nil)
}

// nextFrame returns the items of the first frame in buf, and the frame's whole size; a size of 0: more bytes are needed.
func nextFrame(buf []byte, kind byte) (items []byte, size int, err error) {
	if len(buf) < frameHead {
		return nil, 0, nil
	}
	length := binary.BigEndian.Uint32(buf)
	if buf[4] != kind {
		return nil, 0, fmt.Errorf("frame of kind %q, want %q: %w", buf[4], kind, ErrFrame)
	}
	if length > MaxFrame {
		return nil, 0, fmt.Errorf("frame of %d bytes, at most %d are allowed: %w", length, MaxFrame, ErrFrame)
	}
	if size = frameHead + int(length); len(buf) < size {
		return nil, 0, nil
	}
	return buf[frameHead:size:size], size, nil
}

func appendCall(buf []byte, c *Call) []byte {
	buf = binary.BigEndian.AppendUint64(buf, c.ID)
	buf = append(buf, byte(c.Op))
	buf = binary.BigEndian.AppendUint64(buf, uint64(c.User))
	buf = binary.BigEndian.AppendUint16(buf, uint16(c.Gift))
	buf = binary.BigEndian.AppendUint16(buf, c.Server)
	return binary.BigEndian.AppendUint32(buf, c.Waited)
}

// decodeCalls appends a frame's calls to dst.
func decodeCalls(dst []Call, items []byte) ([]Call, error) {
	if len(items)%callSize != 0 {
		return dst, fmt.Errorf("%d bytes of calls of %d bytes each: %w", len(items), callSize, ErrFrame)
	}
	for ; len(items) > 0; items = items[callSize:] {
		b := items[:callSize]
		dst = append(dst, Call{
			ID: binary.BigEndian.Uint64(b), Op: api.Op(b[8]), User: api.User(binary.BigEndian.Uint64(b[9:])),
			Gift: api.Gift(binary.BigEndian.Uint16(b[17:])), Server: binary.BigEndian.Uint16(b[19:]),
			Waited: binary.BigEndian.Uint32(b[21:]),
		})
	}
	return dst, nil
}

// appendReply leaves out a body that is over the limit: the code alone is an answer too.
func appendReply(buf []byte, r *Reply) []byte {
	body := r.Body
	if len(body) > MaxBody {
		body = nil
	}
	buf = binary.BigEndian.AppendUint64(buf, r.ID)
	buf = append(buf, byte(r.Code))
	buf = binary.BigEndian.AppendUint32(buf, r.Queued)
	buf = binary.BigEndian.AppendUint16(buf, uint16(len(body)))
	return append(buf, body...)
}

// decodeReplies appends a frame's replies to dst; their bodies lie in items.
func decodeReplies(dst []Reply, items []byte) ([]Reply, error) {
	for len(items) > 0 {
		if len(items) < replySize {
			return dst, fmt.Errorf("reply cut short after %d bytes: %w", len(items), ErrFrame)
		}
		r := Reply{ID: binary.BigEndian.Uint64(items), Code: api.Code(items[8]), Queued: binary.BigEndian.Uint32(items[9:])}
		end := replySize + int(binary.BigEndian.Uint16(items[13:]))
		if r.Code >= api.Codes || end-replySize > MaxBody || len(items) < end {
			return dst, fmt.Errorf("reply with code %d and a body of %d bytes: %w", r.Code, end-replySize, ErrFrame)
		}
		r.Body = items[replySize:end:end]
		dst, items = append(dst, r), items[end:]
	}
	return dst, nil
}
