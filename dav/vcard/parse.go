package vcard

import (
	"errors"
	"strings"

	"caldav-fcgi/dav/ical"
)

// Names of the preconditions an Error stands for (RFC 6352 §6.3.2.1).
const (
	ConditionData    = "valid-address-data"
	ConditionVersion = "supported-address-data"
)

// Error says what is wrong with a body: in which line, with what, and which precondition it breaks.
type Error = ical.Error

var grammar = ical.Grammar{Root: "VCARD", Groups: true, Bare: true}

// Parse reads a body that holds exactly one vCard. The error is an *Error and names the line. It takes time and memory in
// proportion to the body and panics on no input.
func Parse(raw []byte) (*Card, error) {
	body, err := grammar.Parse(raw)
	if err != nil {
		return nil, refused(raw, err)
	}
	return cardOf(body), nil
}

// ParseAll reads a file of several cards, one after the other, that are of version 3.0 or 4.0 and well formed. The offsets and
// lines of each are those of the whole file, and all share raw.
func ParseAll(raw []byte) ([]*Card, error) {
	bodies, err := grammar.ParseAll(raw)
	if err != nil {
		return nil, refused(raw, err)
	}
	cards := make([]*Card, len(bodies))
	for i, body := range bodies {
		cards[i] = cardOf(body)
	}
	return cards, nil
}

func cardOf(body *ical.Calendar) *Card {
	c := New(body.Root.Props)
	c.Raw, c.Repairs, c.root = body.Raw, body.Repairs, body.Root
	return c
}

// refused gives an error of package ical the precondition of a card. A body of version 2.1 is refused for that, whatever
// else cannot be read in it.
func refused(raw []byte, err error) error {
	var e *ical.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Condition = ConditionData
	if old(raw) {
		return &Error{Line: 0, Rule: "VERSION", Text: "2.1 is read by the import only; send 3.0 or 4.0", Condition: ConditionVersion}
	}
	return &out
}

// old says whether the first lines call themselves vCard 2.1.
func old(raw []byte) bool {
	const most = 4096
	for line := range strings.Lines(string(raw[:min(len(raw), most)])) {
		if v, ok := cutFold(strings.TrimSpace(line), "VERSION:"); ok {
			return strings.TrimSpace(v) == "2.1"
		}
	}
	return false
}

// cutFold is strings.CutPrefix for a prefix in any case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
