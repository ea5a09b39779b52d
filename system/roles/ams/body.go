package ams

import (
	"redpacket/system/activity"
	"strconv"

	"redpacket/system/api"
	"redpacket/system/cmem"
)

// appendShare writes what a claim and a receipt answer: {"code":"ok","order":"…","gift":3,"fen":2000,"server":7}. The
// order is text, because a client's numbers may have only 53 bits.
func appendShare(b []byte, a *activity.Activity, gift api.Gift, s cmem.Share) []byte {
	b = append(b, `{"code":"ok","order":"`...)
	b = strconv.AppendUint(b, uint64(a.OrderOf(gift, s.Index)), 10)
	b = append(b, `","gift":`...)
	b = strconv.AppendUint(b, uint64(gift.Own()), 10)
	b = append(b, `,"fen":`...)
	b = strconv.AppendInt(b, int64(s.Fen), 10)
	b = append(b, `,"server":`...)
	b = strconv.AppendUint(b, uint64(s.Server), 10)
	return append(b, '}')
}

// shortList is the gift list without what a page can do without: each gift's id.
func shortList(a activity.Activity) []byte {
	b := []byte(`{"code":"ok","gifts":[`)
	for i, g := range a.Gifts[:min(len(a.Gifts), mostListed)] {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(g.ID), 10)
	}
	return append(b, "]}"...)
}

// serversBody is the servers of one game.
func serversBody(game uint8) []byte {
	b := strconv.AppendUint([]byte(`{"code":"ok","game":`), uint64(game), 10)
	b = append(b, `,"servers":[`...)
	for server := uint64(1); server <= activity.Servers; server++ {
		if server > 1 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, server, 10)
	}
	return append(b, "]}"...)
}
