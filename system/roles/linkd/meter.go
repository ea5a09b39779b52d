package linkd

import (
	"encoding/json"
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// MeterToxic is the name of a toxic that changes nothing and counts the bytes that pass it, over all connections. The API
// shows its count as the attribute bytes, while connections last: Toxiproxy's own counters move when one ends.
const MeterToxic = "meter"

// meter is a toxics.Toxic; one is shared by all connections of a proxy.
type meter struct{ bytes atomic.Int64 }

// Pipe passes everything on until the connection ends or the toxics in front of or behind it change.
func (m *meter) Pipe(stub *toxics.ToxicStub) {
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			m.bytes.Add(int64(len(c.Data)))
			stub.Output <- c
		}
	}
}

// MarshalJSON shows the count, as the toxic's attributes.
func (m *meter) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]int64{"bytes": m.bytes.Load()})
}
