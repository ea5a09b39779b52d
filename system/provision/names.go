package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"redpacket/system/names"
	"redpacket/system/topology"
)

// Doors is how users find the front doors where there is a name service.
type Doors struct {
	DNS   string   // host:port of the name service
	Names []string // what the users of each region ask for, in the order of the data centres
	Port  int      // of every front door
}

// Doors is how users find the front doors; false in a topology without a name service, which has one door: Front.
func (c *Cluster) Doors() (Doors, bool) {
	service, err := c.first(roleNames, "")
	if err != nil {
		return Doors{}, false
	}
	d := Doors{DNS: c.layout.frontOf(service), Port: topology.FrontPort}
	for _, idc := range c.plan.Topology.IDCs() {
		d.Names = append(d.Names, names.Front(idc))
	}
	return d, true
}

// Promotion is where whoever shows the event to users asks whether to: host:port; false in a topology without a promotion layer.
func (c *Cluster) Promotion() (addr string, there bool) {
	promo, err := c.first(rolePromo, "")
	if err != nil {
		return "", false
	}
	return c.layout.frontOf(promo), true
}

// Shift sets the weights by which the users of a region (empty: of every region) are sent to data centres; one that is not
// named gets 0. It returns when the name service answers by the new weights; clients follow when what they know has
// outlived its TTL.
func (c *Cluster) Shift(ctx context.Context, region string, weights map[string]int) error {
	service, err := c.first(roleNames, "")
	if err != nil {
		return fmt.Errorf("shift region %q: %w", region, err)
	}
	body, err := json.Marshal(map[string]any{"region": region, "weights": weights})
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, askWithin)
		defer cancel()
		err = c.tell(ctx, service.Name, "/-/weights", body)
	}
	if err != nil {
		return fmt.Errorf("shift region %q to %v: %w", region, weights, err)
	}
	return nil
}

// tell gives an order to a node's admin port, with the run's token; what is not answered by 200 is an error with what was.
func (c *Cluster) tell(ctx context.Context, node, path string, body []byte) error {
	url := "http://" + c.layout.at(node, topology.AdminPort) + path
	order, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	order.Header.Set("Authorization", "Bearer "+c.secret.token)
	answer, err := c.asker.Do(order)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d: %s", node, answer.StatusCode, strings.TrimSpace(string(said)))
	}
	return err
}
