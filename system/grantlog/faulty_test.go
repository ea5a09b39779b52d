package grantlog

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

var errBroken = errors.New("the disk is broken")

// faultyDisk is the real disk with a switch that breaks it, and a gate before each sync.
type faultyDisk struct {
	osDisk
	gate chan struct{} // nil: open

	mu     sync.Mutex
	broken string // "", write, room or sync
}

func (d *faultyDisk) fail(what string) {
	d.mu.Lock()
	d.broken = what
	d.mu.Unlock()
}

func (d *faultyDisk) err(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken == what {
		return errBroken
	}
	return nil
}

func (d *faultyDisk) Open(path string, length int64) (file, error) {
	f, err := d.osDisk.Open(path, length)
	return faultyFile{f, d}, err
}

func (d *faultyDisk) Create(path string) (file, error) {
	if d.err("room") != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := d.osDisk.Create(path)
	return faultyFile{f, d}, err
}

type faultyFile struct {
	file
	disk *faultyDisk
}

func (f faultyFile) Write(p []byte) (int, error) {
	if f.disk.err("room") != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, &os.PathError{Op: "write", Path: "spool", Err: syscall.ENOSPC}
	}
	if err := f.disk.err("write"); err != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, err
	}
	return f.file.Write(p)
}

func (f faultyFile) Sync() error {
	if f.disk.gate != nil {
		<-f.disk.gate
	}
	if err := f.disk.err("sync"); err != nil {
		return err
	}
	return f.file.Sync()
}
