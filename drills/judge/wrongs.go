package judge

import "fmt"

// wrongs is the violations of one promise: how many, the first and the worst, and no more than that in memory.
type wrongs struct {
	count        uint64
	first, other string // other is the worst when there is a worse one than the first, else the second
	most         int64
	worse        bool // other is worse than the first
}

// add counts a violation by how much money it is about, in fen of either sign.
func (w *wrongs) add(fen int64, format string, args ...any) {
	fen = max(fen, -fen)
	w.count++
	switch {
	case w.count == 1:
		w.first, w.most = fmt.Sprintf(format, args...), fen
	case fen > w.most:
		w.other, w.most, w.worse = fmt.Sprintf(format, args...), fen, true
	case w.other == "":
		w.other = fmt.Sprintf(format, args...)
	}
}

// examples are the first violation and the worst; where the first is the worst, another.
func (w *wrongs) examples() []string {
	switch {
	case w.count == 0:
		return nil
	case w.count == 1:
		return []string{"first: " + w.first}
	case w.worse:
		return []string{"first: " + w.first, "worst: " + w.other}
	}
	return []string{"first and worst: " + w.first, "another: " + w.other}
}
