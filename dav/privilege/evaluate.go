package privilege

import "iter"

// Evaluate goes through access control entries in their order, the resource's own before inherited ones: each privilege is decided by
// the first entry that applies and names it, RFC 3744 §6. match says whether the caller is the subject of an entry, whatever Invert
// says. Of several entries that let him read, the one that shows most counts.
func Evaluate(aces iter.Seq[ACE], match func(ACE) bool) Access {
	var denied Set
	a := Access{View: BusyTime}
	for e := range aces {
		if match(e) == e.Invert {
			continue
		}
		denied |= e.Deny &^ a.Rights
		granted := e.Allow &^ denied
		a.Rights |= granted
		if granted.Has(readBody) {
			a.View = min(a.View, e.View)
		}
	}
	return a
}
