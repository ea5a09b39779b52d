package faultstest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/faults"
)

// The times of a crowd.
const (
	standWithin = 10 * time.Second // until all its connections stand and have been answered once
	askEvery    = 2 * time.Second  // by each of its connections
	standAtOnce = 128
)

// Crowd holds so many connections through a link, each of which asks and is answered every two seconds, until ctx ends. It
// returns how many were answered before anything is hurt; fewer than half is an error.
func Crowd(ctx context.Context, l faults.Link, size int) (moving int, err error) {
	var answered atomic.Int64
	var last atomic.Value
	places := make(chan struct{}, standAtOnce)
	var standing sync.WaitGroup
	standing.Add(size)
	for range size {
		places <- struct{}{}
		go func() {
			once := sync.OnceFunc(func() {
				standing.Done()
				<-places
			})
			defer once()
			if err := talk(ctx, l, func() { answered.Add(1); once() }); err != nil {
				last.Store(err.Error())
			}
		}()
	}
	standing.Wait()
	moving = int(answered.Load())
	if moving < size/2 {
		err = fmt.Errorf("only %d of %d connections through %s are answered: %v", moving, size, l.Name, last.Load())
	}
	return moving, err
}

// talk asks over one connection until ctx ends or the connection does; first is called at the first answer.
func talk(ctx context.Context, l faults.Link, first func()) error {
	conn, err := (&net.Dialer{Timeout: standWithin}).DialContext(ctx, "tcp", l.Entrance)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err := conn.SetReadDeadline(time.Now().Add(standWithin)); err != nil {
		return err
	}
	answer := bufio.NewReader(conn)
	for n := 0; ; n++ {
		if _, err := conn.Write(l.Ask); err != nil {
			return err
		}
		if _, err := io.ReadFull(answer, make([]byte, len(l.Answer))); err != nil {
			return err
		}
		if n == 0 {
			first()
			if err := conn.SetReadDeadline(time.Time{}); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(askEvery):
		}
	}
}
