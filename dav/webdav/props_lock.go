package webdav

import (
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// lockProperties are those of RFC 4918 §15 on what can be locked.
func lockProperties() []Property {
	return append(lockPropertiesOf[Container](), lockPropertiesOf[Entity]()...)
}

func lockPropertiesOf[R Resource]() []Property {
	return []Property{
		On(Prop[R]{Name: DAV("supportedlock"), AllProp: true, // §15.10
			Get: func(rq *Request, r R, w *Writer) error {
				if !lockable(r) {
					return ErrNoValue
				}
				for _, scope := range []string{"exclusive", "shared"} {
					w.Raw("<d:lockentry><d:lockscope><d:" + scope + "/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>")
				}
				return nil
			}}),
		On(Prop[R]{Name: DAV("lockdiscovery"), AllProp: true, // §15.8
			Get: func(rq *Request, r R, w *Writer) error {
				if !lockable(r) {
					return ErrNoValue
				}
				list, err := rq.discover(w.Self, r)
				for _, l := range list {
					known, err := rq.shown(l, r, w.Self)
					if err != nil {
						return err
					}
					w.activeLock(known, rq.Tx.Now.Unix())
				}
				return err
			}}),
	}
}

// shown is what the caller is told of a lock on r. The token, and who says that he took it, are for whoever took it, may
// change the resource, or may remove the lock; the root is named where the caller may know of it.
func (rq *Request) shown(l held, r Resource, self Path) (held, error) {
	if !rq.Who.Is(l.Principal) && r.Rights(rq)&(privilege.Write|privilege.Unlock) == 0 {
		l.Token, l.Owner = "", ""
	}
	if l.root.Same(self) {
		return l, nil
	}
	have, err := rq.RightsAt(l.root)
	if err == nil && !have.Has(readNeeded) {
		l.root = Path{}
	}
	return l, err
}

// activeLock writes DAV:activelock (§14.1). Without a token it has no DAV:locktoken, and without a root it is that of the
// resource itself.
func (w *Writer) activeLock(l held, now int64) {
	scope, depth := "exclusive", "0"
	if l.Shared {
		scope = "shared"
	}
	if l.Deep {
		depth = "infinity"
	}
	w.Raw("<d:activelock><d:locktype><d:write/></d:locktype><d:lockscope><d:" + scope + "/></d:lockscope><d:depth>" + depth + "</d:depth>")
	w.Raw(l.Owner)
	w.Raw("<d:timeout>Second-")
	w.Int(max(0, l.Expires-now))
	w.Raw("</d:timeout>")
	if l.Token != "" {
		w.Raw("<d:locktoken>")
		w.Address(l.Token)
		w.Raw("</d:locktoken>")
	}
	w.Raw("<d:lockroot>")
	if len(l.root.Segments) == 0 {
		l.root = w.Self
	}
	w.Href(l.root)
	w.Raw("</d:lockroot></d:activelock>")
}

// lockListing is the locks that members of one collection show: read once for all of them.
type lockListing struct {
	of    Path
	above []held
	at    map[store.LockKey][]store.Lock
}

// discover returns the locks in whose scope r at path lies.
func (rq *Request) discover(path Path, r Resource) ([]held, error) {
	key, ok := lockKey(r)
	if !ok || !rq.Tx.State().Locked {
		return nil, nil
	}
	if rq.listing == nil || !rq.listing.of.Same(path.Parent()) {
		list, err := rq.listLocks(path.Parent())
		if err != nil {
			return nil, err
		}
		rq.listing = list
	}
	own := rq.listing.at[key]
	if rq.listing.at == nil { // a root, which lies in no collection of the store
		var err error
		if own, err = rq.Tx.Locks([]store.LockKey{key}, nil); err != nil {
			return nil, err
		}
	}
	out := slices.Clip(rq.listing.above)
	for _, l := range own {
		out = append(out, held{l, path})
	}
	return out, nil
}

func (rq *Request) listLocks(p Path) (*lockListing, error) {
	s, err := rq.spot(p)
	if err != nil {
		return nil, err
	}
	set, err := rq.locksAround([]*spot{s})
	if err != nil {
		return nil, err
	}
	out := &lockListing{of: p, above: slices.DeleteFunc(set.reaching(s), func(l held) bool { return !l.Deep })}
	if s.key.Collection != 0 {
		out.at, err = rq.Tx.LocksListed(s.key.Collection)
	}
	return out, err
}
