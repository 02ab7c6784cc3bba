package caldav

import (
	"errors"
	"log/slog"
	"strings"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// The first date-time that a calendar takes, and the first that it does not.
const (
	minDateTime = "00010101T000000Z"
	maxDateTime = "99991231T235959Z"
)

// upload is a body that has passed every check but those that need the store.
type upload struct {
	body             []byte
	converted        bool // it came as jCal
	index            store.Index
	calendar, config int64 // what it was judged for
}

// rules are those of RFC 4791 §5.3.2.1 that address books have too. The index columns of a copy serve as they are: they are
// wide enough for any calendar's zone.
func (h *Home) rules() *home.Rules {
	return &home.Rules{
		Holds: "a calendar", Media: []string{"text/calendar", mediaJCal},
		Supported: ErrSupportedCalendarData, TooLarge: ErrMaxResourceSize, Limit: h.opt.MaxResource, UIDConflict: ErrUIDConflict, Location: ErrLocation,
		Remove:  h.remove,
		Reindex: func(o *store.Object) (store.Index, error) { return o.Index, nil },
		CollectionOf: func(r webdav.Resource) *home.Node {
			if c, ok := r.(*Calendar); ok {
				return c.Node
			}
			return nil
		},
	}
}

// Prepare makes the checks of RFC 4791 §5.3.2.1 that need no transaction.
func (c *Calendar) Prepare(rq *webdav.Request, name string) (any, error) {
	r := c.home.rules()
	media, err := r.CheckMedia(rq.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	body, err := r.ReadBody(rq)
	if err != nil {
		return nil, err
	}
	if media == mediaJCal {
		if body, err = ical.FromJCal(body); err != nil {
			return nil, condition(err)
		}
		if err := r.Fits(int64(len(body))); err != nil {
			return nil, err
		}
	}
	cal, ix, err := c.read(body)
	if err != nil {
		return nil, err
	}
	if len(cal.Repairs) > 0 {
		rq.Log.Info("stored as it came, and read in spite of", slog.String("object", name), slog.Any("faults", cal.Repairs))
	}
	return &upload{body: body, converted: media == mediaJCal, index: ix, calendar: c.Data.ID, config: c.Data.Config}, nil
}

// judge makes the checks on the content, in the order of RFC 4791 §5.3.2.1, and computes what is indexed.
func (c *Calendar) judge(body []byte) (store.Index, error) {
	_, ix, err := c.read(body)
	return ix, err
}

func (c *Calendar) read(body []byte) (cal *ical.Calendar, ix store.Index, err error) {
	if cal, err = ical.Parse(body); err != nil {
		return nil, ix, condition(err)
	}
	if err := checkRange(cal); err != nil {
		return nil, ix, err
	}
	known := func(tzid string) bool { _, _, ok := zone.Known(tzid); return ok }
	info, err := ical.Options{KnownZone: known}.Validate(cal)
	if err != nil {
		return nil, ix, condition(err)
	}
	if !c.Takes(info.Kind) {
		return nil, ix, c.unsupported(info.Component)
	}
	if limit := c.home.opt.MaxAttendees; info.Attendees > limit {
		return nil, ix, ErrMaxAttendees.With("%d attendees; an instance may have %d at most", info.Attendees, limit)
	}
	ix, err = index(cal, info)
	return cal, ix, err
}

func (c *Calendar) unsupported(component string) error {
	return ErrSupportedComponent.With("the calendar %s takes %v, not %s", c.Data.Name, c.Components(), component)
}

// condition is the precondition that an error of package ical stands for.
func condition(err error) error {
	var e *ical.Error
	if !errors.As(err, &e) {
		return ErrValidCalendarData.With("%v", err)
	}
	switch e.Condition {
	case ical.ConditionResource:
		return ErrValidCalendarObject.With("%v", err)
	case ical.ConditionZone:
		return ErrValidTimezone.With("%v", err)
	case recur.ConditionRScale:
		return ErrSupportedRScale.With("%v", err)
	}
	return ErrValidCalendarData.With("%v", err)
}

// checkRange is CALDAV:min-date-time and CALDAV:max-date-time. It looks at the properties that say when something is:
// a CREATED in year 0 is what some services write for "not known". Dates that are none are left for Validate.
func checkRange(cal *ical.Calendar) error {
	for _, comp := range cal.Root.Children {
		for _, p := range comp.Props {
			switch p.Name {
			case "DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "RDATE", "EXDATE":
			default:
				continue
			}
			for v := range strings.FieldsFuncSeq(p.Value, func(r rune) bool { return r == ',' || r == '/' || r == ' ' }) {
				switch {
				case len(v) < len("20060102") || strings.Trim(v[:8], "0123456789") != "":
				case v < minDateTime[:8]:
					return ErrMinDateTime.With("line %d: %s: %.20s is before %s", p.Line, p.Name, v, minDateTime)
				case strings.TrimSuffix(v, "Z") >= strings.TrimSuffix(maxDateTime, "Z"):
					return ErrMaxDateTime.With("line %d: %s: %.20s is not before %s", p.Line, p.Name, v, maxDateTime)
				}
			}
		}
	}
	return nil
}

// Put stores what Prepare made of the body, octet for octet.
func (c *Calendar) Put(rq *webdav.Request, name string) (webdav.Stored, error) {
	up := rq.Upload.(*upload)
	if up.calendar != c.Data.ID || up.config != c.Data.Config {
		return webdav.Stored{}, webdav.ErrStale
	}
	if c.Mounted() {
		return c.putShared(rq, name, up)
	}
	created, row, err := c.Store(rq, c.home.rules(), name, up.body, up.index)
	if err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: created, AsSent: !up.converted, ETag: row.Tag("")}, nil
}
