package home

import (
	"errors"
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Tree is one of the trees: /calendars/, /addressbooks/, /files/. Its children are homes, named for users.
type Tree struct {
	Segment string                      // the first of the path
	Kind    store.Kind                  // of a home's row
	Open    func(*Node) webdav.Resource // makes a home
}

// Name is its path segment.
func (t *Tree) Name() string { return t.Segment }

// Types says that it is a collection.
func (t *Tree) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

// Rights: every user may look at it; Members shows what the caller has something in.
func (t *Tree) Rights(rq *webdav.Request) privilege.Set { return webdav.LookRights(rq) }

// AbsentRights are none, as those on a home that nothing is granted in: who has an account here is not told.
func (t *Tree) AbsentRights(*webdav.Request, string) privilege.Set { return 0 }

// Child finds the caller's own home, or another's that he has been granted anything in. One where he has not is not
// there for him, and takes the same statements as one that does not exist.
func (t *Tree) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	if own := rq.Who.Principal; own != nil && own.Name == name {
		return t.own(rq, own)
	}
	row, owner, err := t.reach(rq, name)
	if err != nil {
		return nil, err
	}
	return t.visit(rq, row, owner)
}

func (t *Tree) own(rq *webdav.Request, owner *store.Principal) (webdav.Resource, error) {
	row, err := rq.Tx.Root(owner.ID, t.Kind)
	if err != nil {
		return nil, err
	}
	access := privilege.Access{Rights: privilege.All}
	return t.Open(&Node{Row: row, Data: row, Owner: owner, access: access, path: webdav.P(t.Segment, owner.Name), mine: true}), nil
}

func (t *Tree) reach(rq *webdav.Request, user string) (*store.Collection, *store.Principal, error) {
	as, err := rq.Identities()
	if err != nil {
		return nil, nil, err
	}
	admin, err := rq.Admin()
	if err != nil {
		return nil, nil, err
	}
	return rq.Tx.Reach(t.Kind, user, as, admin)
}

// visit opens somebody else's home with the entries of all that lies in it, which one statement reads.
func (t *Tree) visit(rq *webdav.Request, row *store.Collection, owner *store.Principal) (webdav.Resource, error) {
	entries, err := rq.Tx.ACEsOfHome(row.ID)
	if err != nil {
		return nil, err
	}
	n := &Node{Row: row, Data: row, Owner: owner, path: webdav.P(t.Segment, owner.Name), entries: group(entries)}
	if n.access, err = rq.Access(owner.ID, n.entries.of(row.ID, 0)); err != nil {
		return nil, err
	}
	return t.Open(n), nil
}

// Members yields the caller's own home, and those of whom he stands in for.
func (t *Tree) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		own := rq.Who.Principal
		if own == nil {
			return
		}
		if names == nil || slices.Contains(names, own.Name) {
			home, err := t.own(rq, own)
			if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			if (home != nil || err != nil) && (!yield(home, err) || err != nil) {
				return
			}
		}
		owners, err := rq.ActsFor()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, owner := range owners {
			if names != nil && !slices.Contains(names, owner) {
				continue
			}
			home, err := t.Child(rq, owner, 0)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if !yield(home, err) || err != nil {
				return
			}
		}
	}
}

var _ webdav.AbsentRights = (*Tree)(nil)
