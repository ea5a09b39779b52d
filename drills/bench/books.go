package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"redpacket/drills/record"
	"redpacket/drills/stage"
	"redpacket/loadprofiles"
	"redpacket/loadprofiles/volley"
	"redpacket/system/api"
	"redpacket/system/books"
)

// serviceLevel bounds p99 where the table of promises does not: what the drills hold the event to. A claim waits for two
// disks, and a refusal in an ordered pipeline for the admitted request before it.
const serviceLevel = 200 * time.Millisecond

// claims is B5: users who come straight to the claim, each only once, and the log compared with what they were told.
func (b *Bench) claims(ctx context.Context) (o outcome, err error) {
	s, gifts := open(), []api.Gift{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} // those that everybody may take
	for _, g := range gifts {
		stock(&s.Activity.Gifts[g], 8_000_000) // a climb and three runs, of which the favourite gift has a third
	}
	told := promises{}
	w := work{load: stage.Load{Profile: clients(), Style: volley.Requests}, good: []api.Outcome{api.Done},
		never: []api.Outcome{api.Refused, api.Shed, api.Failed, api.Doubt}, journals: told.read}
	w.load.Profile.Funnel = loadprofiles.Funnel{First: api.Claim}
	w.within = serviceLevel
	// So many users that nobody comes twice, in any of the runs.
	w.load.Profile.Users = loadprofiles.Population{Size: 1 << 62, Gifts: gifts}
	err = b.with(ctx, s, func(on Cluster) error {
		f, err := b.highest(ctx, on, "B5", w)
		if err != nil {
			return err
		}
		row, costs := rated("B5", f)
		o = outcome{[]Finding{row}, costs}
		return told.compare(ctx, on, &o.findings[0])
	})
	return o, err
}

// promises are the orders that clients were told they have, a bit each: by gift, then by the share's place in its stock.
type promises struct {
	acked  uint64
	open   uint64 // claims whose clients do not know
	shares map[api.Gift][]uint64
}

// read takes in a volley's journal.
func (p *promises) read(dir string) error {
	f, err := os.Open(filepath.Join(dir, record.JournalFile))
	if err != nil {
		return fmt.Errorf("read the claims' journal: %w", err)
	}
	defer f.Close()
	for a, err := range loadprofiles.ReadJournal(f) {
		if err != nil {
			return fmt.Errorf("read the claims' journal: %w", err)
		}
		switch a.Outcome {
		case api.Done:
			p.acked++
			p.mark(a.Order)
		case api.Doubt, api.Failed:
			p.open++
		}
	}
	return nil
}

func (p *promises) mark(o api.Order) {
	if p.shares == nil {
		p.shares = map[api.Gift][]uint64{}
	}
	bits, word := p.shares[o.Gift()], int(o.Index()/64)
	for len(bits) <= word {
		bits = append(bits, 0)
	}
	bits[word] |= 1 << (o.Index() % 64)
	p.shares[o.Gift()] = bits
}

// take removes an order, and says whether it was promised and not yet taken.
func (p *promises) take(o api.Order) bool {
	bits, word := p.shares[o.Gift()], int(o.Index()/64)
	if word >= len(bits) || bits[word]&(1<<(o.Index()%64)) == 0 {
		return false
	}
	bits[word] &^= 1 << (o.Index() % 64)
	return true
}

// compare holds the log against the promises: every order that was acknowledged is in it, and what else is in it are
// claims whose clients do not know.
func (p *promises) compare(ctx context.Context, on Cluster, row *Finding) error {
	rest(ctx, on)
	var logged, kept uint64
	_, err := on.Books(ctx, func(s books.Shelf, e books.Entry) error {
		if s == books.Log {
			logged++
			if p.take(e.Order) {
				kept++
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take the books: %w", err)
	}
	row.Notes = append(row.Notes, fmt.Sprintf("books: %d claims acknowledged in all volleys, %d of these orders in the log, which has %d entries; %d clients do not know",
		p.acked, kept, logged, p.open))
	switch {
	case kept != p.acked:
		row.Broken = append(row.Broken, fmt.Sprintf("%d acknowledged claims are not in the log, or were acknowledged twice", p.acked-kept))
	case logged > p.acked+p.open:
		row.Broken = append(row.Broken, fmt.Sprintf("the log has %d entries more than anybody was told or could doubt", logged-p.acked-p.open))
	}
	return nil
}
