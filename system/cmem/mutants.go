package cmem

import (
	"strings"

	"redpacket/system/mutant"
)

// mutated is the claim script: itself, but in a build with a deliberate bug of this script.
func mutated(claim string) string {
	switch {
	case mutant.Is(mutant.ShareLeaked):
		return strings.Replace(claim, "gift, first + got, k + 2", "gift, first + got + 1, k + 2", 1)
	case mutant.Is(mutant.ShareTwice):
		return strings.Replace(claim, "gift, first + got, k + 2", "gift, math.max(first + got - 1, 1), k + 2", 1)
	case mutant.Is(mutant.NoDedupe):
		return strings.NewReplacer("call('HGET', who, user)", "false", "call('HMGET', who, unpack(users))", "{}").Replace(claim)
	}
	return claim
}
