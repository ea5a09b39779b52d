// Package quiet shows that all alarms are silent while nothing happens.
package quiet
