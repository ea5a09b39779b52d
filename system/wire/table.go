package wire

import "net"

// The id of a request that waits for its answer: the connection's place (16 bits), the place's generation (16), and the
// low half of the slot's number (32). No map is needed to find it again, and one that is made up finds nothing, or a
// request of which it can only be the answer.
func id(index int, gen uint16, n uint64) uint64 {
	return uint64(index)<<48 | uint64(gen)<<32 | uint64(uint32(n))
}

// find is the connection that an id belongs to, or nil.
func (f *Front) find(id uint64) *frontConn {
	index := int(id >> 48)
	if index >= len(f.conns) {
		return nil
	}
	if c := f.conns[index].Load(); c != nil && c.gen == uint16(id>>32) {
		return c
	}
	return nil
}

// enter gives a connection its place; nil: the house is full.
func (f *Front) enter(conn net.Conn) *frontConn {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.free) == 0 {
		return nil
	}
	index := f.free[len(f.free)-1]
	f.free = f.free[:len(f.free)-1]
	f.gens[index]++
	c := newFrontConn(f, conn, index, f.gens[index])
	f.open.Add(1)
	f.high.Store(max(f.high.Load(), int64(index)+1))
	f.conns[index].Store(c)
	return c
}

// leave frees the place of a connection. The place is used again soon, which keeps the tables short; its generation
// would have to come round (65,536 connections) within one request's deadline before an old answer could go astray.
func (f *Front) leave(c *frontConn) {
	f.conns[c.index].Store(nil)
	f.due[c.index].Store(never)
	f.mu.Lock()
	f.free = append(f.free, c.index)
	f.mu.Unlock()
	f.open.Add(-1)
}

func (f *Front) each(do func(*frontConn)) {
	for i := range f.high.Load() {
		if c := f.conns[i].Load(); c != nil {
			do(c)
		}
	}
}
