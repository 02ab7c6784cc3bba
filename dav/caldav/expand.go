package caldav

import (
	"slices"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/zone"
)

// maxExpandedObject is what the instances of one object, which are held in memory, may amount to in octets: a long event
// that recurs often is a small upload.
const maxExpandedObject = 4 << 20

// writeExpanded is CALDAV:expand (§9.6.5): each instance by itself, in UTC, and no time zones.
func (d *data) writeExpanded(cal *ical.Calendar, zones *zone.Resolver, out partial, w sink) error {
	out.begin(cal.Root)
	if !expandable(cal) {
		for _, c := range cal.Root.Children {
			if c.Name == "VFREEBUSY" && d.freeBusy != nil {
				c = d.limitFreeBusy(c, zones)
			}
			if c.Name != "VTIMEZONE" {
				out.component(inUTC(c, zones))
			}
		}
		return out.end()
	}
	set, err := recur.Compile(cal, zones, &d.budget.Budget)
	if err != nil {
		return err
	}
	began := w.Mark()
	for in, err := range set.Window(d.expand.from, d.expand.to) {
		if err != nil {
			return err
		}
		before := w.Mark()
		out.component(instance(in, zones))
		d.budget.octets -= int64(w.Mark() - before)
		if int64(w.Mark()-began) > d.budget.object || d.budget.octets < 0 {
			return recur.ErrBudget
		}
	}
	return out.end()
}

// instance is one instance as a component of its own. Every one that recurs has a RECURRENCE-ID, the first too, which
// §9.6.5 leaves open: clients tell instances apart by it.
func instance(in recur.Instance, zones *zone.Resolver) *ical.Component {
	c := &ical.Component{Name: in.Comp.Name}
	end := "DTEND"
	if c.Name == "VTODO" {
		end = "DUE"
	}
	for _, p := range in.Comp.Props {
		switch p.Name {
		case "RRULE", "RDATE", "EXRULE", "EXDATE":
			continue
		case "RECURRENCE-ID":
			if !in.RecurrenceID.IsZero() {
				continue
			}
		case "DTSTART":
			p = moved(p, in.Start, in.WallStart)
		case end:
			p = moved(p, in.End, in.WallEnd)
		case "DURATION":
			if !lasts(in, p) {
				continue
			}
		}
		c.Props = append(c.Props, propInUTC(p, zones))
	}
	if d := in.Comp.Prop("DURATION"); in.Comp.Prop(end) == nil && in.End.After(in.Start) && (d != nil || !in.AllDay) && !lasts(in, d) {
		c.Props = append(c.Props, moved(&ical.Property{Name: end}, in.End, in.WallEnd))
	}
	if !in.RecurrenceID.IsZero() {
		c.Props = append(c.Props, moved(&ical.Property{Name: "RECURRENCE-ID"}, in.RecurrenceInstant, in.RecurrenceID))
	}
	for _, k := range in.Comp.Children {
		c.Children = append(c.Children, inUTC(k, zones))
	}
	return c
}

// lasts says whether a DURATION still is the length of this instance. It is not of an RDATE with a PERIOD of its own,
// and days across a change of the clocks are other days in UTC.
func lasts(in recur.Instance, duration *ical.Property) bool {
	if duration == nil {
		return false
	}
	length := in.End.Sub(in.Start)
	if in.AllDay || in.Floating {
		length = in.WallEnd.Wall.Sub(in.WallStart.Wall)
	}
	d, err := ical.ParseDuration(duration.Value)
	return err != nil || length == time.Duration(d.NominalDays())*24*time.Hour+d.Exact()
}

// moved is a date of an instance: in UTC, but dates and floating times stay what they are.
func moved(p *ical.Property, t time.Time, wall ical.Time) *ical.Property {
	switch {
	case wall.IsZero():
		return p
	case wall.Date || wall.Floating():
		return wall.Property(p.Name)
	}
	return ical.Time{Wall: t.UTC(), UTC: true}.Property(p.Name)
}

// inUTC is c with all its times of a zone in UTC.
func inUTC(c *ical.Component, zones *zone.Resolver) *ical.Component {
	out := &ical.Component{Name: c.Name}
	for _, p := range c.Props {
		out.Props = append(out.Props, propInUTC(p, zones))
	}
	for _, k := range c.Children {
		out.Children = append(out.Children, inUTC(k, zones))
	}
	return out
}

// propInUTC takes the TZID off: what it names is not in the answer.
func propInUTC(p *ical.Property, zones *zone.Resolver) *ical.Property {
	if !p.HasParam("TZID") {
		return p
	}
	value := p.Value
	if times, err := ical.ParseTimes(p); err == nil {
		var list []string
		for _, t := range times {
			if t.TZID != "" {
				t = ical.Time{Wall: zones.Time(t), UTC: true}
			}
			list = append(list, t.String())
		}
		value = strings.Join(list, ",")
	}
	params := slices.DeleteFunc(slices.Clone(p.Params), func(q ical.Param) bool { return q.Name == "TZID" })
	return ical.NewProp(p.Name, value, params...)
}
