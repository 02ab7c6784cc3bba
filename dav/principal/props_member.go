package principal

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// maxMembers is how many one request may name: each is looked up while all other writers wait.
const maxMembers = 2000

// memberProperties are those that tell who is in which group.
func memberProperties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[Principal]{Name: webdav.DAV("group-membership"), Get: memberOf}), // RFC 3744 §4.4: the direct ones
		webdav.On(webdav.Prop[*Group]{Name: webdav.DAV("group-member-set"), // RFC 3744 §4.3
			Get: func(rq *webdav.Request, g *Group, w *webdav.Writer) error { return members(rq, g.row.ID, w) },
			Set: func(rq *webdav.Request, g *Group, el *etree.Element) error { return setMembers(rq, g, el) }}),
		webdav.On(webdav.Prop[*Proxy]{Name: webdav.DAV("group-member-set"), // apple-caldav-proxy §5.2
			Get: func(rq *webdav.Request, p *Proxy, w *webdav.Writer) error {
				if !p.mine(rq) && !p.admin { // who stands in for whom is between the two
					return webdav.ErrNoValue
				}
				row, err := p.Row(rq)
				if errors.Is(err, store.ErrNotFound) {
					return nil
				}
				if err != nil {
					return err
				}
				return members(rq, row.ID, w)
			},
			Set: func(rq *webdav.Request, p *Proxy, el *etree.Element) error { return setMembers(rq, p, el) }}),
		proxyFor(proxyRead+"-for", store.ProxyRead),   // apple-caldav-proxy §5.3.1
		proxyFor(proxyWrite+"-for", store.ProxyWrite), // §5.3.2
	}
}

// memberOf shows a user all groups that he is in himself; of others only what is no delegation and what he sees.
func memberOf(rq *webdav.Request, p Principal, w *webdav.Writer) error {
	row, err := p.Row(rq)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	groups, err := rq.Tx.Joined(row.ID)
	if err != nil || len(groups) == 0 {
		return err
	}
	admin, err := rq.Admin()
	if err != nil {
		return err
	}
	paths, err := Paths(rq, groups)
	if err != nil {
		return err
	}
	if admin || rq.Who.Is(row.ID) {
		return list(w, groups, paths)
	}
	groups = slices.DeleteFunc(groups, func(id int64) bool { return len(paths[id].Segments) != 3 })
	return seen(rq, groups, paths, w)
}

// members shows those that the caller sees.
func members(rq *webdav.Request, group int64, w *webdav.Writer) error {
	rows, err := rq.Tx.Members(group)
	if err != nil {
		return err
	}
	var ids []int64
	paths := map[int64]webdav.Path{}
	for _, p := range rows {
		ids = append(ids, p.ID)
		paths[p.ID] = (&entity{row: p}).Path()
	}
	return seen(rq, ids, paths, w)
}

func seen(rq *webdav.Request, ids []int64, paths map[int64]webdav.Path, w *webdav.Writer) error {
	sight, err := rq.Sight()
	if err != nil {
		return err
	}
	if !sight.All && len(ids) > 0 {
		visible, err := rq.Tx.Seen(sight, ids)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(id int64) bool { return !visible[id] })
	}
	return list(w, ids, paths)
}

// list writes the paths in their order.
func list(w *webdav.Writer, ids []int64, paths map[int64]webdav.Path) error {
	var all []webdav.Path
	for _, id := range ids {
		if p, ok := paths[id]; ok {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b webdav.Path) int { return cmp.Compare(a.String(), b.String()) })
	for _, p := range all {
		w.Href(p)
	}
	return nil
}

// proxyFor is whom a user stands in for, by membership of any depth. It is his own affair.
func proxyFor(local string, kind store.PrincipalKind) webdav.Property {
	return webdav.On(webdav.Prop[*User]{Name: cs(local),
		Get: func(rq *webdav.Request, u *User, w *webdav.Writer) error {
			if !rq.Who.Is(u.row.ID) {
				return webdav.ErrNoValue
			}
			groups, err := rq.Groups()
			if err != nil {
				return err
			}
			var owners []int64
			for _, g := range groups {
				if g.Kind == kind {
					owners = append(owners, g.Owner)
				}
			}
			paths, err := Paths(rq, owners)
			if err != nil {
				return err
			}
			return list(w, owners, paths)
		}})
}

// setMembers makes the hrefs in el the members of a group. What the web server says of its members stays.
func setMembers(rq *webdav.Request, group Principal, el *etree.Element) error {
	row, err := group.Row(rq)
	if err != nil {
		return err
	}
	named, err := namedMembers(rq, group, el)
	if err != nil {
		return err
	}
	if err := noCycle(rq, row, named); err != nil {
		return err
	}
	told, err := rq.Tx.MembersFrom(row.ID, store.ByHand)
	if err != nil {
		return err
	}
	var byHand []int64
	for id := range named {
		if !slices.Contains(told, id) {
			byHand = append(byHand, id)
		}
	}
	for _, id := range told {
		if named[id] == nil {
			return conflict("the web server says who is in group %s; it would come back at the next login", row.Name)
		}
	}
	slices.Sort(byHand)
	return rq.Tx.SetMembers(row.ID, store.ByHand, byHand)
}

// namedMembers finds the principals in el, by id.
func namedMembers(rq *webdav.Request, group Principal, el *etree.Element) (map[int64]*store.Principal, error) {
	named := map[int64]*store.Principal{}
	if el == nil {
		return named, nil
	}
	hrefs := 0
	for _, href := range el.ChildElements() {
		if webdav.NameOf(href) != webdav.DAV("href") {
			continue
		}
		if hrefs++; hrefs > maxMembers {
			return nil, &webdav.Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("one request names %d members at most", maxMembers)}
		}
		text := webdav.TextOf(href)
		path, err := rq.ParseHref(text)
		if err != nil {
			return nil, ErrRecognizedPrincipal.With("%s is no principal of this server", text)
		}
		p, err := At(rq, path)
		if errors.Is(err, store.ErrNotFound) {
			return nil, ErrRecognizedPrincipal.With("%s is no principal of this server", text)
		}
		if err != nil {
			return nil, err
		}
		row, err := allowedMember(rq, group, p)
		if err != nil {
			return nil, err
		}
		named[row.ID] = row
	}
	return named, nil
}

// allowedMember: users and groups stand in for somebody else; groups of delegates are in no group.
func allowedMember(rq *webdav.Request, group, member Principal) (*store.Principal, error) {
	_, delegates := member.(*Proxy)
	_, place := member.(*Place)
	proxy, isProxy := group.(*Proxy)
	if delegates || isProxy && place {
		return nil, ErrAllowedPrincipal.With("%s cannot be in %s", member.Path(), group.Path())
	}
	row, err := member.Row(rq)
	if err == nil && isProxy && row.ID == proxy.owner.ID {
		err = ErrAllowedPrincipal.With("nobody is a delegate of himself")
	}
	return row, err
}

// noCycle refuses a group that would be in itself. Membership is found without harm in a cycle, which two logins can
// bring about: but nobody means it.
func noCycle(rq *webdav.Request, group *store.Principal, members map[int64]*store.Principal) error {
	if members[group.ID] != nil {
		return conflict("group %s would be in itself", group.Name)
	}
	above, err := rq.Tx.Memberships(group.ID)
	if err != nil {
		return err
	}
	for _, g := range above {
		if members[g.ID] != nil {
			return conflict("group %s is in group %s", group.Name, g.Name)
		}
	}
	return nil
}

func conflict(format string, a ...any) error {
	return &webdav.Error{Status: http.StatusConflict, Text: strings.TrimSpace(fmt.Sprintf(format, a...))}
}
