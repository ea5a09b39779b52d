package admin

import "syscall"

// disk shows how full the file system of a directory is: both 0 while it cannot be asked.
func disk(r Registry, dir string) {
	r.Gauge("redpacket_disk_free_bytes", "Bytes that the process may still write to its volume.", nil, func() float64 {
		free, _ := room(dir)
		return free
	})
	r.Gauge("redpacket_disk_bytes", "Bytes of its volume, used and free.", nil, func() float64 {
		_, all := room(dir)
		return all
	})
}

func room(dir string) (free, all float64) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, 0
	}
	size := float64(s.Bsize)
	return float64(s.Bavail) * size, float64(s.Blocks-s.Bfree+s.Bavail) * size // as df does: what is kept for root is nobody's
}
