// Package userlist holds lists of users in memory, where they are looked up without leaving the process.
package userlist

import (
	"iter"
	"math/bits"

	"redpacket/system/api"
)

// List is a set of users that never changes, so any number of goroutines may read it. The zero value is empty. It takes
// 11 to 21 bytes a user, and some 5 ns a look.
type List struct {
	slots []api.User // a power of two of them, at most three quarters full; 0: free
	count int
}

// Of is the list of the users; those named twice are in it once, and 0, who is nobody, is not.
func Of(users iter.Seq[api.User]) List {
	var l List
	for user := range users {
		if user == 0 {
			continue
		}
		if 4*(l.count+1) > 3*len(l.slots) {
			l = l.grown()
		}
		l.add(user)
	}
	return l
}

// Has says whether a user is in the list.
func (l List) Has(user api.User) bool {
	if l.count == 0 || user == 0 {
		return false
	}
	return l.slots[l.place(user)] == user
}

// Len is how many users are in the list.
func (l List) Len() int { return l.count }

// place is where a user is, or the free slot where the user would be.
func (l List) place(user api.User) int {
	mask := len(l.slots) - 1
	at := int(uint64(user) * 0x9e3779b97f4a7c15 >> (64 - bits.Len(uint(mask))))
	for l.slots[at] != 0 && l.slots[at] != user {
		at = (at + 1) & mask
	}
	return at
}

func (l *List) add(user api.User) {
	if at := l.place(user); l.slots[at] == 0 {
		l.slots[at] = user
		l.count++
	}
}

func (l List) grown() List {
	wider := List{slots: make([]api.User, max(8, 2*len(l.slots)))}
	for _, user := range l.slots {
		if user != 0 {
			wider.add(user)
		}
	}
	return wider
}
