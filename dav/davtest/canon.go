package davtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
)

const (
	nsDAV     = "DAV:"
	nsCalDAV  = "urn:ietf:params:xml:ns:caldav"
	nsCardDAV = "urn:ietf:params:xml:ns:carddav"
	nsCS      = "http://calendarserver.org/ns/"
	nsApple   = "http://apple.com/ns/ical/"
)

// prefixes are the short names of namespaces in failures and conditions.
var prefixes = map[string]string{nsDAV: "DAV", nsCalDAV: "CALDAV", nsCardDAV: "CARDDAV", nsCS: "CS", nsApple: "APPLE"}

// element is an XML element without its prefixes.
type element struct {
	Name     xml.Name
	Attr     map[xml.Name]string
	Children []*element
	Text     string
}

func readXML(data []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	var root *element
	var stack []*element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed XML: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			el := &element{Name: t.Name, Attr: map[xml.Name]string{}}
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name != (xml.Name{Local: "xmlns"}) {
					el.Attr[a.Name] = a.Value
				}
			}
			switch {
			case len(stack) > 0:
				top := stack[len(stack)-1]
				top.Children = append(top.Children, el)
			case root != nil:
				return nil, errors.New("not well-formed XML: two roots")
			default:
				root = el
			}
			if stack = append(stack, el); len(stack) > maxDepth {
				return nil, errors.New("XML nested too deep")
			}
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].Text += string(t)
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errors.New("not well-formed XML: text outside the root")
			}
		}
	}
	if root == nil {
		return nil, errors.New("no XML element")
	}
	return root, nil
}

func (e *element) is(space, local string) bool { return e.Name == xml.Name{Space: space, Local: local} }

// all are the DAV: children of that name.
func (e *element) all(local string) []*element {
	var found []*element
	for _, c := range e.Children {
		if c.is(nsDAV, local) {
			found = append(found, c)
		}
	}
	return found
}

func (e *element) text() string { return strings.TrimSpace(e.Text) }

// child is the text of the first DAV: child of that name.
func (e *element) child(local string) string {
	for _, c := range e.all(local) {
		return c.text()
	}
	return ""
}

func (e *element) partial() bool { return e.Attr[xml.Name{Local: "partial"}] == "yes" }

func short(n xml.Name) string {
	if p, ok := prefixes[n.Space]; ok {
		return p + ":" + n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

// String is the canonical form: short names, attributes and children in order.
func (e *element) String() string {
	var b strings.Builder
	e.write(&b, "", false)
	return b.String()
}

func (e *element) write(b *strings.Builder, indent string, inOrder bool) {
	b.WriteString(indent + "<" + short(e.Name))
	var attrs []string
	for n, value := range e.Attr {
		name := n.Local
		if n.Space != "" {
			name = short(n)
		}
		attrs = append(attrs, fmt.Sprintf(" %s=%q", name, value))
	}
	sort.Strings(attrs)
	b.WriteString(strings.Join(attrs, "") + ">")
	if len(e.Children) == 0 {
		if cal, err := readICal(e.Text); err == nil {
			b.WriteString("\n")
			cal.write(b, indent+"  ")
			return
		}
		b.WriteString(e.text() + "\n")
		return
	}
	b.WriteString("\n")
	var parts []string
	for _, c := range e.Children {
		var part strings.Builder
		c.write(&part, indent+"  ", inOrder)
		parts = append(parts, part.String())
	}
	sort.Strings(parts)
	b.WriteString(strings.Join(parts, ""))
}

// comparison is what a body is compared in: variables, and how hrefs are made equal.
type comparison struct {
	vars         vars
	origin, base string
}

// href cuts off origin and base path and writes equal escapes equally.
func (c comparison) href(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, c.origin); ok && c.origin != "" && strings.HasPrefix(rest, "/") {
		s = rest
	}
	if rest, ok := strings.CutPrefix(s, c.base); ok && (rest == "" || rest[0] == '/') {
		s = rest
	}
	return equalEscapes(s)
}

// equalEscapes decodes what may stand for itself in a path (RFC 3986 §3.3) and escapes the rest in capitals.
func equalEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			d := unhex(s[i+1])<<4 | unhex(s[i+2])
			if plainInPath(d) {
				b.WriteByte(d)
			} else {
				fmt.Fprintf(&b, "%%%02X", d)
			}
			i += 2
			continue
		}
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func plainInPath(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,;=:@", c) >= 0
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// element lists how got differs from want.
func (c comparison) element(want, got *element) []string {
	if want.Name != got.Name {
		return []string{fmt.Sprintf("got element %s, want %s", short(got.Name), short(want.Name))}
	}
	if want.is(nsDAV, "multistatus") {
		return c.multistatus(want, got)
	}
	at := short(want.Name)
	var diffs []string
	for name, value := range want.Attr {
		if name.Local == "partial" && name.Space == "" {
			continue
		}
		if have, ok := got.Attr[name]; !ok || !c.vars.match(value, have) {
			diffs = append(diffs, fmt.Sprintf("%s: attribute %s: got %q, want %q", at, name.Local, have, c.vars.show(value)))
		}
	}
	for name, value := range got.Attr {
		if _, ok := want.Attr[name]; !ok && !want.partial() {
			diffs = append(diffs, fmt.Sprintf("%s: attribute %s=%q too much", at, name.Local, value))
		}
	}
	switch {
	case len(want.Children) == 0 && want.text() == "**":
		return diffs
	case len(want.Children) == 0:
		if len(got.Children) > 0 && !want.partial() {
			return append(diffs, fmt.Sprintf("%s: got elements, want the text %q", at, c.vars.show(want.text())))
		}
		return append(diffs, c.text(want, got)...)
	}
	return append(diffs, c.children(at, want, got)...)
}

func (c comparison) text(want, got *element) []string {
	w, g := want.text(), got.text()
	if want.is(nsDAV, "href") {
		w, g = c.href(w), c.href(g)
	}
	if strings.HasPrefix(w, "BEGIN:VCALENDAR") || strings.HasPrefix(w, "BEGIN:VCARD") {
		wantCal, err := readICal(w)
		if err != nil {
			return []string{fmt.Sprintf("%s: the expected text: %v", short(want.Name), err)}
		}
		gotCal, err := readICal(g)
		if err != nil {
			return []string{fmt.Sprintf("%s: %v", short(want.Name), err)}
		}
		diffs := wantCal.compare(gotCal, c.vars, want.partial())
		for i := range diffs {
			diffs[i] = short(want.Name) + ": " + diffs[i]
		}
		return diffs
	}
	if want.partial() && w == "" || c.vars.match(w, g) {
		return nil
	}
	return []string{fmt.Sprintf("%s: got %q, want %q", short(want.Name), g, c.vars.show(w))}
}

// children compares as multisets: the order of properties, privileges, reports and the like has no meaning.
func (c comparison) children(at string, want, got *element) []string {
	rest := append([]*element(nil), got.Children...)
	var diffs []string
	for _, w := range want.Children {
		best, least := -1, []string(nil)
		for i, g := range rest {
			if g.Name != w.Name {
				continue
			}
			trial := comparison{c.vars.copyOf(), c.origin, c.base}
			var d []string
			if !want.is(nsDAV, "error") || len(w.Children) > 0 || w.text() != "" { // else the condition by name
				d = trial.element(w, g)
			}
			if len(d) == 0 {
				c.vars.take(trial.vars)
			}
			if best < 0 || len(d) < len(least) {
				best, least = i, d
			}
			if len(d) == 0 {
				break
			}
		}
		if best < 0 {
			diffs = append(diffs, fmt.Sprintf("%s: lacks %s", at, short(w.Name)))
			continue
		}
		for _, d := range least {
			diffs = append(diffs, at+": "+d)
		}
		rest = append(rest[:best:best], rest[best+1:]...)
	}
	for _, g := range rest {
		if !want.partial() && !g.is(nsDAV, "responsedescription") {
			diffs = append(diffs, fmt.Sprintf("%s: %s too much", at, short(g.Name)))
		}
	}
	return diffs
}
