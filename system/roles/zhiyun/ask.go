package zhiyun

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"redpacket/system/config"
	"redpacket/system/control"
)

// mostPage bounds what a process may answer, in bytes.
const mostPage = 1 << 20

// request asks a process' admin port once.
func (p *platform) request(ctx context.Context, i config.Instance, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+i.Admin+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	answer, err := p.asker.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, inner(err))
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(io.LimitReader(answer.Body, mostPage))
	if err == nil && answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("%s %s answers %d: %.200s", method, path, answer.StatusCode, strings.TrimSpace(string(page)))
	}
	return page, err
}

// inner is an error of the HTTP client without the address, which is the process'.
func inner(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

// echo asks which switches a process runs with.
func (p *platform) echo(ctx context.Context, i config.Instance) (control.Echo, error) {
	return p.heard(p.request(ctx, i, http.MethodGet, "/-/switches", nil))
}

// push gives a process switches, and returns what it then runs with.
func (p *platform) push(ctx context.Context, i config.Instance, s control.Switches) (control.Echo, error) {
	return p.heard(p.request(ctx, i, http.MethodPost, "/-/switches", s.Text()))
}

func (p *platform) heard(page []byte, err error) (e control.Echo, _ error) {
	if err != nil {
		return e, err
	}
	if err := control.Strictly(page, &e); err != nil {
		return e, fmt.Errorf("its echo: %w", err)
	}
	return e, e.Switches.Check()
}

// readMetrics reads a page of Prometheus' text format: the series of some names.
func readMetrics(page []byte, names []string) map[string]float64 {
	values := map[string]float64{}
	for line := range strings.Lines(string(page)) {
		line = strings.TrimRight(line, "\r\n")
		end := strings.LastIndexByte(line, ' ') // a label's value may hold spaces; no timestamps are asked for
		if end < 0 || line[0] == '#' {
			continue
		}
		name, _, _ := strings.Cut(line[:end], "{")
		v, err := strconv.ParseFloat(line[end+1:], 64)
		for _, wanted := range names {
			if name == wanted && err == nil {
				values[line[:end]] = v
			}
		}
	}
	return values
}
