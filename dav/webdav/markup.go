package webdav

import "github.com/beevik/etree"

// Markup returns el as text that stands alone: with every namespace declaration and the xml:lang that were in scope
// for it (RFC 4918 §4.3 keeps a dead property's language, and a prefix may be used inside its text).
func Markup(el *etree.Element) string {
	c := el.Copy()
	has := map[string]bool{}
	for _, a := range c.Attr {
		has[a.FullKey()] = true
	}
	for p := el.Parent(); p != nil; p = p.Parent() {
		for _, a := range p.Attr {
			inherited := a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns" || a.Space == "xml" && a.Key == "lang"
			if inherited && !has[a.FullKey()] {
				has[a.FullKey()] = true
				c.CreateAttr(a.FullKey(), a.Value)
			}
		}
	}
	doc := etree.NewDocument()
	doc.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	doc.SetRoot(c)
	s, err := doc.WriteToString()
	if err != nil { // a strings.Builder never fails
		return ""
	}
	return s
}

// decorated says whether el carries attributes of its own, or a language, that its live value has no place for.
func decorated(el *etree.Element) bool {
	for _, a := range el.Attr {
		if a.Space != "xmlns" && !(a.Space == "" && a.Key == "xmlns") {
			return true
		}
	}
	for p := el.Parent(); p != nil; p = p.Parent() {
		for _, a := range p.Attr {
			if a.Space == "xml" && a.Key == "lang" {
				return true
			}
		}
	}
	return false
}
