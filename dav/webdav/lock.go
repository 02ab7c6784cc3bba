package webdav

import (
	"slices"
	"strings"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// guarded are the privileges whose use changes what a write lock protects (RFC 4918 §7; RFC 3744 §7.5 for the ACL).
const guarded = privilege.WriteProperties | privilege.WriteContent | privilege.Bind | privilege.Unbind | privilege.WriteACL

// spot is a URL as locks see it.
type spot struct {
	path  Path
	at    place
	key   store.LockKey // what a lock of this very URL stands on; zero where nothing can be locked
	above []anchor      // from the root down, those whose deep locks reach here
	tree  bool          // what lies below counts as well
}

// anchor is a collection above a spot.
type anchor struct {
	path Path
	res  Resource
	key  store.LockKey
}

// held is a lock together with its root.
type held struct {
	store.Lock
	root Path
}

// lockable says whether a resource takes locks: what clients store, and what they store it in.
func lockable(r Resource) bool {
	_, container := r.(Container)
	_, entity := r.(Entity)
	_, keeps := r.(DeadKeeper)
	return keeps && (container || entity)
}

// lockKey is what a lock on r stands on.
func lockKey(r Resource) (store.LockKey, bool) {
	coll, object, ok := deadKey(r)
	if m, mount := r.(Mount); mount && m.Mounted() { // what is shared is locked for all who have it
		coll = m.Shared()
	}
	switch {
	case !ok || coll == 0 || !lockable(r):
		return store.LockKey{}, false
	case object == 0:
		return store.LockKey{Collection: coll}, true
	}
	return store.LockKey{Collection: coll, Name: r.Name()}, true
}

// spot finds what is at p and above it.
func (rq *Request) spot(p Path) (*spot, error) {
	at, err := rq.look(p)
	if err != nil {
		return nil, err
	}
	s := &spot{path: p, at: at}
	for i, res := range at.chain {
		key, ok := lockKey(res)
		switch {
		case !ok:
		case i == len(p.Segments):
			_, s.path.Slash = res.(Collection)
			s.key = key
		case key.Name == "":
			s.above = append(s.above, anchor{Path{Segments: p.Segments[:i], Slash: true}, res, key})
			if at.res == nil && at.parent != nil && i == len(p.Segments)-1 {
				s.key = store.LockKey{Collection: key.Collection, Name: at.missing}
			}
		}
	}
	return s, nil
}

// lockset is the locks around some spots.
type lockset struct {
	at    map[store.LockKey][]store.Lock
	below map[int64][]store.Lock
}

// locksAround reads all locks that reach a spot or lie below one, in one statement; none while nothing is locked at all.
// A nil spot is a URL that is none of ours.
func (rq *Request) locksAround(spots []*spot) (*lockset, error) {
	set := &lockset{at: map[store.LockKey][]store.Lock{}, below: map[int64][]store.Lock{}}
	if !rq.Tx.State().Locked {
		return set, nil
	}
	var keys []store.LockKey
	var trees []int64
	add := func(k store.LockKey) {
		if k.Collection != 0 && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for _, s := range spots {
		if s == nil {
			continue
		}
		add(s.key)
		for _, a := range s.above {
			add(a.key)
		}
		if s.tree && s.key.Name == "" && s.key.Collection != 0 && !slices.Contains(trees, s.key.Collection) {
			trees = append(trees, s.key.Collection)
		}
	}
	list, err := rq.Tx.Locks(keys, trees)
	if err != nil {
		return nil, err
	}
	for _, l := range list {
		switch {
		case l.Top == 0:
			set.at[l.LockKey] = append(set.at[l.LockKey], l)
		case len(l.Path) > 0: // that of the top itself is in the other part
			set.below[l.Top] = append(set.below[l.Top], l)
		}
	}
	return set, nil
}

// own are the locks whose root is the spot.
func (set *lockset) own(s *spot) []held {
	var out []held
	for _, l := range set.at[s.key] {
		out = append(out, held{l, s.path})
	}
	return out
}

// reaching are the locks in whose scope the spot lies: its own and the deep ones above (RFC 4918 §6.1).
func (set *lockset) reaching(s *spot) []held {
	var out []held
	for _, a := range s.above {
		for _, l := range set.at[a.key] {
			if l.Deep {
				out = append(out, held{l, a.path})
			}
		}
	}
	return append(out, set.own(s)...)
}

// under are the locks whose roots lie below the spot, those of one resource beside each other.
func (set *lockset) under(s *spot) []held {
	if !s.tree || s.key.Name != "" {
		return nil
	}
	var out []held
	for _, l := range set.below[s.key.Collection] {
		out = append(out, held{l, Path{Segments: append(slices.Clip(s.path.Segments), l.Path...), Slash: l.Name == ""}})
	}
	slices.SortStableFunc(out, func(a, b held) int { return strings.Compare(a.root.String(), b.root.String()) })
	return out
}

// claimed are the spots that a request's needs are about: each needed path, and the member that comes or goes there,
// with all below it.
func (rq *Request) claimed(needs []Need) (spots, members []*spot, err error) {
	for _, n := range needs {
		if n.What&guarded == 0 && n.Member == "" {
			continue
		}
		s, err := rq.spot(n.Path)
		if err != nil {
			return nil, nil, err
		}
		spots = append(spots, s)
		if n.Member == "" {
			continue
		}
		if s, err = rq.spot(n.Path.Child(n.Member, false)); err != nil {
			return nil, nil, err
		}
		s.tree = true
		spots, members = append(spots, s), append(members, s)
	}
	return spots, members, nil
}

// submitted says whether the request may use a lock: its token stands in the If header, and whoever asks took it
// (RFC 4918 §6.4, §7.5).
func (rq *Request) submitted(l held) bool {
	return rq.states != nil && rq.Who.Is(l.Principal) && slices.Contains(rq.states.tokens, l.Token)
}

// barred returns the lock that keeps the request from changing a resource all these reach; nil for none. Of shared locks
// one that is the caller's is enough (RFC 4918 §6.2).
func (rq *Request) barred(list []held) *held {
	var shared *held
	shares := false
	for i, l := range list {
		switch ok := rq.submitted(l); {
		case !l.Shared && !ok:
			return &list[i]
		case l.Shared && ok:
			shares = true
		case l.Shared && shared == nil:
			shared = &list[i]
		}
	}
	if shares {
		return nil
	}
	return shared
}

// passLocks judges all that a request would change at these spots.
func (rq *Request) passLocks(set *lockset, spots []*spot) error {
	for _, s := range spots {
		reaching := set.reaching(s)
		if l := rq.barred(reaching); l != nil {
			return rq.locked(*l)
		}
		list := set.under(s)
		shares := slices.DeleteFunc(slices.Clone(reaching), func(l held) bool { return !l.Deep || !l.Shared })
		above := len(shares) // beyond it, those on the way down to the resource at hand: roots stand before what is below them
		for len(list) > 0 {
			root := list[0].root
			for len(shares) > above && !root.Within(shares[len(shares)-1].root) {
				shares = shares[:len(shares)-1]
			}
			n := 1
			for n < len(list) && list[n].root.Same(root) {
				n++
			}
			if l := rq.barred(slices.Concat(shares, list[:n])); l != nil {
				return rq.locked(*l)
			}
			for _, l := range list[:n] {
				if l.Deep && l.Shared {
					shares = append(shares, l)
				}
			}
			list = list[n:]
		}
	}
	return nil
}

// locked is the 423, with the root of the lock where the caller may know of it.
func (rq *Request) locked(l held) error { return ErrLockTokenSubmitted.At(rq.visible(l.root)) }

func (rq *Request) visible(p Path) Path {
	if have, err := rq.RightsAt(p); err != nil || !have.Has(readNeeded) {
		return rq.Target
	}
	return p
}

// settleLocks lets the locks follow what the method did at the members that came or went: a lock goes with its root
// (RFC 4918 §6.1), is not moved (§7.6), and stays on a URL whose resource is another one now.
func (rq *Request) settleLocks() error {
	type kept struct {
		token string
		key   store.LockKey
	}
	var gone []string
	var stay []kept
	for _, s := range rq.members {
		own, under := rq.locks.own(s), rq.locks.under(s)
		if len(own)+len(under) == 0 {
			continue
		}
		at, err := rq.find(s.path, 0)
		if err != nil {
			return err
		}
		key, there := lockKey(at.res)
		for _, l := range own {
			switch {
			case there && key != s.key:
				stay = append(stay, kept{l.Token, key})
			case at.res == nil && s.at.res != nil:
				gone = append(gone, l.Token)
			}
		}
		if at.res != nil && key == s.key {
			continue
		}
		for _, l := range under {
			gone = append(gone, l.Token)
		}
	}
	for _, token := range gone {
		if err := rq.Tx.RemoveLock(token); err != nil {
			return err
		}
	}
	for _, k := range stay {
		if err := rq.Tx.RekeyLock(k.token, k.key); err != nil {
			return err
		}
	}
	return nil
}
