package store

import "fmt"

// Place is a collection below another, or with Object an object in one, that has access control entries of its own.
type Place struct {
	Collection, Object int64
	Names              []string // that lead to it from the collection that was asked for
	Over               []int64  // the collections on the way, the nearest first; of an object, the one it is in among them
	ACEs               []ACE
}

const (
	// placesTree: collection_parent, all the way down.
	placesTree = `WITH RECURSIVE tree(id, parent, name) AS (SELECT ?1, 0, '' UNION ALL SELECT c.id, c.parent, c.name FROM tree CROSS JOIN collection c ON c.parent=tree.id AND c.deleted=0) `
	acesBelow  = placesTree + `SELECT ` + aceList + ` FROM tree CROSS JOIN ace a ON a.collection=tree.id WHERE a.object<>0 OR a.collection<>?1 ORDER BY a.collection, a.object, a.position`
	namesBelow = placesTree + `SELECT id, parent, name FROM tree`
	objectName = `SELECT name FROM object WHERE id=?`
)

// PlacesBelow are those below a collection, at any depth.
func (tx *Tx) PlacesBelow(collection int64) ([]Place, error) {
	places, err := tx.placesBelow(collection)
	if err != nil {
		return nil, fmt.Errorf("access control entries below collection %d: %w", collection, err)
	}
	return places, nil
}

func (tx *Tx) placesBelow(collection int64) ([]Place, error) {
	list, err := tx.aces(acesBelow, collection)
	if err != nil || list == nil {
		return nil, err
	}
	type branch struct {
		id, parent int64
		name       string
	}
	tree := map[int64]branch{}
	var b branch
	step := func() bool { tree[b.id] = b; return true }
	if err := tx.each([]any{num(&b.id), num(&b.parent), &b.name}, step, namesBelow, collection); err != nil {
		return nil, err
	}
	var places []Place
	for _, a := range list {
		if n := len(places); n > 0 && places[n-1].Collection == a.Collection && places[n-1].Object == a.Object {
			places[n-1].ACEs = append(places[n-1].ACEs, a)
			continue
		}
		p := Place{Collection: a.Collection, Object: a.Object, ACEs: []ACE{a}}
		at := a.Collection
		if a.Object != 0 {
			var name string
			if err := tx.one([]any{&name}, objectName, a.Object); err != nil {
				return nil, err
			}
			p.Names, p.Over = []string{name}, []int64{at}
		}
		for ; at != collection; at = tree[at].parent {
			p.Names = append([]string{tree[at].name}, p.Names...)
			p.Over = append(p.Over, tree[at].parent)
		}
		places = append(places, p)
	}
	return places, nil
}
