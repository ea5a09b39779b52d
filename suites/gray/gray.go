// Package gray rehearses what is learned from a few users before everybody comes: is the traffic model true, and is a new
// version the same as the old one.
package gray
