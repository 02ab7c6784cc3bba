package home

import (
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Home is one that holds collections and nothing else, as homes of calendars and of address books do. Refusal is what
// to say of anything else.
type Home struct {
	*Node
	Refusal string
}

// Types says that it is a collection.
func (h *Home) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

// DisplayName of a home is its owner's (RFC 4918 §15.2), and set there.
func (h *Home) DisplayName() string {
	if h.Owner.Display == "" {
		return h.Owner.Name
	}
	return h.Owner.Display
}

// Changes lists collections that came, went, or changed in any way. What is gone was a collection: its href ends in a
// slash, as the client has it.
func (h *Home) Changes(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	changes, next, more, err := h.Node.Changes(rq, since, limit)
	for i := range changes {
		changes[i].Collection = true
	}
	return changes, next, more, err
}

// TakesNoObjects says that there is no DAV:add-member here.
func (h *Home) TakesNoObjects() {}

// NewName is never asked for: a home takes no objects.
func (h *Home) NewName(*webdav.Request) string { return "" }

// Prepare refuses.
func (h *Home) Prepare(*webdav.Request, string) (any, error) {
	return nil, webdav.Forbidden("%s", h.Refusal)
}

// Put refuses, as Prepare does.
func (h *Home) Put(rq *webdav.Request, name string) (webdav.Stored, error) {
	_, err := h.Prepare(rq, name)
	return webdav.Stored{}, err
}
