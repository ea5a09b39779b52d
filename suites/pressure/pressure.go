// Package pressure rehearses the event's load on a system built for less: the estimate, what was built, the real night, a
// burst, and refusals.
package pressure
