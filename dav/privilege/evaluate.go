package privilege

// Evaluate goes through access control entries in their order, the resource's own before inherited ones: each privilege is decided by
// the first entry that applies and names it, RFC 3744 §6. match says whether an entry applies to the caller. Of several entries that let
// him read, the one that shows most counts.
func Evaluate(aces []ACE, match func(ACE) bool) Access {
	var denied Set
	a := Access{View: BusyTime}
	for _, e := range aces {
		if !match(e) {
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
