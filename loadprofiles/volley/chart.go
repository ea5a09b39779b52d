package volley

import (
	"fmt"
	"io"

	"github.com/tsenart/vegeta/v12/lib/plot"
)

// Chart is the chart library that comes inside Vegeta (uPlot, MIT): its script and its style sheet, so that a report
// needs nothing from any network.
func Chart() (script, style string, err error) {
	if script, err = asset("uPlot.min.js"); err != nil {
		return "", "", err
	}
	style, err = asset("uPlot.min.css")
	return script, style, err
}

func asset(name string) (string, error) {
	f, err := plot.Assets.Open(name)
	if err != nil {
		return "", fmt.Errorf("chart library: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("chart library: read %s: %w", name, err)
	}
	return string(text), nil
}
