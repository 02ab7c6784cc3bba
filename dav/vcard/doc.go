// Package vcard reads and writes vCards (RFC 2426 and RFC 6350), with parameter values as RFC 6868 has them, and knows
// what an address object resource is (RFC 6352 §5.1).
//
// The octets a client sent are the truth: Parse keeps them in Card.Raw and builds a list of properties whose offsets point
// into them. The lexical work is package ical's, since both formats are made of the same lines; github.com/emersion/go-vcard
// supplies names, and is a second reader in tests.
//
// Start at Parse (parse.go) and Validate (validate.go). Card.To (convert.go) gives a card in the other version: v4.go has
// what changes on the way from 3.0 to 4.0, v3.go the way back. Output is in write.go, parts of a card (RFC 6352 §10.4) in
// subset.go, the JSON form (RFC 7095) in jcard.go and jcardread.go. Files of other programs are read by Import (import.go),
// which alone knows vCard 2.1.
//
// On the way 3.0 → 4.0 → 3.0 every property comes back with its group, name, parameters and value, but for these, which
// 4.0 has no way to say or which have two spellings of one meaning:
//
//   - the case of TYPE=pref and of the TYPE and ENCODING of a PHOTO, LOGO, SOUND or KEY, and the order of parameters;
//   - PREF=1, which is 4.0's, becomes TYPE=pref; a quoted list of types is taken apart;
//   - ISO 8601's basic format of a date or time becomes the extended one; a birthday without a year gets the year
//     1604 and X-APPLE-OMIT-YEAR;
//   - white space inside base64; a picture without a TYPE gets that of its octets; VALUE=binary goes; a data: URI becomes
//     base64, a picture that is a bare URI gets VALUE=uri;
//   - VALUE=utc-offset of a TZ goes, as it is the default; white space around a GEO;
//   - KIND, MEMBER, ANNIVERSARY and RELATED in a 3.0 card, where they do not belong, become the X- names used there;
//   - a card without N gets one.
//
// The way 4.0 → 3.0 → 4.0 keeps as much, but that a phone number that was a tel: URI comes back as text.
package vcard
