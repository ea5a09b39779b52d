package cmem

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"

	"redpacket/system/activity"
)

// sumsLua counts, in one atomic step that writes nothing: ARGV = gifts. For each: the next share, how many came back, how many
// users hold one, and how many the node was given. A node that is being installed has no epoch, and tells nothing.
const sumsLua = `
if not redis.call('GET', 'epoch') then return {} end
local sums = {}
for i, gift in ipairs(ARGV) do
  local at = 4 * (i - 1)
  sums[at + 1] = tonumber(redis.call('HGET', 'taken', gift) or '0')
  sums[at + 2] = redis.call('LLEN', 'returned:' .. gift)
  sums[at + 3] = redis.call('HLEN', 'who:' .. gift)
  sums[at + 4] = redis.call('STRLEN', 'amounts:' .. gift) / 4
end
return sums
`

// Contradiction looks, while the node is at work, whether its own figures can be: no gift has more shares than were funded,
// none is granted beyond them, and as many users hold one as were given out and did not come back. It says what is wrong
// first; empty: nothing is, or the node is being installed. It costs the node 0.1 ms.
func (s *Store) Contradiction(ctx context.Context, stock Stock) (string, error) {
	var gifts []string
	var all []activity.Gift
	for number, g := range stock.Activity.Each() {
		gifts, all = append(gifts, strconv.Itoa(int(number))), append(all, g)
	}
	sums, err := rueidis.NewLuaScriptReadOnly(sumsLua).Exec(ctx, s.client, nil, gifts).AsIntSlice()
	if err != nil {
		return "", fmt.Errorf("count the stocks: %w", err)
	}
	if len(sums) != 4*len(gifts) {
		return "", nil
	}
	for i, g := range all {
		taken, back, held, given := sums[4*i], sums[4*i+1], sums[4*i+2], sums[4*i+3]
		first, end := stock.Part.Range(g.Shares)
		taken = max(taken, int64(first)) // an untouched part has no counter
		switch {
		case first < end && given != int64(end):
			return fmt.Sprintf("gift %d %q: the store was given shares up to %d; %d are funded", g.ID, g.Name, given, end), nil
		case taken > int64(end):
			return fmt.Sprintf("gift %d %q: %d shares are granted of %d", g.ID, g.Name, taken-int64(first), end-first), nil
		case !stock.Marks && taken-int64(first)-back != held:
			return fmt.Sprintf("gift %d %q: %d shares were given out, %d came back, and %d users hold one", g.ID, g.Name, taken-int64(first), back, held), nil
		}
	}
	return "", nil
}
