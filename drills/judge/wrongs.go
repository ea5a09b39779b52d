package judge

import "fmt"

// wrongs is the violations of one promise: how many, the first and the worst, and no more than that in memory.
type wrongs struct {
	count        uint64
	first, worst string
	most         int64
}

// add counts a violation by how much money it is about, in fen of either sign.
func (w *wrongs) add(fen int64, format string, args ...any) {
	fen = max(fen, -fen)
	w.count++
	if w.count == 1 {
		w.first, w.most = fmt.Sprintf(format, args...), fen
		return
	}
	if w.worst == "" || fen > w.most {
		w.worst, w.most = fmt.Sprintf(format, args...), max(fen, w.most)
	}
}

// examples are the first and the worst violation.
func (w *wrongs) examples() []string {
	switch {
	case w.count == 0:
		return nil
	case w.worst == "":
		return []string{"first: " + w.first}
	}
	return []string{"first: " + w.first, "worst: " + w.worst}
}
