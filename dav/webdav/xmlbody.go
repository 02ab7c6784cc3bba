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

// The limits of an XML body.
const (
	maxXML         = 1 << 20
	maxXMLDepth    = 64
	maxXMLElements = 100_000
	maxXMLAttrs    = 256
)

// readXML reads an XML body within limits and returns its root, nil for an empty body.
func readXML(r io.Reader) (*etree.Element, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxXML+1))
	if err != nil {
		return nil, BadRequest("the body ended early: %v", err)
	}
	if len(body) > maxXML {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Text: "an XML body may have 1 MB at most"}
	}
	return ParseXML(body)
}

// ParseXML parses a whole document within limits; nil for white space alone. A DOCTYPE is refused before any tree is
// built (RFC 4918 §20.6), and so is what etree would let pass: an undeclared prefix, a second root.
func ParseXML(body []byte) (*etree.Element, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	if err := scanXML(body); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(body); err != nil {
		return nil, BadRequest("the XML body: %v", err)
	}
	root := doc.Root()
	if root == nil {
		return nil, BadRequest("the XML body has no root element")
	}
	return root, nil
}

func scanXML(body []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(body))
	depth, elements, roots := 0, 0, 0
	scopes := []map[string]bool{{"xml": true, "xmlns": true, "": true}}
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return BadRequest("the XML body is not well-formed: %v", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			if strings.HasPrefix(strings.ToUpper(strings.TrimSpace(string(t))), "DOCTYPE") {
				return ErrNoExternalEntities.With("a DOCTYPE is not taken in an XML body")
			}
		case xml.StartElement:
			depth++
			elements++
			if depth == 1 {
				roots++
			}
			switch {
			case roots > 1:
				return BadRequest("the XML body has two root elements")
			case depth > maxXMLDepth:
				return BadRequest("the XML body is nested deeper than %d", maxXMLDepth)
			case elements > maxXMLElements:
				return BadRequest("the XML body has more than %d elements", maxXMLElements)
			case len(t.Attr) > maxXMLAttrs:
				return BadRequest("element %s has more than %d attributes", t.Name.Local, maxXMLAttrs)
			}
			scope := scopes[len(scopes)-1]
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" {
					if a.Value == "" {
						return BadRequest("prefix %q is declared as empty", a.Name.Local) // XML Names §2.2
					}
					next := make(map[string]bool, len(scope)+1)
					for k := range scope {
						next[k] = true
					}
					next[a.Name.Local] = true
					scope = next
				}
			}
			scopes = append(scopes, scope)
			if !scope[t.Name.Space] {
				return BadRequest("prefix %q is not declared", t.Name.Space)
			}
			for _, a := range t.Attr {
				if !scope[a.Name.Space] {
					return BadRequest("prefix %q is not declared", a.Name.Space)
				}
			}
		case xml.EndElement:
			depth--
			if len(scopes) > 1 {
				scopes = scopes[:len(scopes)-1]
			}
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return BadRequest("the XML body has text outside its root element")
			}
		}
	}
	return nil
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
