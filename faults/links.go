package faults

// Links tells of the hops between nodes. What is done to them is done through their carriers' APIs, so that any process
// that can reach these can undo it.
type Links interface {
	// Links are the link of a name, or every link that leads to the node of a name: at least one, or an error that says so.
	Links(victim string) ([]Link, error)
}

// Link is one hop as it is hurt: plain data, good for as long as the cluster stands.
type Link struct {
	Name      string // from--to
	Carrier   string // the node that carries it; restarting it mends all its links and drops their connections
	API       string // host:port of the carrier's API: Toxiproxy's, and the relay's beside it
	Entrance  string // host:port where whoever uses the link connects
	Datagrams bool   // it carries UDP, by the relay; else TCP, by Toxiproxy

	// What the node at the end is asked to see whether the link carries: Ask may be sent at once, any number of times where
	// the protocol allows; each Answer is among what then comes back. Empty for datagrams: nobody answers them.
	Ask, Answer []byte
}
