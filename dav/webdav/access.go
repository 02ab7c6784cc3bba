package webdav

import (
	"slices"
	"strings"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// subject is what is known of the caller's place among the others. It is read when something of another's is met: what
// is the caller's own costs no statement.
type subject struct {
	known  bool
	groups []store.Membership
	ids    map[int64]bool // the caller and all his groups
	admin  bool
}

// know reads the groups, once in a transaction.
func (rq *Request) know() error {
	s := &rq.subject
	if s.known {
		return nil
	}
	*s = subject{ids: map[int64]bool{}}
	if p := rq.Who.Principal; p != nil {
		groups, err := rq.Tx.Memberships(p.ID)
		if err != nil {
			return err
		}
		s.groups, s.ids[p.ID] = groups, true
		s.admin = !strings.HasPrefix(p.Name, "@") && slices.Contains(rq.server.opt.Admins, p.Name) // a user may have any name
		for _, g := range groups {
			s.ids[g.ID] = true
			s.admin = s.admin || g.Kind == store.Group && slices.Contains(rq.server.opt.Admins, "@"+g.Name)
		}
	}
	s.known = true
	return nil
}

// Groups are all groups that the caller is in, also by way of others.
func (rq *Request) Groups() ([]store.Membership, error) {
	err := rq.know()
	return rq.subject.groups, err
}

// Identities are the caller and all groups he is in; none when nobody has logged in.
func (rq *Request) Identities() ([]int64, error) {
	if err := rq.know(); err != nil || rq.Who.Principal == nil {
		return nil, err
	}
	ids := []int64{rq.Who.Principal.ID}
	for _, g := range rq.subject.groups {
		ids = append(ids, g.ID)
	}
	return ids, nil
}

// Admin says whether the settings name the caller, or a group of his, as an administrator: such may do everything.
func (rq *Request) Admin() (bool, error) {
	if len(rq.server.opt.Admins) == 0 {
		return false, nil
	}
	err := rq.know()
	return rq.subject.admin, err
}

// ActsFor names whom the caller is a delegate of, in alphabetical order.
func (rq *Request) ActsFor() ([]string, error) {
	if err := rq.know(); err != nil {
		return nil, err
	}
	var names []string
	for _, g := range rq.subject.groups {
		if g.Kind == store.ProxyRead || g.Kind == store.ProxyWrite {
			names = append(names, g.Name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return slices.Compact(names), nil
}

// Access judges the entries on a resource of owner's, the nearest first and then those that it inherits: RFC 3744 §6.
// What is the owner's by nature, and a delegate's, no entry can take away.
func (rq *Request) Access(owner int64, entries ...[]privilege.ACE) (privilege.Access, error) {
	if !rq.Who.Is(owner) {
		if err := rq.know(); err != nil {
			return privilege.Access{}, err
		}
	}
	return rq.Judge(owner, entries...), nil
}

// Judge is Access for who has met the collection of the resource already.
func (rq *Request) Judge(owner int64, entries ...[]privilege.ACE) privilege.Access {
	if rq.Who.Is(owner) || rq.subject.admin {
		return privilege.Access{Rights: privilege.All}
	}
	var mine []privilege.ACE
	for _, g := range rq.subject.groups {
		if g.Owner != owner {
			continue
		}
		switch g.Kind {
		case store.ProxyWrite:
			mine = append(mine, privilege.ACE{Subject: privilege.ToPrincipal, Who: g.ID, Allow: privilege.ProxyWrite})
		case store.ProxyRead:
			mine = append(mine, privilege.ACE{Subject: privilege.ToPrincipal, Who: g.ID, Allow: privilege.ProxyRead})
		}
	}
	all := slices.Concat(append([][]privilege.ACE{mine}, entries...)...)
	return privilege.Evaluate(all, func(a privilege.ACE) bool { return rq.meant(a, owner) != a.Invert })
}

// meant says whether the caller is whom an entry names: RFC 3744 §5.5.1.
func (rq *Request) meant(a privilege.ACE, owner int64) bool {
	switch a.Subject {
	case privilege.ToAll:
		return true
	case privilege.ToAuthenticated:
		return rq.Who.Principal != nil
	case privilege.ToUnauthenticated:
		return rq.Who.Principal == nil
	case privilege.ToOwner, privilege.ToSelf:
		return rq.Who.Is(owner)
	}
	return rq.subject.ids[a.Who]
}
