package caldav

import (
	"errors"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// provision gives an account its home with a calendar and a task list. It does so once: what a user has deleted since
// does not come back. Events and tasks lie apart because some clients show a mixed calendar as an empty list.
func provision(rq *webdav.Request, p *store.Principal) error {
	_, err := rq.Tx.Root(p.ID, store.KindCalendarHome)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	home := &store.Collection{Owner: p.ID, Kind: store.KindCalendarHome, Name: p.Name}
	if err := rq.Tx.CreateCollection(home); err != nil {
		return err
	}
	for _, c := range []struct {
		name, display string
		components    ical.Kind
	}{
		{"calendar", "Calendar", ical.VEvent},
		{"tasks", "Tasks", ical.VTodo},
	} {
		row := &store.Collection{Parent: home.ID, Owner: p.ID, Kind: store.KindCalendar, Name: c.name, Display: &c.display, Components: uint32(c.components)}
		if err := rq.Tx.CreateCollection(row); err != nil {
			return err
		}
	}
	return nil
}
