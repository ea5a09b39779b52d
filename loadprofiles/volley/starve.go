package volley

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// unknownWait says that the kernel does not tell how long threads waited.
const unknownWait = -1

// waited is how long this process' threads have stood ready to run while something else had their processor, by the
// kernel's account of each: the second number of schedstat.
func waited() time.Duration {
	paths, err := filepath.Glob("/proc/self/task/*/schedstat")
	if err != nil || len(paths) == 0 {
		return unknownWait
	}
	var sum time.Duration
	for _, path := range paths {
		text, err := os.ReadFile(path)
		fields := bytes.Fields(text)
		if err != nil || len(fields) < 2 {
			continue // the thread has ended
		}
		ns, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}

// starved is the share of a stretch of time, on so many cores, that the threads waited, at most 1 though several may wait at
// once; unknownWait when nobody can tell.
func starved(before, after, length time.Duration, cores int) float64 {
	if before < 0 || after < 0 || length <= 0 {
		return unknownWait
	}
	return min(1, max(0, (after-before).Seconds())/length.Seconds()/float64(max(1, cores)))
}
