package volley

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"redpacket/loadprofiles"
)

const (
	pageSize = 64 << 10
	pages    = 128 // that wait for a slow disk, 8 MB; then the volley waits, and is late by it
)

// paper writes the claim journal: a disk that stalls for a moment must not stall the load.
type paper struct {
	full  chan []byte
	empty chan []byte
	ended chan error
	held  atomic.Int64 // nanoseconds that the load waited for the disk
}

func openPaper(dir string) (*paper, error) {
	file, err := os.Create(filepath.Join(dir, JournalFile))
	if err != nil {
		return nil, fmt.Errorf("create the claim journal: %w", err)
	}
	p := &paper{full: make(chan []byte, pages), empty: make(chan []byte, pages), ended: make(chan error, 1)}
	go func() { p.ended <- p.write(file) }()
	return p, nil
}

// turn hands over whole attempts and returns an empty page.
func (p *paper) turn(lines []byte) []byte {
	if len(lines) > 0 {
		p.hand(lines)
	}
	select {
	case page := <-p.empty:
		return page[:0]
	default:
		return make([]byte, 0, pageSize)
	}
}

// hand waits for the disk when all pages are full, and counts for how long.
func (p *paper) hand(lines []byte) {
	select {
	case p.full <- lines:
		return
	default:
	}
	from := time.Now()
	p.full <- lines
	p.held.Add(int64(time.Since(from)))
}

// waited is how long the load waited for the disk.
func (p *paper) waited() time.Duration { return time.Duration(p.held.Load()) }

// close waits until everything is written, and returns the first thing that went wrong.
func (p *paper) close() error {
	close(p.full)
	return <-p.ended
}

// write goes on after an error, so that nobody waits for a journal that is lost already.
func (p *paper) write(file *os.File) (err error) {
	keep := func(next error) {
		if err == nil {
			err = next
		}
	}
	out := bufio.NewWriter(file)
	w, first := loadprofiles.NewJournalWriter(out)
	keep(first)
	for page := range p.full {
		if err == nil {
			keep(w.Write(page))
		}
		select {
		case p.empty <- page:
		default:
		}
	}
	keep(w.Close())
	keep(out.Flush())
	keep(file.Close())
	return err
}
