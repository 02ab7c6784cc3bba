package home

import (
	"fmt"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Token is RFC 6578's.
func (n *Node) Token(rq *webdav.Request) (store.Token, error) {
	if n.Mounted() {
		return rq.Tx.SharedToken(n.Row, n.Data)
	}
	return rq.Tx.Token(n.Data)
}

// Changes lists the members that differ from a token's state. What the caller has lost sight of since is gone for him;
// of what he has never seen he is told nothing.
func (n *Node) Changes(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	first := since == store.Token{}
	if n.Mounted() && !first && since.Rev < n.Row.Viewed {
		return n.changesOfView(rq, since, limit)
	}
	list, next, more, err := rq.Tx.Changes(n.Data, since, limit)
	if err == nil && !more {
		next, err = n.Token(rq)
	}
	if err != nil || first || n.entries.on == nil {
		return list, next, more, err
	}
	list, err = n.told(rq, since, list)
	return list, next, more, err
}

// told leaves out of a list of changes, and turns round in it, what the caller does not see.
func (n *Node) told(rq *webdav.Request, since store.Token, list []store.Change) ([]store.Change, error) {
	sights, err := rq.Tx.Sights(n.Data, since)
	if err != nil {
		return nil, err
	}
	var lost, lostCollections []string
	for _, ch := range list {
		switch {
		case ch.Gone || !sights.Lost[ch.Name]:
		case ch.Collection:
			lostCollections = append(lostCollections, ch.Name)
		default:
			lost = append(lost, ch.Name)
		}
	}
	seen, err := n.sees(rq, lost)
	if err == nil {
		err = n.seesCollections(rq, lostCollections, seen)
	}
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for _, ch := range list {
		switch {
		case ch.Gone && sights.Secret[ch.Name] && n.access.View == privilege.NoPrivate:
			continue
		case ch.Gone && sights.Left[ch.Name] != nil && !rq.Judge(n.Owner.ID, sights.Left[ch.Name], n.inherited()).Rights.Has(privilege.Read):
			continue // he has never seen it, or been told before
		case !ch.Gone && sights.Lost[ch.Name] && !seen[ch.Name]:
			ch.Gone = true
		}
		out = append(out, ch)
	}
	return out, nil
}

// sees says which of the objects with these names the caller sees anything of.
func (n *Node) sees(rq *webdav.Request, names []string) (map[string]bool, error) {
	seen := map[string]bool{}
	if len(names) == 0 {
		return seen, nil
	}
	for row, err := range rq.Tx.Objects(n.Data.ID, 0, names...) {
		if err != nil {
			return nil, err
		}
		seen[row.Name] = n.shows(rq, row)
	}
	return seen, nil
}

// seesCollections adds to seen those of the collections with these names that the caller may read.
func (n *Node) seesCollections(rq *webdav.Request, names []string, seen map[string]bool) error {
	if len(names) == 0 {
		return nil
	}
	for row, err := range rq.Tx.Collections(n.Data.ID) {
		if err != nil {
			return err
		}
		if !slices.Contains(names, row.Name) {
			continue
		}
		c, err := n.open(rq, row, []store.Kind{row.Kind}, nil)
		if err != nil {
			return err
		}
		seen[row.Name] = c != nil && c.access.Rights.Has(privilege.Read)
	}
	return nil
}

func (n *Node) shows(rq *webdav.Request, row *store.Object) bool {
	a := n.accessTo(rq, row.ID)
	return a.Rights.Has(privilege.Read) && (a.View == privilege.Full || n.Hides == nil || !n.Hides(a.View, row))
}

// changesOfView is for a client that knows the collection as it was shown before: all of it is told anew, and what is no
// longer shown is gone.
func (n *Node) changesOfView(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	list, next, more, err := rq.Tx.Changes(n.Data, since, 0)
	if err != nil || more {
		return nil, next, more, err
	}
	list = slices.DeleteFunc(list, func(ch store.Change) bool { return !ch.Gone })
	for row, err := range rq.Tx.Objects(n.Data.ID, 0) {
		if err != nil {
			return nil, next, false, err
		}
		list = append(list, store.Change{Name: row.Name, Rev: row.Rev, Gone: !n.shows(rq, row)})
	}
	if limit > 0 && len(list) > limit { // pages would have to begin in the middle of it
		return nil, next, false, fmt.Errorf("%w: more or less of %q is shown now", store.ErrTokenUnknown, n.Row.Name)
	}
	next, err = n.Token(rq)
	return list, next, false, err
}

// ChangesBelow lists what differs in all that lies below too. Where entries let the caller see some of it only, he asks
// each collection by itself: RFC 6578 §3.3.
func (n *Node) ChangesBelow(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	if len(n.entries.on) > 0 || n.Mounted() {
		return nil, store.Token{}, false, webdav.ErrSyncTraversal.With("%s is seen in part: sync-collection takes level 1", n.path)
	}
	return rq.Tx.ChangesBelow(n.Data, since, limit)
}
