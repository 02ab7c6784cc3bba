package caldav

import (
	"errors"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// incoming makes the checks of RFC 4791 §5.3.2.1 on a resource that is copied or moved here, and returns it with what
// stands in its place. Its data was judged when it was stored: only what differs between calendars is judged again.
func (c *Calendar) incoming(rq *webdav.Request, from webdav.Resource, name string, moved bool) (src *Object, standing *store.Object, err error) {
	if _, ok := from.(webdav.Collection); ok {
		return nil, nil, ErrLocation.With("a calendar holds no collections")
	}
	src, ok := from.(*Object)
	if !ok {
		return nil, nil, ErrSupportedCalendarData.With("%q is no calendar object", from.Name())
	}
	if err := whole(src.In); err != nil {
		return nil, nil, err
	}
	if kind := ical.Kind(src.Row.Kind); !c.Takes(kind) {
		return nil, nil, c.unsupported(kind.String())
	}
	if limit := c.home.opt.MaxResource; src.Row.Size > limit {
		return nil, nil, ErrMaxResourceSize.With("an object may have %d octets at most", limit)
	}
	if standing, err = c.standing(rq, name, 0); err != nil {
		return nil, nil, err
	}
	var self int64
	if moved {
		self = src.Row.ID
	}
	return src, standing, c.uidConflict(rq, src.Row.UID, standing, self)
}

// whole refuses to copy what is seen only in part: the copy would be all of it.
func whole(n *home.Node) error {
	if n.View() != privilege.Full {
		return webdav.Forbidden("%s is shared for a part of it only, and is not copied", n.Path())
	}
	return nil
}

// Copy makes a new object with the octets, the index and the dead properties of another.
func (c *Calendar) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	src, standing, err := c.incoming(rq, from, name, false)
	if err != nil {
		return webdav.Stored{}, err
	}
	if standing != nil { // RFC 4918 §9.8.4: what stood there goes with all its properties
		if err := rq.Tx.DeleteObject(c.Data, standing); err != nil {
			return webdav.Stored{}, err
		}
	}
	row, err := c.duplicate(rq, src.calendar.Data.ID, src.Row.Name, name)
	if err != nil {
		return webdav.Stored{}, err
	}
	if err := rq.Tx.CopyDead(src.Row.Collection, src.Row.ID, c.Data.ID, row.ID); err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: standing == nil, ETag: row.Tag("")}, nil
}

// duplicate copies a row of another calendar. The index columns serve as they are: they are wide enough for any
// calendar's zone.
func (c *Calendar) duplicate(rq *webdav.Request, collection int64, from, name string) (*store.Object, error) {
	src, err := rq.Tx.Object(collection, from, store.Body|store.Series)
	if err != nil {
		return nil, err
	}
	row := &store.Object{Name: name, Media: src.Media}
	return row, rq.Tx.PutObject(c.Data, row, src.Body, src.Index)
}

// Move gives an object another name, another calendar, or both.
func (c *Calendar) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	src, standing, err := c.incoming(rq, from, name, true)
	if err != nil {
		return webdav.Stored{}, err
	}
	if standing != nil {
		if err := rq.Tx.DeleteObject(c.Data, standing); err != nil {
			return webdav.Stored{}, err
		}
	}
	if err := rq.Tx.MoveObject(src.calendar.Data, &src.Row, c.Data, name); err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: standing == nil, ETag: src.ETag()}, nil
}

// takes is CALDAV:calendar-collection-location-ok for COPY and MOVE.
func (h *Home) takes(from webdav.Resource, name string) (*Calendar, error) {
	src, ok := from.(*Calendar)
	if ok {
		return src, h.locationOK(name)
	}
	if _, ok := from.(webdav.Collection); ok {
		return nil, ErrLocation.With("a calendar home takes calendars only")
	}
	return nil, webdav.Forbidden("a calendar home takes calendars only: objects go into one of them")
}

// incoming takes away what stands under the name.
func (h *Home) incoming(rq *webdav.Request, from webdav.Resource, name string) (src *Calendar, created bool, err error) {
	if src, err = h.takes(from, name); err != nil {
		return nil, false, err
	}
	standing, err := h.calendar(rq, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return src, true, nil
	case err != nil:
		return nil, false, err
	}
	return src, false, h.remove(rq, standing.Node)
}

// PlanCopy judges whether a calendar can be copied here.
func (h *Home) PlanCopy(rq *webdav.Request, from webdav.Resource, name string) (*store.CopyPlan, error) {
	src, err := h.takes(from, name)
	if err == nil {
		err = whole(src.Node)
	}
	if err != nil {
		return nil, err
	}
	return h.Node.PlanCopy(rq, src.Node, name), nil
}

// Copy makes a new calendar with the properties of another and, unless Depth is 0 (RFC 4918 §9.8.3), all its objects.
func (h *Home) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	depth, err := rq.Depth()
	if err != nil {
		return webdav.Stored{}, err
	}
	src, created, err := h.incoming(rq, from, name)
	if err == nil {
		err = whole(src.Node)
	}
	if err != nil {
		return webdav.Stored{}, err
	}
	made := h.Like(src.Node, name)
	if depth == webdav.Depth0 {
		err = made.SaveLike(rq, src.Node)
	} else {
		err = made.FinishCopy(rq, src.Node)
	}
	return webdav.Stored{Created: created}, err
}

// Move renames a calendar. It stays in its home: another one would change its owner.
func (h *Home) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	if c, ok := from.(*Calendar); ok && c.home.Row.ID != h.Row.ID {
		return webdav.Stored{}, webdav.Forbidden("a calendar stays in its owner's home: copy it instead")
	}
	src, created, err := h.incoming(rq, from, name)
	if err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: created}, rq.Tx.MoveCollection(src.Row, h.Data, name)
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
