// Package night rehearses the real night again: as it was planned, and with triggers that come before the damage.
package night
