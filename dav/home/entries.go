package home

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// place is what access control entries stand on: a collection, or an object in it.
type place struct{ collection, object int64 }

// entries are those of a home, of all in it, and of what is shared into it.
type entries struct {
	on      map[place][]privilege.ACE
	objects map[int64]bool // collections with objects that have entries of their own
}

func group(all []store.ACE) entries {
	e := entries{on: map[place][]privilege.ACE{}, objects: map[int64]bool{}}
	for _, a := range all {
		p := place{a.Collection, a.Object}
		e.on[p] = append(e.on[p], a.ACE)
		if a.Object != 0 {
			e.objects[a.Collection] = true
		}
	}
	return e
}

func (e entries) of(collection, object int64) []privilege.ACE { return e.on[place{collection, object}] }
