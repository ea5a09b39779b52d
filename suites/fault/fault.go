// Package fault rehearses what breaks: every drill of the group fault, and the conformance of every kind of fault in containers.
package fault
