package caldav

import (
	"bytes"
	"io"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// calendarData is CALDAV:calendar-data, RFC 4791 §9.6. It is asked for like a property, in REPORTs only.
func calendarData() webdav.Property {
	return webdav.On(webdav.Prop[*Object]{Name: calDAV("calendar-data"), Want: store.Body,
		With: func(rq *webdav.Request, el *etree.Element) (func(*webdav.Request, *Object, *webdav.Writer) error, error) {
			d, err := parseData(rq, el)
			if err != nil {
				return nil, err
			}
			return d.write, nil
		}})
}

// data is what of an object a calendar-data element asks for.
type data struct {
	form
	parts     *ical.Selection // nil: everything
	expand    *window
	overrides *window // limit-recurrence-set
	freeBusy  *window // limit-freebusy-set
	zone      *time.Location
	budget    *spending
}

type window struct{ from, to time.Time }

func parseData(rq *webdav.Request, el *etree.Element) (*data, error) {
	jcal, err := supportedData(el)
	if err != nil {
		return nil, err
	}
	d := &data{budget: spendingOf(rq), form: form{jcal, zonesOf(rq)}}
	if d.zone, err = requestZone(rq); err != nil {
		return nil, err
	}
	if comp := webdav.Find(el, calDAV("comp")); comp != nil {
		if !strings.EqualFold(comp.SelectAttrValue("name", ""), "VCALENDAR") {
			return nil, webdav.BadRequest("the first comp of calendar-data is that of VCALENDAR, not of %q", comp.SelectAttrValue("name", ""))
		}
		if d.parts, err = parseComp(comp); err != nil {
			return nil, err
		}
	}
	for _, limit := range []struct {
		name string
		into **window
	}{{"expand", &d.expand}, {"limit-recurrence-set", &d.overrides}, {"limit-freebusy-set", &d.freeBusy}} {
		if k := webdav.Find(el, calDAV(limit.name)); k != nil {
			from, to, err := filter.ParseTimeRange(k)
			if err != nil {
				return nil, webdav.BadRequest("calendar-data: %v", err)
			}
			if k.SelectAttr("start") == nil || k.SelectAttr("end") == nil { // §9.6.5: both are required
				return nil, webdav.BadRequest("%s of calendar-data needs both start and end", limit.name)
			}
			*limit.into = &window{from, to}
		}
	}
	if d.expand != nil && d.overrides != nil {
		return nil, webdav.BadRequest("calendar-data has both expand and limit-recurrence-set")
	}
	return d, nil
}

// supportedData: RFC 4791 §7.8, the attributes name a media type that calendar data is given in.
func supportedData(el *etree.Element) (jcal bool, err error) {
	if a := el.SelectAttr("content-type"); a != nil {
		t, _, err := mime.ParseMediaType(a.Value)
		if err != nil || t != "text/calendar" && t != mediaJCal {
			return false, ErrSupportedCalendarData.With("calendar data of type %.60q; there are text/calendar and %s", a.Value, mediaJCal)
		}
		jcal = t == mediaJCal
	}
	if a := el.SelectAttr("version"); a != nil && strings.TrimSpace(a.Value) != "2.0" {
		return false, ErrSupportedCalendarData.With("calendar data of version %.60q; there is 2.0 only", a.Value)
	}
	return jcal, nil
}

// parseComp reads CALDAV:comp (§9.6.1). An empty one asks for everything, as in the example of §7.8.1.
func parseComp(el *etree.Element) (*ical.Selection, error) {
	s := &ical.Selection{Props: map[string]bool{}, Comps: map[string]*ical.Selection{}}
	for _, k := range el.ChildElements() {
		name := strings.ToUpper(strings.TrimSpace(k.SelectAttrValue("name", "")))
		switch n := webdav.NameOf(k); {
		case n == calDAV("allprop"):
			s.AllProps = true
		case n == calDAV("allcomp"):
			s.AllComps = true
		case n != calDAV("prop") && n != calDAV("comp"):
		case name == "":
			return nil, webdav.BadRequest("calendar-data has a %s without a name", k.Tag)
		case n == calDAV("prop"):
			s.Props[name] = k.SelectAttrValue("novalue", "no") == "yes"
		default:
			sub, err := parseComp(k)
			if err != nil {
				return nil, err
			}
			s.Comps[name] = sub
		}
	}
	if !s.AllProps && !s.AllComps && len(s.Props)+len(s.Comps) == 0 {
		return nil, nil
	}
	return s, nil
}

// write writes the content of the element. A stored object that cannot be read is shown as it is.
func (d *data) write(rq *webdav.Request, o *Object, w *webdav.Writer) error {
	if d.parts == nil && d.expand == nil && d.overrides == nil && d.freeBusy == nil && d.form == (form{}) {
		w.Bytes(bytes.TrimPrefix(o.Row.Body, byteOrderMark))
		return nil
	}
	defer d.budget.work()()
	d.budget.texts++
	p, err := o.Parse(rq)
	if err != nil {
		unreadable(rq, o, err)
		w.Bytes(bytes.TrimPrefix(o.Row.Body, byteOrderMark))
		return nil
	}
	begin := w.Mark()
	if err = d.writeForm(o, p, w); err == nil {
		return nil
	}
	if err := failed(rq, o, err); err != nil {
		return err
	}
	w.Cut(begin)
	w.Bytes(bytes.TrimPrefix(o.Row.Body, byteOrderMark))
	return nil
}

var byteOrderMark = []byte("\ufeff")

// writeForm writes what is asked for as iCalendar or jCal.
func (d *data) writeForm(o *Object, p *parsed, w *webdav.Writer) error {
	if !d.jcal {
		return d.writeParsed(o, p, escaping{w})
	}
	var b held
	if err := d.writeParsed(o, p, &b); err != nil {
		return err
	}
	cal, err := ical.Parse(b.Bytes())
	if err != nil {
		return recur.ErrBudget // our own text is well formed: it has too many lines
	}
	w.Attr("content-type", mediaJCal) // RFC 4791 §9.6: what is not said is text/calendar
	w.Bytes(ical.JCal(cal.Root))
	return nil
}

// sink takes calendar text and says how much of it there is.
type sink interface {
	io.Writer
	Mark() int
}

// escaping takes calendar text into an XML element.
type escaping struct{ *webdav.Writer }

func (e escaping) Write(b []byte) (int, error) {
	e.Bytes(b)
	return len(b), nil
}

// held keeps calendar text.
type held struct{ bytes.Buffer }

func (h *held) Mark() int { return h.Len() }

func (d *data) writeParsed(o *Object, p *parsed, to sink) error {
	zones := p.zonesIn(d.zone)
	out := partial{ical.NewWriter(to), d.parts}
	root := d.root(p.cal)
	switch {
	case d.expand != nil:
		return d.writeExpanded(p.cal, zones, out, to)
	case d.overrides != nil || d.freeBusy != nil:
		children, err := d.limited(p.cal, root.Children, zones)
		if err != nil {
			return err
		}
		if d.parts == nil && slices.Equal(children, p.cal.Root.Children) {
			_, err := to.Write(bytes.TrimPrefix(o.Row.Body, byteOrderMark))
			return err
		}
		out.begin(root)
		for _, c := range children {
			out.component(c)
		}
		return out.end()
	}
	ical.Write(out.w, root, d.parts)
	return out.w.Err()
}

// partial writes a VCALENDAR piece by piece, so that a long expansion is never held as a tree.
type partial struct {
	w     *ical.Writer
	parts *ical.Selection
}

func (p partial) begin(root *ical.Component) {
	p.w.Begin(root.Name)
	for _, prop := range root.Props {
		switch novalue, asked := p.propAsked(prop.Name); {
		case asked && novalue:
			p.w.NoValue(prop)
		case asked:
			p.w.Property(prop)
		}
	}
}

func (p partial) propAsked(name string) (novalue, asked bool) {
	if p.parts == nil || p.parts.AllProps {
		return false, true
	}
	novalue, asked = p.parts.Props[name]
	return novalue, asked
}

func (p partial) component(c *ical.Component) {
	if p.parts == nil || p.parts.AllComps {
		p.w.Component(c)
	} else if sub, asked := p.parts.Comps[c.Name]; asked {
		ical.Write(p.w, c, sub)
	}
}

func (p partial) end() error {
	p.w.End("VCALENDAR")
	return p.w.Err()
}

// limited leaves out of the components what limit-recurrence-set and limit-freebusy-set exclude. Those that stay whole
// are the same ones.
func (d *data) limited(cal *ical.Calendar, all []*ical.Component, zones *zone.Resolver) ([]*ical.Component, error) {
	keep := func(*ical.Component) (bool, error) { return true, nil }
	if d.overrides != nil && expandable(cal) {
		set, err := recur.Compile(cal, zones, &d.budget.Budget)
		if err != nil {
			return nil, err
		}
		keep = func(c *ical.Component) (bool, error) {
			return d.overrides.impacts(&filter.Object{Cal: cal, Set: set, Zones: zones}, c)
		}
	}
	var out []*ical.Component
	for _, c := range all {
		if c.Prop("RECURRENCE-ID") != nil {
			ok, err := keep(c)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		if d.freeBusy != nil && c.Name == "VFREEBUSY" {
			c = d.limitFreeBusy(c, zones)
		}
		out = append(out, c)
	}
	return out, nil
}

// impacts is §9.6.6: the override's own time lies in the window, or that of the instance it stands for.
func (w *window) impacts(o *filter.Object, c *ical.Component) (bool, error) {
	id := c.Prop("RECURRENCE-ID")
	t, err := ical.ParseTime(id)
	if err != nil {
		return true, nil
	}
	start := o.Zones.Time(t)
	if id.HasParam("RANGE") && start.Before(w.to) { // it changes all later ones
		return true, nil
	}
	end := start
	if m := o.Set.Master(); m != nil {
		end = start.Add(o.Length(m))
	}
	if start.Before(w.to) && (w.from.Before(end) || !start.Before(w.from)) {
		return true, nil
	}
	return o.Overlaps(c, w.from, w.to)
}

// limitFreeBusy is §9.6.7.
func (d *data) limitFreeBusy(c *ical.Component, zones *zone.Resolver) *ical.Component {
	out := &ical.Component{Name: c.Name, Children: c.Children}
	o := &filter.Object{Zones: zones}
	for _, p := range c.Props {
		if p.Name != "FREEBUSY" {
			out.Props = append(out.Props, p)
			continue
		}
		values := strings.Split(p.Value, ",")
		kept := slices.DeleteFunc(slices.Clone(values), func(v string) bool {
			periods, err := ical.ParsePeriods(p.With(v))
			if err != nil || len(periods) != 1 {
				return false
			}
			start, end := o.Period(periods[0])
			return !d.freeBusy.from.Before(end) || !start.Before(d.freeBusy.to)
		})
		switch len(kept) {
		case 0:
		case len(values):
			out.Props = append(out.Props, p)
		default:
			out.Props = append(out.Props, p.With(strings.Join(kept, ",")))
		}
	}
	return out
}
