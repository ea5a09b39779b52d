package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"redpacket/drills/catalog"
	"redpacket/drills/judge"
	"redpacket/drills/record"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/tally"
	"redpacket/system/activity"
	"redpacket/system/api"
	"redpacket/system/books"
	"redpacket/system/money"
)

// Size is how much a made record holds.
type Size struct {
	Requests, Claims uint64
	grants           uint64
}

// night is a record in the making, of an event that went well: what it holds is streamed to its files, never gathered.
type night struct {
	want, made Size
	m          record.Manifest
	taken      []uint32      // shares, by gift
	amounts    [][]money.Fen // by gift; nil where all shares are alike
	tally      *tally.Tally
	journal    *loadprofiles.JournalWriter
	lines      []byte
	logged     uint64               // entries of the log
	again      loadprofiles.Attempt // the last grant, whose user may ask again
	draw       loadprofiles.Draw
}

// WriteNight writes the record of an event in which everything was as promised, of a size: it takes half a minute for twenty
// million requests, and a hundred megabytes at most. What it holds follows from its size alone.
func WriteNight(ctx context.Context, dir string, want Size) (Size, error) {
	into, err := record.Create(dir)
	if err != nil {
		return Size{}, err
	}
	n := &night{want: want, tally: tally.New(2 * time.Second)}
	if err := n.plan(); err != nil {
		return Size{}, err
	}
	if err := n.readings(into); err != nil {
		return Size{}, err
	}
	file, err := os.Create(filepath.Join(dir, record.JournalFile))
	if err != nil {
		return Size{}, fmt.Errorf("make a record: %w", err)
	}
	if n.journal, err = loadprofiles.NewJournalWriter(file); err == nil {
		n.m.Shelves, err = into.Shelves(func(keep books.Keep) error { return n.play(ctx, keep) })
	}
	if err == nil {
		err = errors.Join(n.journal.Write(n.lines), n.journal.Close())
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return Size{}, fmt.Errorf("make a record: %w", err)
	}
	if err := n.count(filepath.Join(dir, record.TallyFile)); err != nil {
		return Size{}, fmt.Errorf("make a record: %w", err)
	}
	n.close()
	return n.made, into.Finish(n.m)
}

// plan is the drill that the record is of: the estimate, held for as long as the requests last.
func (n *night) plan() error {
	d := catalog.EstimateHeld(time.Duration(float64(n.want.Requests) / loadprofiles.Estimate * float64(time.Second)))
	claims, err := judge.Encode(d.Assertions)
	if err != nil {
		return err
	}
	s := d.Stage(1)
	n.m = record.Manifest{Drill: d.ID, Name: d.Name, Why: d.Why, Group: d.Group, Seed: d.Seed, Scale: 1, Script: d.Script(),
		Windows: d.Windows(), Claims: claims, Activity: s.Activity, Rules: s.Rules, Profile: d.Profile(), Nodes: len(s.Topology.Nodes),
		Autopsy: true, Drain: record.Drain{Took: time.Second, Settled: true}}
	n.taken, n.amounts = make([]uint32, len(s.Activity.Gifts)), make([][]money.Fen, len(s.Activity.Gifts))
	for i, g := range s.Activity.Gifts {
		if g.Lucky {
			n.amounts[i] = s.Activity.Amounts(g)
		}
	}
	return nil
}

// readings are the gauges, all through the load.
func (n *night) readings(into *record.Writer) error {
	for at := time.Duration(0); at <= n.m.Length(); at += judge.SampleEvery {
		values := map[record.Gauge]float64{record.QueueWait: 0.002, record.Admitted: 1, record.ShardEpoch: 1, record.ShardOpen: 1}
		for _, writer := range judge.Writers() {
			values[record.PoisonedAt(writer)] = 0
		}
		if err := into.Sample(record.Sample{At: at, Values: values}); err != nil {
			return err
		}
	}
	return nil
}

// play makes the requests in the order in which they are owed, and of every so many a claim.
func (n *night) play(ctx context.Context, keep books.Keep) error {
	for n.made.Requests < n.want.Requests {
		at, ok := n.m.Profile.Curve.When(n.made.Requests + 1)
		if !ok {
			return fmt.Errorf("the curve owes %d requests only", n.made.Requests)
		}
		n.made.Requests++
		took := time.Millisecond + time.Duration(n.draw.Next()%uint64(20*time.Millisecond))
		// Claims are spread evenly: the k-th comes when k/claims of the requests have been made.
		if n.made.Claims*n.want.Requests >= n.want.Claims*n.made.Requests {
			n.tally.Record(at, took, [...]api.Op{api.Static, api.Static, api.Static, api.List, api.Select}[n.made.Requests%5], api.Done)
			continue
		}
		out, err := n.claim(at, took, keep)
		if err != nil {
			return err
		}
		n.tally.Record(at, took, api.Claim, out)
		if n.made.Claims%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Of so many claims one is a user's who has the gift already.
const againEvery = 64

// claim is a user's only claim, or the second one of the user who was granted a share last.
func (n *night) claim(at, took time.Duration, keep books.Keep) (api.Outcome, error) {
	n.made.Claims++
	if n.again.Order != 0 && n.made.Claims%againEvery == 0 {
		a := n.again
		a.Owed, a.Took = at, took
		n.logged++
		entry := books.Entry{Grant: api.Grant{Order: a.Order, User: a.User, Fen: a.Fen, Server: 1}, Pos: n.logged}
		return a.Outcome, errors.Join(keep(books.Log, entry), n.write(a))
	}
	offered := n.m.Profile.Users.Gifts
	gift := offered[n.draw.Next()%uint64(len(offered))]
	// The users come in another order than their numbers'.
	a := loadprofiles.Attempt{User: api.User(1 + n.made.Claims*2654435761%(1<<32)), Gift: gift, Outcome: api.Refused, Code: api.SoldOut, Owed: at, Took: took}
	def := n.m.Activity.Gifts[gift]
	if place := n.taken[gift]; place < def.Shares {
		n.taken[gift]++
		n.made.grants++
		a.Outcome, a.Code, a.Order, a.Fen = api.Done, api.OK, api.OrderOf(n.m.Activity.ID, gift, place), n.worth(def, place)
		if err := n.shelve(api.Grant{Order: a.Order, User: a.User, Fen: a.Fen, Server: 1}, keep); err != nil {
			return 0, err
		}
		n.again = a
	}
	return a.Outcome, n.write(a)
}

// write puts a claim into the journal.
func (n *night) write(a loadprofiles.Attempt) error {
	if n.lines = a.Append(n.lines); len(n.lines) < 1000*loadprofiles.AttemptSize {
		return nil
	}
	err := n.journal.Write(n.lines)
	n.lines = n.lines[:0]
	return err
}

func (n *night) worth(g activity.Gift, place uint32) money.Fen {
	if all := n.amounts[g.ID]; all != nil {
		return all[place]
	}
	return g.Total / money.Fen(g.Shares)
}

// shelve puts a grant into Redis, the log and the ledger.
func (n *night) shelve(g api.Grant, keep books.Keep) error {
	n.logged++
	return errors.Join(keep(books.Cmem, books.Entry{Grant: g}), keep(books.Log, books.Entry{Grant: g, Pos: n.logged}),
		keep(books.Ledger, books.Entry{Grant: g}))
}

// count writes the tally.
func (n *night) count(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(n.tally.Encode(f), f.Close())
}

// close fills in what is known at the end.
func (n *night) close() {
	length := n.m.Length()
	n.m.Yield = loadprofiles.Yield{Owed: n.made.Requests, Launched: n.made.Requests, Length: length, Conns: n.m.Profile.Conns.All(), Shards: 1,
		Clicks: loadprofiles.Launches{Owed: n.made.Requests / 6, Launched: n.made.Requests / 6}}
	n.m.Summary = books.Summary{Epoch: 1}
	for game := range n.m.Activity.Games {
		n.m.Summary.Lanes = append(n.m.Summary.Lanes, books.Lane{Game: game, Floor: n.logged, Last: n.logged})
	}
	for i, g := range n.m.Activity.Gifts {
		left := g.Total
		if n.amounts[i] == nil {
			left -= n.worth(g, 0) * money.Fen(n.taken[i])
		} else {
			for _, fen := range n.amounts[i][:n.taken[i]] {
				left -= fen
			}
		}
		n.m.Summary.Stocks = append(n.m.Summary.Stocks, books.Stock{Gift: g.ID, Shares: g.Shares, Taken: n.taken[i], Remaining: left})
	}
}
