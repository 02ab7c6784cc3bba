package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/vcard"
)

// isCards says whether a file begins as one of contacts does, in UTF-8 or in what Windows calls Unicode.
func isCards(raw []byte) bool {
	head := bytes.ReplaceAll(raw[:min(len(raw), 200)], []byte{0}, nil)
	head = bytes.TrimLeft(head, "\xef\xbb\xbf\xff\xfe \t\r\n")
	return len(head) >= len("BEGIN:VCARD") && strings.EqualFold(string(head[:len("BEGIN:VCARD")]), "BEGIN:VCARD")
}

// cards are the objects of a file of contacts.
func (im *importing) cards(raw []byte) iter.Seq2[task, error] {
	return func(yield func(task, error) bool) {
		for p := range vcard.Import(raw) {
			if !yield(func(ctx context.Context) (verdict, error) { return im.takeCard(ctx, p) }, nil) {
				return
			}
		}
	}
}

func (im *importing) takeCard(ctx context.Context, p vcard.Part) (verdict, error) {
	v := verdict{line: p.Line, what: "a contact", note: cut(strings.Join(p.Notes, "; "), 300)}
	if p.Name != "" {
		v.what = fmt.Sprintf("%q", cut(p.Name, 120))
	}
	refuse := func(err error) verdict {
		v.fate, v.note = fateRefused, cut(err.Error(), 300)
		return v
	}
	switch {
	case p.Err != nil:
		return refuse(p.Err), nil
	case im.limit > 0 && int64(len(p.Body)) > im.limit:
		return refuse(fmt.Errorf("has %s; at most %s are taken (-max-resource)", roundSize(int64(len(p.Body))), writeSize(im.limit))), nil
	case len(im.targets) == 0:
		return refuse(fmt.Errorf("%s has no address book", im.user)), nil
	}
	to := im.targets[0]
	for _, t := range im.targets {
		if t.name == im.to || im.to == "" && t.name == im.shelf.def {
			to = t
		}
	}
	refused, err := im.put(ctx, &v, to, object{uid: p.UID, body: p.Body, media: "text/vcard; charset=utf-8", extension: ".vcf", newer: newerCard})
	if refused != nil {
		return refuse(refused), nil
	}
	return v, err
}

// newerCard says whether a has a later REV than b. Where one of them has none, it has not.
func newerCard(a, b []byte) bool {
	revision := func(body []byte) string {
		c, err := vcard.Parse(body)
		if err != nil {
			return ""
		}
		return strings.NewReplacer("-", "", ":", "").Replace(strings.TrimSpace(c.Text(govcard.FieldRevision)))
	}
	ra, rb := revision(a), revision(b)
	return ra != "" && rb != "" && ra > rb
}
