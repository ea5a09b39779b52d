package tgw

import (
	"redpacket/system/api"
	"redpacket/system/wire"
)

// The static parts of the activity's pages, about 512 B each, as the front end takes them.
const (
	partFrame = `{"code":"ok","part":"frame","title":"Red packets for the New Year","sections":[{"id":"hero","text":"Open a red packet, keep the luck."},` +
		`{"id":"gifts","text":"Every game has a gift for you; new players find a larger one."},{"id":"cash","text":"Cash packets hold a random amount. Nobody knows it before you open one, and nobody can change it after."},` +
		`{"id":"mine","text":"What you have opened stays under My red packets."}],"theme":{"ground":"#c8102e","ink":"#ffe9b0","accent":"#f2b233","radius":12,"motion":"calm"}}`
	partRules = `{"code":"ok","part":"rules","rules":["One red packet of a kind for each user.","One try every five seconds; a second one sooner is not lost, only asked to wait.",` +
		`"Larger gifts are for players who are new to the game.","When a kind is sold out, it stays sold out.","A gift reaches your game within 48 hours, on the server that you chose.",` +
		`"If the page says that it is busy, yours is safe: come back after the time it names.","Amounts are whole fen and were drawn before the event began."],"version":3}`
	partWords = `{"code":"ok","part":"words","words":{"open":"Open","opening":"Opening …","again":"Try again","wait":"Please wait a moment","sold_out":"All found their owners","choose":"Choose your server",` +
		`"mine":"My red packets","on_its_way":"On its way to your game","arrived":"Arrived","share":"Tell your friends","login":"Log in","help":"Help","back":"Back","amount":"You got","yuan":"yuan",` +
		`"thanks":"Happy New Year, and thank you for playing with us!","network":"The network is slow. We keep looking."}}`
)

// pages renders the static parts once; they are served from memory.
func pages(r *wire.Replies) []*wire.Response {
	var all []*wire.Response
	for _, part := range []string{partFrame, partRules, partWords} {
		all = append(all, r.With(api.OK, []byte(part)))
	}
	return all
}
