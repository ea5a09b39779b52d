package prober

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"redpacket/system/api"
	"redpacket/system/money"
	"redpacket/system/names"
	"redpacket/system/pause"
)

const (
	mostBody = 4 << 10                // of an answer to a claim
	mostIdle = 256                    // connections that are kept: as many as a slow second needs
	askTime  = 500 * time.Millisecond // for an answer of the name service
	askPause = 100 * time.Millisecond // between two questions to it, whatever is lost
)

// door is the front door as its users find it: by a name that is asked for again when the answer has lapsed or a claim was
// lost. Until then, or while nobody answers, it is where it was.
type door struct {
	addr   atomic.Pointer[string] // nil: not known yet
	client *http.Client
	names  *names.Client // nil: there is no name service
	job    Job
	lost   chan struct{} // a claim had no answer
}

func newDoor(j Job) (*door, error) {
	transport := &http.Transport{DialContext: j.Dial, MaxIdleConnsPerHost: mostIdle, IdleConnTimeout: time.Minute, DisableCompression: true}
	d := &door{client: &http.Client{Transport: transport}, job: j, lost: make(chan struct{}, 1)}
	if j.DNS == "" {
		d.addr.Store(&j.Front)
		return d, nil
	}
	var err error
	d.names, err = names.Dial(j.DNS)
	return d, err
}

// follow keeps to what the name service says, until ctx ends.
func (d *door) follow(ctx context.Context) {
	if d.names == nil {
		return
	}
	closing := sync.OnceFunc(func() { _ = d.names.Close() })
	defer closing()
	defer context.AfterFunc(ctx, closing)() // an answer under way is not waited for
	question := []names.Question{{Name: d.job.Name, From: netip.AddrFrom4([4]byte{100, 64, 0, 0})}}
	for ctx.Err() == nil {
		ttl := askPause
		if answers, err := d.names.Ask(question, askTime); err == nil && len(answers[0].Addrs) > 0 {
			at := net.JoinHostPort(answers[0].Addrs[0].String(), strconv.Itoa(d.job.Port))
			d.addr.Store(&at)
			ttl = max(ttl, answers[0].TTL)
		}
		lapsed := time.NewTimer(ttl)
		select {
		case <-lapsed.C:
		case <-d.lost:
			pause.For(ctx, askPause)
		case <-ctx.Done():
		}
		lapsed.Stop()
	}
}

// share is what an answer to a claim says.
type share struct {
	outcome api.Outcome
	code    api.Code
	order   api.Order
	fen     money.Fen
}

// claim asks once; sent is called when the request has left. The error says that there was no answer.
func (d *door) claim(ctx context.Context, gift api.Gift, token string, sent func()) (share, error) {
	got, err := d.ask(ctx, gift, token, sent)
	if err != nil {
		select {
		case d.lost <- struct{}{}:
		default:
		}
	}
	return got, err
}

func (d *door) ask(ctx context.Context, gift api.Gift, token string, sent func()) (share, error) {
	addr := d.addr.Load()
	if addr == nil {
		return share{}, fmt.Errorf("the name service at %s has not told a front door yet", d.job.DNS)
	}
	var once sync.Once // a connection that turns out to be closed is tried anew by the transport
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { once.Do(sent) }})
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s/claim?gift=%d&server=1", *addr, gift), nil)
	if err != nil {
		return share{}, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	came, err := d.client.Do(r)
	if err != nil {
		return share{}, err
	}
	defer came.Body.Close()
	body, err := io.ReadAll(io.LimitReader(came.Body, mostBody))
	if err != nil {
		return share{}, err
	}
	return read(came.StatusCode, body), nil
}

// read takes an answer apart. One that the API does not promise is failed.
func read(status int, body []byte) share {
	var said struct {
		Code  string    `json:"code"`
		Order api.Order `json:"order,string"`
		Fen   money.Fen `json:"fen"`
	}
	bad := share{outcome: api.Failed}
	if json.Unmarshal(body, &said) != nil {
		return bad
	}
	for code := range api.Codes {
		switch {
		case said.Code != code.String():
		case status != code.Status(), code == api.OK && (said.Order == 0 || said.Fen <= 0 || said.Fen > 1<<31):
			return bad
		case code == api.OK:
			return share{api.Done, code, said.Order, said.Fen}
		default:
			return share{outcome: code.Outcome(), code: code}
		}
	}
	return bad
}
