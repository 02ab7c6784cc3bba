package share

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Seer is somebody who can see a collection. User is nil for all of a kind, whom Reasons name.
type Seer struct {
	User    *store.Principal
	Access  privilege.Access
	Reasons []string
	Mount   *store.Collection // the collection as he has it in his own home; nil when he has not
}

// Who are all who can see a collection, the owner first: by what they are, by entries on it or on its home, by shares, as delegates,
// each also by way of groups. admins are the names of administrators, of groups behind "@".
func Who(tx *store.Tx, c *store.Collection, admins []string) ([]Seer, error) {
	w := &who{tx: tx, c: c, seers: map[int64]*Seer{}, seen: map[int64]bool{}}
	owner, err := tx.PrincipalByID(c.Owner)
	if err != nil {
		return nil, err
	}
	if err := w.gather(owner, admins); err != nil {
		return nil, err
	}
	var list []Seer
	for _, s := range w.seers {
		if s.Mount, err = tx.Mount(c.ID, s.User.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err := w.judge(s); err != nil {
			return nil, err
		}
		if s.Access.Rights != 0 {
			list = append(list, *s)
		}
	}
	slices.SortFunc(list, func(a, b Seer) int {
		return cmp.Or(rank(a, c)-rank(b, c), strings.Compare(a.User.Name, b.User.Name))
	})
	return append(list, w.all...), nil
}

func rank(s Seer, c *store.Collection) int {
	if s.User.ID == c.Owner {
		return 0
	}
	return 1
}

type who struct {
	tx      *store.Tx
	c       *store.Collection
	entries []privilege.ACE // in the order in which they decide
	admins  map[int64]bool
	seers   map[int64]*Seer
	seen    map[int64]bool // groups on the way
	all     []Seer
}

func (w *who) gather(owner *store.Principal, admins []string) error {
	w.because(owner, "owner")
	shares, err := w.tx.Shares(w.c.ID)
	if err != nil {
		return err
	}
	byID := map[int64]*store.Share{}
	for _, s := range shares {
		byID[s.ID] = s
	}
	for _, place := range []struct {
		collection int64
		what       string
	}{{w.c.ID, "entry"}, {w.c.Parent, "entry on the home"}} {
		aces, err := w.tx.ACEs(place.collection)
		if err != nil {
			return err
		}
		for _, a := range aces {
			if a.Object != 0 {
				continue
			}
			w.entries = append(w.entries, a.ACE)
			what := place.what
			if s := byID[a.Share]; s != nil {
				what = "share " + s.Level.Name()
			}
			if err := w.entry(a.ACE, what); err != nil {
				return err
			}
		}
	}
	for _, kind := range []store.PrincipalKind{store.ProxyWrite, store.ProxyRead} {
		group, err := w.tx.Proxy(owner.ID, kind)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		what, may := "delegate", privilege.ProxyWrite
		if kind == store.ProxyRead {
			what, may = "delegate for reading", privilege.ProxyRead
		}
		if err == nil {
			w.entries = slices.Insert(w.entries, 0, privilege.ACE{Subject: privilege.ToPrincipal, Who: group.ID, Allow: may})
			err = w.members(group, what, "")
		}
		if err != nil {
			return err
		}
	}
	return w.administrators(admins)
}

// entry notes whom an entry grants something.
func (w *who) entry(a privilege.ACE, what string) error {
	switch {
	case a.Allow == 0:
		return nil
	case a.Invert:
		w.all = append(w.all, Seer{Access: privilege.Access{Rights: a.Allow, View: a.View}, Reasons: []string{what + " for all but some"}})
		return nil
	case a.Subject == privilege.ToPrincipal:
		p, err := w.tx.PrincipalByID(a.Who)
		if err != nil {
			return err
		}
		return w.named(p, what, "")
	}
	for subject, text := range map[privilege.Subject]string{privilege.ToAll: "everybody, also without a login", privilege.ToAuthenticated: "everybody with a login", privilege.ToUnauthenticated: "everybody without a login"} {
		if a.Subject == subject {
			w.all = append(w.all, Seer{Access: privilege.Access{Rights: a.Allow, View: a.View}, Reasons: []string{what + " for " + text}})
		}
	}
	return nil
}

func (w *who) because(p *store.Principal, why string) {
	s := w.seers[p.ID]
	if s == nil {
		s = &Seer{User: p}
		w.seers[p.ID] = s
	}
	if !slices.Contains(s.Reasons, why) {
		s.Reasons = append(s.Reasons, why)
	}
}

// named notes a principal, of a group all members.
func (w *who) named(p *store.Principal, what, way string) error {
	switch p.Kind {
	case store.User:
		if way != "" {
			what += " through " + way
		}
		w.because(p, what)
		return nil
	case store.Group:
		if way != "" {
			way += ", "
		}
		return w.members(p, what, way+"@"+p.Name)
	}
	return w.members(p, what, way)
}

func (w *who) members(group *store.Principal, what, way string) error {
	if w.seen[group.ID] { // they are in each other
		return nil
	}
	w.seen[group.ID] = true
	defer delete(w.seen, group.ID)
	members, err := w.tx.Members(group.ID)
	for _, m := range members {
		if err == nil {
			err = w.named(m, what, way)
		}
	}
	return err
}

func (w *who) administrators(names []string) error {
	w.admins = map[int64]bool{}
	for _, name := range names {
		kind := store.User
		if group, ok := strings.CutPrefix(name, "@"); ok {
			kind, name = store.Group, group
		}
		p, err := w.tx.Principal(kind, name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err == nil {
			w.admins[p.ID] = true
			err = w.named(p, "administrator", "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judge says what somebody may do, as the gate of every request does.
func (w *who) judge(s *Seer) error {
	groups, err := w.tx.Memberships(s.User.ID)
	if err != nil {
		return err
	}
	ids := map[int64]bool{s.User.ID: true}
	admin := w.admins[s.User.ID]
	for _, g := range groups {
		ids[g.ID] = true
		admin = admin || w.admins[g.ID]
	}
	if admin || s.User.ID == w.c.Owner {
		s.Access = privilege.Access{Rights: privilege.All}
		return nil
	}
	s.Access = privilege.Evaluate(w.entries, func(a privilege.ACE) bool {
		meant := ids[a.Who]
		switch a.Subject {
		case privilege.ToAll, privilege.ToAuthenticated:
			meant = true
		case privilege.ToPrincipal:
		default:
			meant = false
		}
		return meant != a.Invert
	})
	return nil
}

// Describe says in one word what an access is for.
func Describe(a privilege.Access) string {
	switch {
	case a.Rights == privilege.All:
		return "all"
	case a.Rights.Has(privilege.Read | privilege.WriteContent | privilege.Bind):
		return privilege.ShareReadWrite.Name()
	case a.Rights.Has(privilege.Read):
		for _, l := range privilege.Levels()[1:] {
			if l.Grants().View == a.View {
				return l.Name()
			}
		}
	case a.Rights.Has(privilege.ReadFreeBusy):
		return "free-busy"
	}
	return "something"
}
