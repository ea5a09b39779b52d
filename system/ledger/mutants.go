package ledger

import (
	"slices"
	"strings"

	"redpacket/system/api"
	"redpacket/system/mutant"
)

// mutated is the table: itself, but in a build with a deliberate bug that its keys would hide.
func mutated(table string) string {
	const order, gift = "PRIMARY KEY", ",\n\tUNIQUE (activity, user_id, gift)"
	switch {
	case mutant.Is(mutant.TagLeaksAtAMS), mutant.Is(mutant.TagLeaksAtCourier):
		return strings.Replace(table, ", CHECK (user_id > 0)", "", 1)
	case mutant.Is(mutant.OtherOrder):
		return strings.Replace(table, gift, "", 1)
	case mutant.Is(mutant.Replayed):
		return strings.NewReplacer(order, "NOT NULL", gift, "").Replace(table)
	}
	return table
}

// underOtherOrders are the same grants under orders of the activity that nobody gave.
func underOtherOrders(grants []api.Grant) []api.Grant {
	others := slices.Clone(grants)
	for i, g := range grants {
		others[i].Order = api.OrderOf(g.Order.Activity(), g.Order.Gift(), g.Order.Index()+1<<23)
	}
	return others
}
