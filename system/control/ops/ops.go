// Package ops is the API of the operations platform, the role zhiyun: what it answers, and a client that asks it.
package ops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"redpacket/system/control"
	"redpacket/system/control/playbook"
)

// Outcome is what became of a change.
type Outcome struct {
	Version   uint64   `json:"version"`           // that every process should run with now
	Changed   bool     `json:"changed"`           // false: it was so already
	Stored    bool     `json:"stored"`            // the control store has it; false: it was pushed alone, as far as is known
	Effective bool     `json:"effective"`         // every process has echoed the version
	Instances int      `json:"instances"`         // how many there are
	Missing   []string `json:"missing,omitempty"` // who did not, and why
	TookMS    int64    `json:"took_ms"`
}

// View is what is wanted, and who runs with what.
type View struct {
	Wanted control.Switches  `json:"wanted"`
	Runs   map[string]uint64 `json:"runs"`             // version by process
	Silent map[string]string `json:"silent,omitempty"` // those that did not answer, and why
}

// The states of a playbook.
const (
	Active = "active"
	AtRest = "at rest"
)

// Standing is a playbook and how it stands.
type Standing struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	State     string           `json:"state"`         // Active or AtRest
	By        string           `json:"by,omitempty"`  // who activated it: hand or trigger
	Due       string           `json:"due,omitempty"` // activate or close, when the condition for it has held
	Trigger   string           `json:"trigger"`
	Now       *float64         `json:"now"` // the trigger's metric; null: not known
	After     string           `json:"after,omitempty"`
	Action    control.Settings `json:"action,omitzero"`
	Calls     string           `json:"calls,omitempty"` // what it has the system do beside switches
	Expect    string           `json:"expect,omitempty"`
	ByHand    string           `json:"by_hand,omitempty"`
	Proof     string           `json:"proof"`
	Close     string           `json:"close"`
	Decides   string           `json:"decides"`
	Automatic bool             `json:"automatic"`
}

// Describe is a playbook in words, at rest.
func Describe(p playbook.Playbook) Standing {
	s := Standing{ID: p.ID, Name: p.Name, State: AtRest, Trigger: p.Trigger.String(), After: p.After, Action: p.Action, Calls: string(p.Calls), ByHand: p.ByHand,
		Proof: p.Proof, Close: p.Close.String(), Decides: p.Decides, Automatic: p.Automatic}
	if p.Expect.Metric != "" {
		s.Expect = p.Expect.String()
	}
	return s
}

// Client asks one platform.
type Client struct {
	URL   string // http://host:port of its admin port
	Token string // the run's; only needed for changes
}

// within bounds a call: the platform itself gives up on a process after 4 s.
const within = 10 * time.Second

// ErrMissing says that a change is made, and that some processes have not echoed it in time; the Outcome beside it names
// them. The platform goes on pushing it to them.
var ErrMissing = errors.New("not every process runs with it")

// Activate throws a playbook's switches, and returns when every process has echoed them. Twice is once.
func (c Client) Activate(ctx context.Context, id string) (Outcome, error) {
	return c.change(ctx, http.MethodPost, "/playbooks/"+url.PathEscape(id)+"/activate", nil)
}

// RollBack takes a playbook's switches back, and returns when every process has echoed that. Twice is once.
func (c Client) RollBack(ctx context.Context, id string) (Outcome, error) {
	return c.change(ctx, http.MethodPost, "/playbooks/"+url.PathEscape(id)+"/rollback", nil)
}

// Switch makes settings the base under the active playbooks, and returns when every process has echoed them.
func (c Client) Switch(ctx context.Context, s control.Settings) (Outcome, error) {
	if err := s.Check(); err != nil {
		return Outcome{}, err
	}
	body, err := json.Marshal(s)
	if err != nil {
		return Outcome{}, err
	}
	return c.change(ctx, http.MethodPut, "/switches", body)
}

// Playbooks are all there are and how they stand.
func (c Client) Playbooks(ctx context.Context) (all []Standing, err error) {
	_, err = c.ask(ctx, http.MethodGet, "/playbooks", nil, &all)
	return all, err
}

// View asks what is wanted, and every process what it runs with.
func (c Client) View(ctx context.Context) (v View, err error) {
	_, err = c.ask(ctx, http.MethodGet, "/switches", nil, &v)
	return v, err
}

func (c Client) change(ctx context.Context, method, path string, body []byte) (o Outcome, err error) {
	status, err := c.ask(ctx, method, path, body, &o)
	if err == nil && (status != http.StatusOK || !o.Effective) {
		err = fmt.Errorf("version %d: %w: %s", o.Version, ErrMissing, strings.Join(o.Missing, "; "))
	}
	return o, err
}

// ask makes one request and reads its answer. An answer that is no JSON of ours is an error with its text.
func (c Client) ask(ctx context.Context, method, path string, body []byte, into any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("ask the platform at %q: %w", c.URL, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.Token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, fmt.Errorf("ask the platform: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return answer.StatusCode, fmt.Errorf("ask the platform at %s: %w", c.URL, err)
	}
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusGatewayTimeout {
		return answer.StatusCode, fmt.Errorf("the platform at %s answers %d: %.300s", c.URL, answer.StatusCode, strings.TrimSpace(string(text)))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return answer.StatusCode, fmt.Errorf("the platform at %s answers %d with %.100q: is it a zhiyun?", c.URL, answer.StatusCode, text)
	}
	return answer.StatusCode, nil
}
