package caldav

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Where somebody sees only part of a calendar, every object is cut down to that before anything looks at it: a GET, a
// filter, an expansion and an export alike know the cut one only.

// busy is what an event is called whose title is not shown.
const busy = "Busy"

// shownBusy are the properties of a component that say when it is, or that a client needs to make anything of it.
var shownBusy = map[string]bool{
	"UID": true, "DTSTAMP": true, "DTSTART": true, "DTEND": true, "DUE": true, "DURATION": true, "RRULE": true, "RDATE": true, "EXDATE": true,
	"RECURRENCE-ID": true, "SEQUENCE": true, "STATUS": true, "TRANSP": true, "CLASS": true, "FREEBUSY": true, "COMPLETED": true,
}

// shownRoot are the properties of a VCALENDAR that tell nothing.
var shownRoot = map[string]bool{"VERSION": true, "PRODID": true, "CALSCALE": true}

// private: RFC 5545 §3.8.1.3. What is none of the three words counts as PRIVATE; where CLASS stands twice, the stricter
// one counts.
func private(c *ical.Component) bool {
	return slices.ContainsFunc(c.Props, func(p *ical.Property) bool {
		return p.Name == "CLASS" && !strings.EqualFold(strings.TrimSpace(p.Value), "PUBLIC")
	})
}

// seen is what of a calendar object somebody sees in a view; nil for nothing. An override of a private series is private
// too, whatever it says itself.
func seen(root *ical.Component, view privilege.View) *ical.Component {
	if view == privilege.Full {
		return root
	}
	all := false
	for _, c := range root.Children {
		all = all || c.Prop("RECURRENCE-ID") == nil && private(c)
	}
	out := &ical.Component{Name: root.Name}
	for _, p := range root.Props {
		if view == privilege.NoPrivate || shownRoot[p.Name] {
			out.Props = append(out.Props, p)
		}
	}
	found := false
	var hidden []*ical.Property // RECURRENCE-IDs of what is left out
	for _, c := range root.Children {
		switch secret := all || private(c); {
		case c.Name == "VTIMEZONE":
			out.Children = append(out.Children, c)
		case view == privilege.NoPrivate && secret:
			if id := c.Prop("RECURRENCE-ID"); id != nil {
				hidden = append(hidden, id)
			}
		case view == privilege.NoPrivate:
			out.Children, found = append(out.Children, c), true
		case shows(ical.KindOf(c.Name), view):
			out.Children, found = append(out.Children, blurred(c, view == privilege.BusyTitle && !secret)), true
		}
	}
	if !found {
		return nil
	}
	for i, c := range out.Children {
		if len(hidden) > 0 && c.Name != "VTIMEZONE" && c.Prop("RECURRENCE-ID") == nil {
			out.Children[i] = without(c, hidden)
		}
	}
	return out
}

// shows says whether objects of a kind are part of a view: whoever is told when somebody is busy learns nothing of tasks.
func shows(kind ical.Kind, view privilege.View) bool {
	return view != privilege.BusyTime || kind == ical.VEvent || kind == ical.VFreeBusy
}

// blurred has the times of a component and, with a title, what it is called.
func blurred(c *ical.Component, title bool) *ical.Component {
	out := &ical.Component{Name: c.Name}
	for _, p := range c.Props {
		if shownBusy[p.Name] || title && p.Name == "SUMMARY" {
			out.Props = append(out.Props, p)
		}
	}
	if !title && c.Name != "VFREEBUSY" {
		out.Props = append(out.Props, ical.NewText("SUMMARY", busy))
	}
	return out
}

// without leaves instances out of a series: where their overrides are not shown, they must not come back as it has them.
func without(c *ical.Component, ids []*ical.Property) *ical.Component {
	out := *c
	out.Props = append([]*ical.Property(nil), c.Props...)
	for _, id := range ids {
		var params []ical.Param
		for _, p := range id.Params {
			if p.Name != "RANGE" {
				params = append(params, p)
			}
		}
		out.Props = append(out.Props, ical.NewProp("EXDATE", id.Value, params...))
	}
	return &out
}

// hides says by its row whether nothing of an object is shown in a view.
func hides(view privilege.View, row *store.Object) bool {
	switch view {
	case privilege.Full:
		return false
	case privilege.NoPrivate:
		return row.Flags&store.Hidden != 0
	default:
		return !shows(ical.Kind(row.Kind), view)
	}
}

// object is one of the calendar's, as the caller sees it; nil when he sees nothing of it.
func (c *Calendar) object(rq *webdav.Request, row *store.Object) (*Object, error) {
	o := new(Object)
	if shown, err := c.show(rq, o, row); err != nil || !shown {
		return nil, err
	}
	return o, nil
}

// show makes o that of a row, as the caller sees it; false when he sees nothing of it.
func (c *Calendar) show(rq *webdav.Request, o *Object, row *store.Object) (bool, error) {
	*o = Object{Object: home.Object{Row: *row, In: c.Node}, calendar: c, view: c.View()}
	if c.Uneven() && rq.May(o, privilege.Read) { // it may have entries of its own
		o.view = o.View(rq)
	}
	switch {
	case o.view != privilege.Full:
		if hides(o.view, row) || !o.cut() {
			return false, nil
		}
		return true, o.disguise(rq)
	case c.Mounted():
		return true, o.ownAlarms(rq)
	}
	return true, nil
}

// cut leaves of the text what the caller sees, if it was read; false for nothing.
func (o *Object) cut() bool {
	o.Row.Size = -1 // not known before the text is
	if o.Row.Body == nil {
		return true
	}
	cal, err := ical.Parse(o.Row.Body)
	if err != nil { // nobody can tell what in it is private
		return false
	}
	root := seen(cal.Root, o.view)
	if root == nil {
		return false
	}
	o.Row.Body = textOf(root)
	o.Row.Size = int64(len(o.Row.Body))
	return true
}

// disguise takes the hash of the stored octets out of the tag: whoever sees most of an event could try what the rest may be
// until the hash is right. In its place stands one that only this database can make.
func (o *Object) disguise(rq *webdav.Request) error {
	origin, err := rq.Tx.Origin()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append(binary.BigEndian.AppendUint64([]byte("seen in part "), uint64(origin)), o.Row.ETag...))
	o.Row.ETag = sum[:len(o.Row.ETag)]
	return nil
}

// DeadKey is its row; what clients have kept with an object is no part of what is shown of it.
func (o *Object) DeadKey() (collection, object int64) {
	if o.view != privilege.Full {
		return 0, 0
	}
	return o.Object.DeadKey()
}

// ETag follows the stored octets; what is seen of an object is another representation of it.
func (o *Object) ETag() string { return o.tag("") }

func (o *Object) tag(variant string) string {
	return o.Row.Tag(strings.Trim(viewName(o.view)+o.alarms+"-"+variant, "-"))
}

// viewName is a part of tags.
func viewName(view privilege.View) string {
	return [...]string{privilege.Full: "", privilege.NoPrivate: "public", privilege.BusyTitle: "titles", privilege.BusyTime: "times"}[view]
}
