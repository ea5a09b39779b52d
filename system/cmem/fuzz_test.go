package cmem

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// FuzzRecordAgain: a record that is understood, packed again with the same answers, is understood in the same way. (No
// claim script writes one user and gift twice with two answers; of such a record the first answer counts.)
func FuzzRecordAgain(f *testing.F) {
	var p packer
	for _, asks := range [][]Ask{{{User: 1}}, {{User: 5, Gift: 3}, {User: 5}, {User: 9, Gift: 3, Server: 2}, {User: 5, Gift: 3}}} {
		packed, err := p.pack(asks)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed + answersTo(&p))
	}
	f.Fuzz(func(t *testing.T, record string) {
		asks, shares, err := unpack(record)
		if err != nil {
			if !errors.Is(err, errRecord) {
				t.Fatalf("another error: %v", err)
			}
			return
		}
		var p packer
		packed, err := p.pack(asks)
		if errors.Is(err, ErrTagless) && slices.ContainsFunc(asks, func(a Ask) bool { return a.User.IsPressure() != a.Gift.Tagged() }) {
			return // no writer of ours asked so, and none would
		}
		if err != nil {
			t.Fatal(err)
		}
		var answers []byte
		for _, o := range p.order {
			s := shares[uint16(o)]
			if s.Code == api.SoldOut {
				answers = append(answers, make([]byte, answerSize)...)
				continue
			}
			holds := uint16(1)
			if s.Repeat {
				holds = 2
			}
			answers = held(answers, api.Grant{Order: api.Order(s.Index), Fen: s.Fen, Server: s.Server}, holds)
		}
		again, sharesAgain, err := unpack(packed + string(answers))
		if err != nil {
			t.Fatal(err)
		}
		first := map[holder]Share{}
		for i, a := range asks {
			key := holder{a.User, a.Gift}
			if _, known := first[key]; !known {
				first[key] = shares[i]
			}
			shares[i] = first[key]
			asks[i].Server = asks[slices.IndexFunc(asks, func(b Ask) bool { return b.User == a.User && b.Gift == a.Gift })].Server
			one, two := shares[i], sharesAgain[i]
			one.Repeat, two.Repeat = false, false // of two asks for one share, either may stand first
			if asks[i] != again[i] || one != two {
				t.Fatalf("ask %d was %+v and got %+v; packed again it is %+v and gets %+v", i, asks[i], one, again[i], two)
			}
		}
	})
}

// FuzzHolders: whatever a page of holders says, each entry that is kept is one holder of the page, and what is left is
// never more than there was; a page that does not fit the stock is told.
func FuzzHolders(f *testing.F) {
	holder := func(user uint64, index, fen uint32) string {
		text := string(binary.BigEndian.AppendUint64(nil, user))
		return text + string(held(nil, api.Grant{Order: api.Order(index), Fen: money.Fen(fen), Server: 3}, 1))
	}
	amounts := string([]byte{0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 9})
	f.Add(amounts, holder(1, 0, 5)+holder(2, 1, 7))
	f.Add(amounts, holder(1, 0, 5)+holder(1, 0, 5)+holder(3, 0, 5))
	f.Add(amounts, holder(1, 9, 5)+holder(0, 2, 9))
	f.Add(amounts[:6], holder(1, 0, 4)+"short")
	f.Fuzz(func(t *testing.T, amounts, page string) {
		var elements []string
		for len(page) >= userSize+answerSize {
			elements = append(elements, page[:userSize], page[userSize:userSize+answerSize])
			page = page[userSize+answerSize:]
		}
		if page != "" {
			elements = append(elements, page[:len(page)/2], page[len(page)/2:])
		}
		kept := 0
		c := count{gift: activity.Gift{ID: 4}, activity: 1, amounts: amounts, holders: make([]api.User, len(amounts)/4),
			keep: func(e books.Entry) error {
				kept++
				if e.Order.Gift() != 4 || e.Order.Activity() != 1 {
					t.Fatalf("kept %+v", e)
				}
				return nil
			}}
		err := c.page(elements)
		if (err != nil) != (page != "") || err != nil && !errors.Is(err, errRecord) {
			t.Fatalf("%d elements, %d bytes over: %v", len(elements), len(page), err)
		}
		for i := range c.holders {
			c.gift.Total += c.amount(i)
		}
		c.gift.Shares = uint32(len(c.holders))
		stock := c.sum()
		if stock.Remaining < 0 || stock.Remaining > c.gift.Total || stock.Taken > c.users || int(c.users) != kept || 2*kept > len(elements) {
			t.Fatalf("%+v of %s for %d users, %d kept", stock, c.gift.Total, c.users, kept)
		}
		if c.odd == nil && int(stock.Taken) != kept {
			t.Fatalf("%d entries for %d taken shares, and nothing is said", kept, stock.Taken)
		}
	})
}

// FuzzSight: of two nodes' words only those are told apart that differ where a keeper looks.
func FuzzSight(f *testing.F) {
	f.Add("# Server\r\nrun_id:abc\r\nrole:master\r\n")
	f.Add("run_id:def\r\nmaster_host:linkd-store\r\nmaster_port:21007\r\n")
	f.Add("master_host:\r\nmaster_port:1\r\nrun_id\r\nrun_id::\n")
	f.Fuzz(func(t *testing.T, info string) {
		seen := sight(info)
		if strings.Contains(seen.RunID+seen.Follows, "\r\n") || len(seen.RunID)+len(seen.Follows) > len(info)+3 {
			t.Fatalf("%q is %+v", info, seen)
		}
		if again := sight(info + "\r\nused_memory:1\r\nrole:master\r\n"); again != seen {
			t.Fatalf("%+v becomes %+v by words that do not matter", seen, again)
		}
		if same := sight("run_id:" + seen.RunID); same.RunID != seen.RunID || same.Follows != "" {
			t.Fatalf("%+v, and its run id alone %+v", seen, same)
		}
	})
}
