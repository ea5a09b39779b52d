// Package dr rehearses disasters: a data centre lost or cut off, a store, a log, the ledger, the control store lost, and two
// losses at once. How long until claims are granted again, and how much that was promised is gone, is measured.
package dr
