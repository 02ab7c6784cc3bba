package caldav

import (
	"errors"
	"log/slog"
	"mime"
	"strings"

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

// Prepare makes the checks of RFC 4791 §5.3.2.1 that need no transaction.
func (c *Calendar) Prepare(rq *webdav.Request, name string) (any, error) {
	jcal, err := checkMedia(rq.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	limit := c.home.opt.MaxResource
	body, tooLarge, err := rq.ReadBody(limit)
	if err != nil {
		return nil, err
	}
	if tooLarge {
		return nil, ErrMaxResourceSize.With("an object may have %d octets at most", limit)
	}
	if jcal {
		if body, err = ical.FromJCal(body); err != nil {
			return nil, condition(err)
		}
		if int64(len(body)) > limit {
			return nil, ErrMaxResourceSize.With("an object may have %d octets at most; as iCalendar it has %d", limit, len(body))
		}
	}
	cal, ix, err := c.read(body)
	if err != nil {
		return nil, err
	}
	if len(cal.Repairs) > 0 {
		rq.Log.Info("stored as it came, and read in spite of", slog.String("object", name), slog.Any("faults", cal.Repairs))
	}
	return &upload{body: body, converted: jcal, index: ix, calendar: c.Data.ID, config: c.Data.Config}, nil
}

// checkMedia is CALDAV:supported-calendar-data. Some clients name no type, or say that it is just octets; one that
// names another means another.
func checkMedia(contentType string) (jcal bool, err error) {
	if strings.TrimSpace(contentType) == "" {
		return false, nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if errors.Is(err, mime.ErrInvalidMediaParameter) {
		err = nil
	}
	jcal = media == mediaJCal
	if err != nil || media != "text/calendar" && media != "application/octet-stream" && !jcal {
		return false, ErrSupportedCalendarData.With("a calendar takes text/calendar and %s, not %.80q", mediaJCal, contentType)
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
		return jcal, nil
	}
	return false, ErrSupportedCalendarData.With("a calendar takes UTF-8, not charset %.40q", params["charset"])
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
	row, err := c.standing(rq, name, 0)
	if err != nil {
		return webdav.Stored{}, err
	}
	created := row == nil
	if created {
		row = &store.Object{Name: name}
	} else if row.UID != up.index.UID {
		return webdav.Stored{}, c.uidConflict(rq, up.index.UID, row, 0)
	}
	if err := rq.Tx.PutObject(c.Data, row, up.body, up.index); err != nil {
		return webdav.Stored{}, c.taken(err)
	}
	return webdav.Stored{Created: created, AsSent: !up.converted, ETag: row.Tag("")}, nil
}

// taken turns the store's refusal of a UID that is in use into the condition.
func (c *Calendar) taken(err error) error {
	var taken *store.UIDTaken
	if errors.As(err, &taken) {
		return ErrUIDConflict.At(c.Path().Child(taken.Name, false))
	}
	return err
}

// standing is the object with that name, nil when the name is free.
func (c *Calendar) standing(rq *webdav.Request, name string, want store.Want) (*store.Object, error) {
	row, err := rq.Tx.Object(c.Data.ID, name, want)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return row, err
}

// uidConflict is CALDAV:no-uid-conflict for an object with that UID that comes to stand in the place of another (nil:
// on a free name): the UID may be in use under no other name, but by the object that is moved, and what it replaces
// must have the same.
func (c *Calendar) uidConflict(rq *webdav.Request, uid string, replaced *store.Object, moved int64) error {
	for o, err := range rq.Tx.ObjectsByUID(c.Data.ID, uid, 0) {
		if err != nil {
			return err
		}
		if o.ID != moved && (replaced == nil || o.ID != replaced.ID) {
			return ErrUIDConflict.At(c.Path().Child(o.Name, false))
		}
	}
	if replaced != nil && replaced.UID != uid {
		return ErrUIDConflict.At(c.Path().Child(replaced.Name, false))
	}
	return nil
}
