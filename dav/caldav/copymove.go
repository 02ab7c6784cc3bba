package caldav

import (
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// incoming makes the checks of RFC 4791 §5.3.2.1 that address books do not have on a resource that is copied or moved
// here.
func (c *Calendar) incoming(from webdav.Resource) (*Object, error) {
	if _, ok := from.(webdav.Collection); ok {
		return nil, ErrLocation.With("a calendar holds no collections")
	}
	src, ok := from.(*Object)
	if !ok {
		return nil, ErrSupportedCalendarData.With("%q is no calendar object", from.Name())
	}
	if kind := ical.Kind(src.Row.Kind); !c.Takes(kind) {
		return nil, c.unsupported(kind.String())
	}
	return src, nil
}

// Copy makes a new object with the octets, the index and the dead properties of another.
func (c *Calendar) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	src, err := c.incoming(from)
	if err != nil {
		return webdav.Stored{}, err
	}
	return c.CopyObject(rq, c.home.rules(), &src.Object, name)
}

// Move gives an object another name, another calendar, or both.
func (c *Calendar) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	src, err := c.incoming(from)
	if err != nil {
		return webdav.Stored{}, err
	}
	return c.MoveObject(rq, c.home.rules(), &src.Object, name)
}

// PlanCopy judges whether a calendar can be copied here.
func (h *Home) PlanCopy(rq *webdav.Request, from webdav.Resource, name string) (*store.CopyPlan, error) {
	if err := h.locationOK(name); err != nil {
		return nil, err
	}
	return h.PlanCollection(rq, h.rules(), from, name)
}

// Copy makes a new calendar like another.
func (h *Home) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	if err := h.locationOK(name); err != nil {
		return webdav.Stored{}, err
	}
	return h.CopyCollection(rq, h.rules(), from, name, store.KindCalendar)
}

// Move renames a calendar.
func (h *Home) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	if err := h.locationOK(name); err != nil {
		return webdav.Stored{}, err
	}
	return h.MoveCollection(rq, h.rules(), from, name, store.KindCalendar)
}

var (
	_ webdav.Copier     = (*Home)(nil)
	_ webdav.DeepSyncer = (*Home)(nil)
	_ webdav.DeadKeeper = (*Home)(nil)
	_ webdav.Container  = (*Calendar)(nil)
	_ webdav.DeepSyncer = (*Calendar)(nil)
	_ webdav.Displayed  = (*Calendar)(nil)
	_ webdav.Saver      = (*Calendar)(nil)
	_ webdav.Dated      = (*Calendar)(nil)
	_ webdav.DeadKeeper = (*Calendar)(nil)
	_ webdav.Object     = (*Object)(nil)
	_ webdav.Dated      = (*Object)(nil)
	_ webdav.DeadKeeper = (*Object)(nil)
)
