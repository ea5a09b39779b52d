package judge

// NewcomersOnly is M6. Who is registered is worked out again from the recorded activity, which is the truth that the
// registry tells; whether the lookup worked makes no difference.
type NewcomersOnly struct {
	Grants    uint64 // so many grants, of any gift, must have been looked at
	Newcomers uint64 // and so many of gifts for new users
}

// String is the promise.
func (a NewcomersOnly) String() string {
	text := "M6 no registered user got the new-user gift"
	if a.Grants > 0 || a.Newcomers > 0 {
		text += say(", over %d grants, %d of them of such gifts", a.Grants, a.Newcomers)
	}
	return text
}

// Kind is Invariant.
func (NewcomersOnly) Kind() Kind { return Invariant }

// Check asks of each grant in the log whether its gift is for new users, and if so whether its user was one.
func (a NewcomersOnly) Check(c *Case) (Finding, error) {
	m, err := c.audit()
	if err != nil {
		return Finding{}, err
	}
	looked := uint64(len(m.grants.all))
	if m.cheap.count == 0 && (looked < a.Grants || m.newcomers < a.Newcomers) {
		return unsure(looked, "%d grants, %d of them of gifts for new users; want %d and %d", looked, m.newcomers, a.Grants, a.Newcomers), nil
	}
	return verdictOn(m.cheap, looked, "%d grants, %d of them of gifts for new users, each to a user who is not registered with the gift's game", looked, m.newcomers), nil
}
