package recur

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// A Set is stored as its entries, so that a query needs no text. Values are kept as written, a wall clock with its form,
// and become instants when they are decoded: neither a later tzdata nor another zone of floating times makes a stored Set
// wrong. Rules are kept complete, with COUNT turned into a last instance. A zone is kept by its TZID, and with the
// VTIMEZONE where the name alone tells nothing.
//
//	blob  = version kind zones entries
//	zones = n { tzid text }           text is empty or a VTIMEZONE after its hash
//	entry = n { has facts times duration rules dates except busy alarms }
//
// Numbers are varints, signed ones zigzag; lists and texts begin with their length. A time is its form (UTC, floating,
// DATE, or the place of its zone) and its seconds since the time before it.

// seriesVersion is raised whenever a blob is read in another way.
const seriesVersion = 1

// maxSeries is the size above which the text is as good: a few thousand dates, or long VTIMEZONEs.
const maxSeries = 32 << 10

const (
	formUTC = iota
	formFloating
	formDate
	formZone // and above
)

// Encode is the Set in the form that Decode reads; nil when it is not worth it, or when the kind has no times.
func (s *Set) Encode() []byte {
	if !timed(s.kind) {
		return nil
	}
	e := encoder{}
	e.entries(s.entries)
	body := e.buf
	e.buf = binary.AppendUvarint([]byte{seriesVersion}, uint64(s.kind))
	e.uint(uint64(len(e.zones)))
	for _, tzid := range e.zones {
		e.bytes([]byte(tzid))
		text, ok := s.zones.Definition(tzid)
		if !ok {
			return nil
		}
		if len(text) == 0 {
			e.uint(0)
			continue
		}
		sum := sha256.Sum256(text)
		e.uint(uint64(len(sum) + len(text)))
		e.buf = append(append(e.buf, sum[:]...), text...)
	}
	if e.buf = append(e.buf, body...); len(e.buf) > maxSeries {
		return nil
	}
	return e.buf
}

type encoder struct {
	buf   []byte
	zones []string
	last  int64 // of the time before
}

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)   { e.buf = binary.AppendVarint(e.buf, n) }

func (e *encoder) bytes(b []byte) {
	e.uint(uint64(len(b)))
	e.buf = append(e.buf, b...)
}

func (e *encoder) flags(list ...bool) {
	n := uint64(0)
	for i, f := range list {
		if f {
			n |= 1 << i
		}
	}
	e.uint(n)
}

func (e *encoder) time(t ical.Time) {
	switch {
	case t.Date:
		e.uint(formDate)
	case t.UTC:
		e.uint(formUTC)
	case t.TZID == "":
		e.uint(formFloating)
	default:
		at := 0
		for at < len(e.zones) && e.zones[at] != t.TZID {
			at++
		}
		if at == len(e.zones) {
			e.zones = append(e.zones, t.TZID)
		}
		e.uint(uint64(formZone + at))
	}
	wall := t.Wall.Unix()
	e.int(wall - e.last)
	e.last = wall
}

func (e *encoder) duration(d ical.Duration) {
	e.int(int64(d.NominalDays()))
	e.int(int64(d.Exact() / time.Second))
}

func (e *encoder) period(p ical.Period) {
	e.time(p.Start)
	if p.End.IsZero() {
		e.uint(0)
		e.duration(p.Duration)
		return
	}
	e.uint(1)
	e.time(p.End)
}

func (e *encoder) entries(list []entry) {
	e.uint(uint64(len(list)))
	for i := range list {
		c := &list[i]
		e.uint(uint64(c.has))
		e.buf = append(e.buf, c.facts[:]...)
		for _, t := range c.times() {
			if c.has&t.flag != 0 {
				e.time(*t.time)
			}
		}
		if c.has&hasDuration != 0 {
			e.duration(c.duration)
		}
		e.uint(uint64(len(c.rules)))
		for i := range c.rules {
			e.rule(&c.rules[i])
		}
		e.uint(uint64(len(c.dates)))
		for _, d := range c.dates {
			e.flags(d.period)
			if d.period {
				e.period(d.Period)
			} else {
				e.time(d.Start)
			}
		}
		e.uint(uint64(len(c.except)))
		for _, t := range c.except {
			e.time(t)
		}
		e.uint(uint64(len(c.busy)))
		for _, b := range c.busy {
			e.uint(uint64(b.kind))
			e.period(b.Period)
		}
		e.uint(uint64(len(c.alarms)))
		for _, a := range c.alarms {
			e.flags(a.ok, a.absolute, a.atEnd)
			if a.absolute {
				e.time(a.at)
			}
			e.int(a.wall)
			e.int(a.real)
			e.uint(uint64(a.gap))
			e.uint(uint64(a.repeat))
		}
	}
}

// times are the single times of an entry, in the order in which they are stored.
func (c *entry) times() [5]struct {
	flag ownTimes
	time *ical.Time
} {
	return [...]struct {
		flag ownTimes
		time *ical.Time
	}{{hasStart, &c.start}, {hasEnd, &c.end}, {hasID, &c.id}, {hasCompleted, &c.completed}, {hasCreated, &c.created}}
}

func (e *encoder) rule(r *rule) {
	e.flags(r.never, r.once, r.onStart, r.end.set, r.end.date, r.end.utc)
	e.uint(uint64(r.freq))
	e.uint(uint64(r.interval))
	e.uint(uint64(r.count))
	e.uint(uint64(r.months))
	ints(e, r.weeknos)
	ints(e, r.yeardays)
	ints(e, r.monthdays)
	e.uint(uint64(len(r.weekdays)))
	for _, w := range r.weekdays {
		e.int(int64(w.n)*8 + int64(w.day)) // 8 leaves room for seven
	}
	e.uint(uint64(r.hours))
	e.uint(r.minutes)
	e.uint(r.seconds)
	ints(e, r.setpos)
	e.uint(uint64(r.wkst))
	e.uint(uint64(r.skip))
	if r.end.set {
		e.int(r.end.wall)
	} else {
		e.uint(uint64(maxWall - r.last))
	}
}

func ints[T int8 | int16](e *encoder, l []T) {
	e.uint(uint64(len(l)))
	for _, v := range l {
		e.int(int64(v))
	}
}

// ErrSeries means that a stored Set is of another version or damaged: the text tells.
var ErrSeries = errors.New("not a recurrence set of this version")

// Decode makes a Set of what Encode gave. Its instances have no Comp. zones says what floating times are; nil is UTC.
// ErrSeries, and ErrBudget as of Compile.
func Decode(blob []byte, zones *zone.Resolver, b *Budget) (*Set, error) {
	return NewDecoder(zones, b).Decode(blob)
}

// Decoder decodes many blobs, one after the other, in the same memory.
type Decoder struct {
	set   Set
	rules []rule
	known map[string]namedZone // by TZID alone
}

// maxKnown is above the number of zones there are.
const maxKnown = 1000

// NewDecoder makes a Decoder; for zones and b see Decode.
func NewDecoder(zones *zone.Resolver, b *Budget) *Decoder {
	if zones == nil {
		zones = zone.NewResolver(nil, nil)
	}
	return &Decoder{known: map[string]namedZone{}, set: Set{budget: b.prepare(), zones: zones, float: zones.Fallback()}}
}

// Decode is as the function Decode, but that the Set is valid until the next call.
func (dec *Decoder) Decode(blob []byte) (*Set, error) {
	s := &dec.set
	s.budget.object()
	s.series, s.overrides, s.loose, s.locs, s.entries = s.series[:0], s.overrides[:0], s.loose[:0], s.locs[:0], s.entries[:0]
	dec.rules = dec.rules[:0]
	d := decoder{buf: blob, all: dec}
	if len(blob) > maxSeries || d.uint(seriesVersion) != seriesVersion {
		return nil, ErrSeries
	}
	s.kind = ical.Kind(d.uint(uint64(ical.Other)))
	if !timed(s.kind) {
		return nil, ErrSeries
	}
	for range d.count(2) {
		s.locs = append(s.locs, d.zone(s.zones))
	}
	d.zones = s.locs
	for range d.count(10) {
		s.entries = append(s.entries, entry{})
		d.entry(&s.entries[len(s.entries)-1])
	}
	if d.failed || len(d.buf) > 0 {
		return nil, ErrSeries
	}
	if err := s.build(); err != nil {
		return nil, fmt.Errorf("decode a recurrence set: %w", err)
	}
	return s, nil
}

// decoder reads numbers within limits; once failed it gives zeros.
type decoder struct {
	buf    []byte
	failed bool
	zones  []namedZone
	last   int64
	all    *Decoder
}

func (d *decoder) fail() {
	d.failed, d.buf = true, nil
}

func (d *decoder) uint(most uint64) uint64 {
	if len(d.buf) > 0 && d.buf[0] < 0x80 && uint64(d.buf[0]) <= most {
		n := d.buf[0]
		d.buf = d.buf[1:]
		return uint64(n)
	}
	n, size := binary.Uvarint(d.buf)
	if size <= 0 || n > most {
		d.fail()
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

func (d *decoder) int(least, most int64) int64 {
	n, size := binary.Varint(d.buf)
	if size <= 0 || n < least || n > most {
		d.fail()
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

// count is the length of a list, each member of which takes so many octets at least.
func (d *decoder) count(octets int) int { return int(d.uint(uint64(len(d.buf) / octets))) }

func (d *decoder) bytes() []byte {
	n := d.count(1)
	if n > len(d.buf) {
		d.fail()
		return nil
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

func (d *decoder) zone(zones *zone.Resolver) namedZone {
	name := d.bytes()
	def := d.bytes()
	if len(def) == 0 {
		if z, ok := d.all.known[string(name)]; ok {
			return z
		}
		tzid := string(name)
		loc, _ := zones.Location(tzid)
		z := namedZone{tzid, loc}
		if len(d.all.known) < maxKnown {
			d.all.known[tzid] = z
		}
		return z
	}
	tzid := string(name)
	var sum [sha256.Size]byte
	if len(def) <= copy(sum[:], def) {
		d.fail()
		return namedZone{}
	}
	loc, ok := zones.Stored(tzid, sum, def[len(sum):])
	if !ok {
		d.fail()
	}
	return namedZone{tzid, loc}
}

func (d *decoder) time() ical.Time {
	var t ical.Time
	switch form := d.uint(uint64(formZone + len(d.zones))); form {
	case formUTC:
		t.UTC = true
	case formFloating:
	case formDate:
		t.Date = true
	default:
		if form -= formZone; form >= uint64(len(d.zones)) {
			d.fail()
			return t
		}
		t.TZID = d.zones[form].tzid
	}
	d.last += d.int(-1<<40, 1<<40)
	if d.last < minWall || d.last > maxWall {
		d.fail()
		d.last = 0
	}
	t.Wall = wallTime(d.last)
	return t
}

func (d *decoder) duration() ical.Duration {
	const most = 250 * 366 * daySeconds // what package ical takes
	days, secs := d.int(-most/daySeconds, most/daySeconds), d.int(-most, most)
	return ical.Duration{Neg: days < 0 || secs < 0, Days: int(max(days, -days)), Seconds: int(max(secs, -secs))}
}

func (d *decoder) period() ical.Period {
	p := ical.Period{Start: d.time()}
	if d.uint(1) == 0 {
		p.Duration = d.duration()
	} else {
		p.End = d.time()
	}
	return p
}

func (d *decoder) entry(c *entry) {
	c.has = ownTimes(d.uint(uint64(allTimes)))
	if len(d.buf) < len(c.facts) {
		d.fail()
		return
	}
	d.buf = d.buf[copy(c.facts[:], d.buf):]
	for f, n := range c.facts {
		if n != factOther && int(n) > len(factValues[f]) || Fact(f) == FactBusy && (n == factAbsent || n == factOther) {
			d.fail()
		}
	}
	for _, t := range c.times() {
		if c.has&t.flag != 0 {
			*t.time = d.time()
		}
	}
	if c.has&hasDuration != 0 {
		c.duration = d.duration()
	}
	if start, ok := c.begins(); ok || d.failed {
		first := len(d.all.rules)
		for range min(d.count(15), maxRules) {
			d.all.rules = append(d.all.rules, rule{})
			d.rule(&d.all.rules[len(d.all.rules)-1], start)
		}
		c.rules = slices.Clip(d.all.rules[first:]) // what grows later moves on
	} else if d.count(1) > 0 {
		d.fail()
	}
	c.dates = make([]date1, d.count(3))
	for i := range c.dates {
		if v := &c.dates[i]; d.uint(1) == 1 {
			*v = date1{d.period(), true}
		} else {
			v.Start = d.time()
		}
	}
	c.except = make([]ical.Time, d.count(2))
	for i := range c.except {
		c.except[i] = d.time()
	}
	c.busy = make([]busyPeriod, d.count(5))
	for i := range c.busy {
		c.busy[i].kind = uint8(d.uint(uint64(len(busyKinds) - 1)))
		c.busy[i].Period = d.period()
	}
	c.alarms = make([]alarm, d.count(5))
	for i := range c.alarms {
		a := &c.alarms[i]
		flags := d.uint(7)
		a.ok, a.absolute, a.atEnd = flags&1 != 0, flags&2 != 0, flags&4 != 0
		if a.absolute {
			a.at = d.time()
		}
		const most = 250 * 366 * daySeconds
		a.wall, a.real = d.int(-most, most), d.int(-most, most)
		a.gap, a.repeat = int64(d.uint(366*daySeconds)), int64(d.uint(maxRepeat))
	}
}

func (d *decoder) rule(r *rule, start ical.Time) {
	flags := d.uint(1<<6 - 1)
	*r = rule{settled: true, never: flags&1 != 0, once: flags&2 != 0, onStart: flags&4 != 0, start: start.Wall.Unix(), last: maxWall, until: maxUnix}
	r.end = untilValue{set: flags&8 != 0, date: flags&16 != 0, utc: flags&32 != 0}
	r.freq = frequency(d.uint(uint64(secondly)))
	r.interval = int64(d.uint(maxInterval))
	r.count = int64(d.uint(maxCount))
	r.months = uint16(d.uint(1<<13 - 1))
	r.weeknos = readInts[int8](d, 53)
	r.yeardays = readInts[int16](d, 366)
	r.monthdays = readInts[int8](d, 31)
	if n := d.count(1); n > 0 {
		r.weekdays = make([]ordinal, n)
		for i := range r.weekdays {
			v := d.int(-53*8, 53*8+6)
			if r.weekdays[i] = (ordinal{int8(floorDiv(v, 8)), int8(v & 7)}); v&7 == 7 {
				d.fail()
			}
		}
	}
	r.hours = uint32(d.uint(1<<24 - 1))
	r.minutes = d.uint(1<<60 - 1)
	r.seconds = d.uint(1<<60 - 1)
	r.setpos = readInts[int16](d, 366)
	r.wkst = int8(d.uint(6))
	r.skip = skip(d.uint(uint64(forward)))
	if r.end.set {
		r.end.wall = d.int(minWall, maxWall)
	} else {
		r.last = maxWall - int64(d.uint(maxWall-minWall))
	}
	r.check(d, start)
}

// check refuses what normalise never makes.
func (r *rule) check(d *decoder, start ical.Time) {
	switch {
	case r.interval == 0,
		start.Date && r.freq > daily,
		start.Date && r.hours|uint32(r.minutes|r.seconds) != 1,
		r.freq < hourly && r.hours == 0, r.freq < minutely && r.minutes == 0, r.freq < secondly && r.seconds == 0,
		r.weeknos != nil && r.freq != yearly, r.skip != omit && (r.freq > monthly || r.weeknos != nil),
		r.months&1 != 0,
		r.freq <= weekly && len(r.weekdays)+len(r.monthdays)+len(r.yeardays) == 0:
		d.fail()
	}
}

func readInts[T int8 | int16](d *decoder, most int64) []T {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	l := make([]T, n)
	for i := range l {
		if l[i] = T(d.int(-most, most)); l[i] == 0 {
			d.fail()
		}
	}
	return l
}
