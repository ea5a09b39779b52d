package judge

import "reflect"

// Types are the names of all assertion types there are. Each needs a record that it is seen to fail on, or to doubt.
func Types() []string {
	var names []string
	for _, a := range kinds() {
		names = append(names, TypeOf(a))
	}
	return names
}

// TypeOf is the name of an assertion's type, such as MoneyConserved.
func TypeOf(a Assertion) string { return reflect.TypeOf(a).Name() }
