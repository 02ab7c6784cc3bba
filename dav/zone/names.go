package zone

import (
	_ "embed"
	"strings"
	"sync"
)

// nameList has a line for each name of the IANA database, of tzdata Version: the name, and what it is another name for.
// The database is in the public domain.
//
//go:embed names.txt
var nameList string

// Name is a zone of the IANA database.
type Name struct {
	ID      string
	AliasOf string // the zone that this is another name for; "" for a zone itself
}

// Names lists every name of the database that can be used here, in order.
func Names() []Name { return allNames() }

var allNames = sync.OnceValue(func() (list []Name) {
	for line := range strings.Lines(nameList) {
		id, target, _ := strings.Cut(strings.TrimSpace(line), " ")
		if _, ok := iana(id); !ok { // the system's own database may be older
			continue
		}
		list = append(list, Name{id, target})
	}
	return list
})

// Standard reports whether id is itself a name of the IANA database, spelt as there.
func Standard(id string) bool {
	_, ok := iana(id)
	return ok
}
