package ical

import (
	"bytes"
	"iter"
	"sort"
	"strings"
)

// Part is one calendar object resource cut out of an exported file: a VCALENDAR of its own with everything of one UID
// and the VTIMEZONEs that it names.
type Part struct {
	UID       string // "" for a component without one
	Component string // upper case: "VEVENT"
	Line      int    // physical line of the file on which its first component begins
	Body      []byte // not parsed yet: Parse and Validate say whether it is valid

	lines []lineStart
}

// lineStart: from physical line body of Part.Body on, the lines are those of the file from line file on.
type lineStart struct{ body, file int }

// FileLine turns a line of Body into the line of the file it came from.
func (p Part) FileLine(n int) int {
	i := sort.Search(len(p.lines), func(i int) bool { return p.lines[i].body > n })
	if i == 0 {
		return p.Line
	}
	return p.lines[i-1].file + n - p.lines[i-1].body
}

// Most that is copied into every part, so that a file cannot grow by being split.
const (
	maxHeader    = 16 << 10
	maxZones     = 256 << 10 // octets of all VTIMEZONEs of a part
	maxPartZones = 100
)

// Split cuts an exported file (one VCALENDAR or several) into calendar objects, in the order of their first component,
// with the octets of every component kept. A component that is not closed comes with an *Error, whose line is the file's, and the rest
// goes on behind it; a file in which no component stands gives an error only.
func Split(raw []byte) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		s := &splitter{raw: raw, scan: newScanner(string(raw), maxFileLines), group: map[groupKey]int{}}
		if err := s.read(); err != nil {
			yield(Part{}, err)
			return
		}
		for _, g := range s.groups {
			var err error
			if g.broken != nil {
				err = g.broken
			}
			if !yield(s.part(g), err) {
				return
			}
		}
	}
}

type splitter struct {
	raw    []byte
	scan   *scanner
	lex    lexer
	cal    *fileCalendar
	open   *piece // the component being read
	groups []*group
	group  map[groupKey]int
}

// fileCalendar is one VCALENDAR of the file.
type fileCalendar struct {
	header []piece
	size   int
	zones  map[string]piece
}

// piece is a stretch of the file.
type piece struct {
	start, end, line int
	name, uid        string
	zones            []string // TZIDs it names
	cal              *fileCalendar
}

type groupKey struct{ component, uid string }

type group struct {
	pieces []piece
	broken *Error
}

// read finds the pieces. It looks at BEGIN, END, UID and TZID only: what else is wrong, Parse will find in the part.
func (s *splitter) read() error {
	s.cal = &fileCalendar{zones: map[string]piece{}}
	found := false
	for {
		l, ok, scanErr := s.scan.next()
		if !ok && scanErr != nil {
			return scanErr
		}
		if !ok {
			break
		}
		name, params, value, err := s.lex.split(&l)
		if err != nil {
			continue
		}
		what := strings.ToUpper(strings.Trim(value, " \t"))
		switch {
		case name == "BEGIN" && what == "VCALENDAR":
			s.unclosed()
			s.cal, found = &fileCalendar{zones: map[string]piece{}}, true
		case name == "END" && what == "VCALENDAR":
			s.unclosed()
		case name == "BEGIN" && (s.open == nil || restarts(s.open.name, what)):
			s.unclosed()
			s.open = &piece{start: l.start, line: l.no, name: what, cal: s.cal}
			found = true
		case s.open != nil && name == "END" && what == s.open.name:
			s.open.end = l.end
			s.close(nil)
		case s.open == nil:
			s.header(&l, name)
		default:
			if name == "UID" && s.open.uid == "" {
				s.open.uid = strings.TrimSpace(Unescape(value))
			}
			if name == "TZID" && s.open.name == "VTIMEZONE" {
				s.open.uid = strings.TrimSpace(Unescape(value))
			}
			s.zone(params)
		}
	}
	s.unclosed()
	if !found {
		return dataError(1, "VCALENDAR", "no BEGIN:VCALENDAR in the file")
	}
	return nil
}

// restarts reports whether the BEGIN of inner inside outer means that outer's END was lost: these components stand
// in no other, but for the choices of a VPOLL.
func restarts(outer, inner string) bool {
	switch inner {
	case "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY":
		return outer != "VPOLL"
	case "VTIMEZONE":
		return true
	}
	return false
}

func (s *splitter) zone(params []Param) {
	values := s.lex.values
	for i, p := range params {
		n := s.lex.counts[i]
		if p.Name == "TZID" && n > 0 && len(s.open.zones) < maxPartZones {
			id := strings.TrimSpace(values[0])
			known := false
			for _, z := range s.open.zones {
				known = known || z == id
			}
			if !known {
				s.open.zones = append(s.open.zones, strings.Clone(id))
			}
		}
		values = values[n:]
	}
}

// header keeps a property of VCALENDAR for the parts, but for METHOD and those that describe the calendar as a whole (RFC 7986 §5 and
// what came before it).
func (s *splitter) header(l *line, name string) {
	switch name {
	case "BEGIN", "END", "METHOD", "NAME", "DESCRIPTION", "UID", "URL", "LAST-MODIFIED", "CATEGORIES", "REFRESH-INTERVAL",
		"SOURCE", "COLOR", "IMAGE", "X-WR-CALNAME", "X-WR-CALDESC", "X-WR-RELCALID", "X-APPLE-CALENDAR-COLOR", "X-PUBLISHED-TTL":
		return
	}
	if s.cal.size+l.end-l.start > maxHeader {
		return
	}
	s.cal.size += l.end - l.start
	s.cal.header = append(s.cal.header, piece{start: l.start, end: l.end, line: l.no, name: name})
}

func (s *splitter) unclosed() {
	if s.open == nil {
		return
	}
	s.close(dataError(s.open.line, s.open.name, "END:%s is missing", s.open.name))
}

func (s *splitter) close(broken *Error) {
	p := *s.open
	s.open = nil
	p.uid = strings.Clone(p.uid)
	if broken != nil {
		s.groups = append(s.groups, &group{pieces: []piece{p}, broken: broken})
		return
	}
	if p.name == "VTIMEZONE" {
		if _, double := p.cal.zones[p.uid]; !double {
			p.cal.zones[p.uid] = p
		}
		return
	}
	key := groupKey{p.name, p.uid}
	if i, ok := s.group[key]; ok && p.uid != "" {
		s.groups[i].pieces = append(s.groups[i].pieces, p)
		return
	}
	s.group[key] = len(s.groups)
	s.groups = append(s.groups, &group{pieces: []piece{p}})
}

// part puts the body of a group together.
func (s *splitter) part(g *group) Part {
	first := g.pieces[0]
	part := Part{UID: first.uid, Component: first.name, Line: first.line}
	if g.broken != nil {
		return part
	}
	var b bytes.Buffer
	lines := 0
	eol := "\r\n"
	if s.scan.eol == '\r' {
		eol = "\r" // a body keeps to one way of ending lines
	}
	add := func(p piece) {
		part.lines = append(part.lines, lineStart{lines + 1, p.line})
		octets := s.raw[p.start:p.end]
		b.Write(octets)
		ends := bytes.Count(octets, []byte{s.scan.eol})
		if octets[len(octets)-1] != s.scan.eol {
			b.WriteString(eol) // the last line of the file
			ends++
		}
		lines += ends
	}
	b.WriteString("BEGIN:VCALENDAR" + eol)
	lines++
	version := false
	for _, p := range first.cal.header {
		version = version || p.name == "VERSION"
		add(p)
	}
	if !version {
		b.WriteString("VERSION:2.0" + eol)
		lines++
	}
	given, room := map[string]bool{}, maxZones
	for _, p := range g.pieces {
		for _, id := range p.zones {
			if z, ok := p.cal.zones[id]; ok && !given[id] && z.end-z.start <= room {
				given[id] = true
				room -= z.end - z.start
				add(z)
			}
		}
	}
	for _, p := range g.pieces {
		add(p)
	}
	part.lines = append(part.lines, lineStart{lines + 1, g.pieces[len(g.pieces)-1].line})
	b.WriteString("END:VCALENDAR" + eol)
	part.Body = b.Bytes()
	return part
}
