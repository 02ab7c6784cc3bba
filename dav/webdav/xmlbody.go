package webdav

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/beevik/etree"
)

// The limits of an XML body. Whoever looks up a namespace walks through the attributes of all ancestors: that is why they
// are counted together.
const (
	maxXML         = 1 << 20
	maxXMLDepth    = 64
	maxXMLElements = 100_000
	maxXMLAttrs    = 256  // of an element and its ancestors together
	maxXMLName     = 1024 // octets of a name with its prefix, and of a namespace
)

// readXML reads an XML body within limits and returns its root, nil for an empty body.
func readXML(r io.Reader) (*etree.Element, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxXML+1))
	if err != nil {
		return nil, UnreadBody(err)
	}
	if len(body) > maxXML {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Text: "an XML body may have 1 MB at most"}
	}
	return ParseXML(body)
}

// ParseXML parses a whole document within limits; nil for white space alone. A DOCTYPE is refused before any tree is
// built (RFC 4918 §20.6), and so is what etree would let pass: an undeclared prefix, a doubled attribute, a second root.
func ParseXML(body []byte) (*etree.Element, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	s := xmlScan{spaces: map[string][]string{"xml": {"http://www.w3.org/XML/1998/namespace"}, "": {""}}, doc: etree.NewDocument()}
	s.top = &s.doc.Element
	if err := s.read(body); err != nil {
		return nil, err
	}
	return s.doc.Root(), nil
}

// read judges a body and builds its tree, in one pass of linear time: etree's own reading would be a second one.
func (s *xmlScan) read(body []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(body))
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			if s.depth() > 0 || s.roots == 0 {
				return BadRequest("the XML body is not well-formed: it ends before its root element does")
			}
			return nil
		}
		if err != nil {
			return BadRequest("the XML body is not well-formed: %v", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(string(t))), "DOCTYPE") {
				return ErrNoExternalEntities.With("a DOCTYPE is not taken in an XML body")
			}
			return BadRequest("the XML body has a <! that is neither comment nor CDATA")
		case xml.ProcInst:
			// Kept in a dead property it would break every answer that shows it.
			if s.depth() > 0 || s.roots > 0 {
				return BadRequest("the XML body has a processing instruction in it")
			}
		case xml.StartElement:
			if err := s.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			if s.depth() == 0 || s.top.Space != t.Name.Space || s.top.Tag != t.Name.Local {
				return BadRequest("the XML body is not well-formed: </%.40s> ends nothing", t.Name.Local)
			}
			s.end()
		case xml.CharData:
			switch {
			case s.depth() > 0:
				s.top.CreateText(string(t))
			case len(bytes.TrimSpace(t)) > 0:
				return BadRequest("the XML body has text outside its root element")
			}
		case xml.Comment:
			if s.depth() > 0 {
				s.top.CreateComment(string(t))
			}
		}
	}
}

// xmlScan is where reading stands.
type xmlScan struct {
	doc             *etree.Document
	top             *etree.Element // the element that is open
	open            []xmlFrame
	spaces          map[string][]string // by prefix, what is in scope last
	elements, roots int
	attrs           int
}

type xmlFrame struct {
	declared []string // prefixes
	attrs    int
}

func (s *xmlScan) depth() int { return len(s.open) }

func (s *xmlScan) start(t xml.StartElement) error {
	s.elements++
	if s.depth() == 0 {
		s.roots++
	}
	s.attrs += len(t.Attr)
	switch {
	case s.roots > 1:
		return BadRequest("the XML body has two root elements")
	case s.depth() >= maxXMLDepth:
		return BadRequest("the XML body is nested deeper than %d", maxXMLDepth)
	case s.elements > maxXMLElements:
		return BadRequest("the XML body has more than %d elements", maxXMLElements)
	case s.attrs > maxXMLAttrs:
		return BadRequest("an element of the XML body and those around it have more than %d attributes", maxXMLAttrs)
	}
	f := xmlFrame{attrs: len(t.Attr)}
	for _, a := range t.Attr {
		prefix := a.Name.Local
		switch {
		case a.Name.Space == "xmlns":
			switch { // XML Names §2.2, §3
			case a.Value == "":
				return BadRequest("prefix %.40q is declared as empty", prefix)
			case prefix == "xml" || prefix == "xmlns":
				return BadRequest("prefix %q is not to be declared", prefix)
			}
		case a.Name.Space == "" && prefix == "xmlns":
			prefix = ""
		default:
			continue
		}
		if len(a.Value) > maxXMLName {
			return BadRequest("a namespace is longer than %d octets", maxXMLName)
		}
		s.spaces[prefix] = append(s.spaces[prefix], a.Value)
		f.declared = append(f.declared, prefix)
	}
	s.open = append(s.open, f)
	if _, err := s.resolve(t.Name); err != nil {
		return err
	}
	if err := s.attributes(t.Attr); err != nil {
		return err
	}
	el := &etree.Element{Space: t.Name.Space, Tag: t.Name.Local}
	for _, a := range t.Attr {
		key := a.Name.Local
		if a.Name.Space != "" {
			key = a.Name.Space + ":" + key
		}
		el.CreateAttr(key, a.Value)
	}
	s.top.AddChild(el)
	s.top = el
	return nil
}

// attributes: no two of an element may have one name, whatever their prefixes (XML Names §6.3).
func (s *xmlScan) attributes(list []xml.Attr) error {
	if len(list) == 0 {
		return nil
	}
	seen := make(map[Name]bool, len(list))
	for _, a := range list {
		n := Name{Local: a.Name.Local}
		if a.Name.Space == "xmlns" {
			n.Space = "xmlns"
		} else if a.Name.Space != "" { // one without a prefix has no namespace, not the default one
			space, err := s.resolve(a.Name)
			if err != nil {
				return err
			}
			n.Space = space
		} else if err := usableXMLName(a.Name); err != nil {
			return err
		}
		if seen[n] {
			return BadRequest("an element has two attributes %.40q", a.Name.Local)
		}
		seen[n] = true
	}
	return nil
}

func (s *xmlScan) resolve(n xml.Name) (string, error) {
	if err := usableXMLName(n); err != nil {
		return "", err
	}
	list := s.spaces[n.Space]
	if len(list) == 0 {
		return "", BadRequest("prefix %.40q is not declared", n.Space)
	}
	return list[len(list)-1], nil
}

// usableXMLName: encoding/xml leaves a colon at either end in the local part.
func usableXMLName(n xml.Name) error {
	switch {
	case len(n.Space)+len(n.Local) > maxXMLName:
		return BadRequest("a name in the XML body is longer than %d octets", maxXMLName)
	case n.Local == "" || strings.Contains(n.Local, ":"):
		return BadRequest("the XML body has an element or attribute %.40q", n.Local)
	}
	return nil
}

func (s *xmlScan) end() {
	s.top = s.top.Parent()
	f := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.attrs -= f.attrs
	for _, prefix := range f.declared {
		s.spaces[prefix] = s.spaces[prefix][:len(s.spaces[prefix])-1]
	}
}

// NameOf returns an element's expanded name.
func NameOf(el *etree.Element) Name { return Name{el.NamespaceURI(), el.Tag} }

// Find returns el's first child with that name, nil when there is none.
func Find(el *etree.Element, n Name) *etree.Element {
	if el == nil {
		return nil
	}
	for _, c := range el.ChildElements() {
		if c.Tag == n.Local && c.NamespaceURI() == n.Space {
			return c
		}
	}
	return nil
}

// TextOf returns the character data of el without the space around it; "" for nil, which is how a removal comes.
func TextOf(el *etree.Element) string {
	if el == nil {
		return ""
	}
	return strings.TrimSpace(el.Text())
}
