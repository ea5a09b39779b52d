package cmemtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"time"

	"redpacket/system/api"
)

// Forget takes a holder, or a mark, of a gift off the Redis at addr, past every script, and says whether there was one. A
// replica has none to take off.
func Forget(ctx context.Context, addr string, gift api.Gift, user api.User) (there bool, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return false, err
	}
	key := fmt.Sprintf("who:%d", gift)
	field := string(binary.BigEndian.AppendUint64(nil, uint64(user)))
	if _, err := fmt.Fprintf(conn, "*3\r\n$4\r\nHDEL\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", len(key), key, len(field), field); err != nil {
		return false, err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	switch answer = strings.TrimSpace(answer); {
	case err != nil:
		return false, err
	case answer == ":1":
		return true, nil
	case answer == ":0" || strings.HasPrefix(answer, "-READONLY"):
		return false, nil
	}
	return false, fmt.Errorf("redis %s answers %q", addr, answer)
}
