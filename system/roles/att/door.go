package att

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"redpacket/system/api"
)

// mostBody is the most bytes of an answer that are read; the API's are below 4 KiB.
const mostBody = 16 << 10

// door is one front door, asked over one connection as a browser would.
type door struct {
	addr   string
	client *http.Client
}

func newDoor(addr string) door {
	return door{addr, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true}}}
}

// asked is one request.
type asked struct{ method, path, token string }

// request is what asks for a page, with the gift that the user wants.
func request(op api.Op, gift api.Gift, token string) asked {
	switch op {
	case api.Static:
		return asked{http.MethodGet, "/static/0", ""}
	case api.List:
		return asked{http.MethodGet, "/gifts", token}
	case api.Select:
		return asked{http.MethodGet, fmt.Sprintf("/servers?gift=%d", gift), token}
	case api.Claim:
		return asked{http.MethodPost, fmt.Sprintf("/claim?gift=%d&server=1", gift), token}
	default:
		return asked{http.MethodGet, fmt.Sprintf("/receipt?gift=%d", gift), token}
	}
}

// answer is what came back, as far as a page uses it.
type answer struct {
	Status int      `json:"-"`
	Code   string   `json:"code"`
	Part   string   `json:"part"`
	Gifts  []uint64 `json:"gifts"`

	Servers []uint64        `json:"servers"`
	Order   api.Order       `json:"order,string"`
	Fen     json.RawMessage `json:"fen"` // of a share; of a list it is every gift's

	code api.Code
}

// share is what a claim or a receipt tells of; its Fen is 0 when there is no amount in it.
func (a answer) share() holding {
	h := holding{Order: a.Order}
	if json.Unmarshal(a.Fen, &h.Fen) != nil {
		h.Fen = 0
	}
	return h
}

// ask returns what was answered. The error says that no answer came; one that cannot be read is wrong, and has no code of
// the API.
func (d door) ask(ctx context.Context, a asked) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, a.method, "http://"+d.addr+a.path, nil)
	if err != nil {
		return answer{}, err
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	came, err := d.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer came.Body.Close()
	body, err := io.ReadAll(io.LimitReader(came.Body, mostBody))
	if err != nil {
		return answer{}, err
	}
	return read(came.StatusCode, body), nil
}

// read takes an answer apart; what is no JSON with a code of the API has the code Codes, which none is.
func read(status int, body []byte) answer {
	got := answer{code: api.Codes}
	if json.Unmarshal(body, &got) == nil {
		for code := range api.Codes {
			if got.Code == code.String() {
				got.code = code
			}
		}
	}
	got.Status = status
	return got
}
