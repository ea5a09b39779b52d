package admin

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"
)

// process shows what the process is to the machine, under the names that Prometheus' own collector gives it. That one
// opens nine files for a page and reads them whole; here what never changes is read once, and the others stay open.
func process(r Registry) {
	began, most := float64(time.Now().UnixMilli())/1000, descriptors()
	memory, network := open("/proc/self/statm"), open("/proc/self/net/dev")
	r.Counter("process_cpu_seconds_total", "Processor time of the process.", nil, processor)
	r.Gauge("process_start_time_seconds", "When the process began, since 1970.", nil, func() float64 { return began })
	r.Gauge("process_resident_memory_bytes", "Memory that the process holds.", nil, func() float64 { return resident(memory.read()) })
	r.Gauge("process_open_fds", "Open descriptors.", nil, opened)
	r.Gauge("process_max_fds", "The most descriptors that may be open.", nil, func() float64 { return most })
	r.Counter("process_network_transmit_bytes_total", "Bytes that have left the process' networks, but for those to itself.", nil,
		func() float64 { return transmitted(network.read()) })
}

// source is a file of the kernel, which is made anew whenever it is read from its start.
type source struct{ file *os.File }

// open never fails: of a machine that has no such file, nothing is told.
func open(path string) source {
	f, err := os.Open(path)
	if err != nil {
		return source{}
	}
	return source{f}
}

func (s source) read() []byte {
	if s.file == nil {
		return nil
	}
	text := make([]byte, 4<<10)
	n, err := s.file.ReadAt(text, 0)
	if err != nil && err != io.EOF {
		return nil
	}
	return text[:n]
}

func processor() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// resident reads statm: sizes in pages, the second of them what is in memory.
func resident(statm []byte) float64 {
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	return number(fields[1]) * float64(os.Getpagesize())
}

// transmitted reads net/dev: a line a network, "name: " and sixteen numbers, the ninth of them the bytes sent.
func transmitted(dev []byte) (sum float64) {
	for line := range bytes.Lines(dev) {
		name, numbers, is := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(numbers)
		if is && len(fields) > 8 && string(bytes.TrimSpace(name)) != "lo" {
			sum += number(fields[8])
		}
	}
	return sum
}

// opened is how many descriptors are open. Newer kernels tell it as the size of the directory, older ones by its entries.
func opened() float64 {
	const dir = "/proc/self/fd"
	if told, err := os.Stat(dir); err == nil && told.Size() > 0 {
		return float64(told.Size())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	return float64(len(entries) - 1) // without the one that reads them
}

func descriptors() float64 {
	var most syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &most); err != nil {
		return 0
	}
	return float64(most.Cur)
}

func number(text []byte) float64 {
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0
	}
	return n
}
