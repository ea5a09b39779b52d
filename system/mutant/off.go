//go:build !mutant

package mutant

// Is is false: this build has no bug of ours.
func Is(string) bool { return false }

// Swallow does nothing: this build has no bug of ours.
func Swallow() {}
