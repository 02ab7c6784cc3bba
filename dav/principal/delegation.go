package principal

import "caldav-fcgi/dav/privilege"

// Delegation is one of the two ways to stand in for somebody: the name of the group below his principal resource, and what
// its members may do with all that is his.
type Delegation struct {
	Name   string
	Rights privilege.Set
}

// Delegations are both, what gives more first: as webdav.Request.Judge judges them.
func Delegations() []Delegation {
	return []Delegation{{proxyWrite, privilege.ProxyWrite}, {proxyRead, privilege.ProxyRead}}
}
