package userlist

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"redpacket/system/api"
)

// A list has those it was made of, and nobody else.
func TestListIsASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		users := rapid.SliceOf(rapid.Custom(func(t *rapid.T) api.User {
			return api.User(rapid.OneOf(rapid.Uint64Range(0, 50), rapid.Uint64()).Draw(t, "user"))
		})).Draw(t, "users")
		l, in := Of(slices.Values(users)), map[api.User]bool{}
		for _, u := range users {
			in[u] = u != 0
		}
		delete(in, 0)
		if l.Len() != len(in) {
			t.Fatalf("%d users of %d in the list", l.Len(), len(in))
		}
		for _, u := range append(users, 0, 1, 25, 51, 1<<63) {
			if l.Has(u) != in[u] {
				t.Fatalf("Has(%d) is %v", u, l.Has(u))
			}
		}
	})
	if (List{}).Has(1) {
		t.Error("the empty list has somebody")
	}
}

func BenchmarkHas(b *testing.B) {
	l := Of(func(yield func(api.User) bool) {
		for u := range api.User(10_000) {
			yield(2 * u)
		}
	})
	b.ReportAllocs()
	for n := api.User(0); b.Loop(); n++ {
		l.Has(n % 20_000)
	}
}
