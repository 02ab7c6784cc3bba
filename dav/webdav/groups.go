package webdav

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"caldav-fcgi/store"
)

// The limits of what the web server says of a user's groups.
const (
	maxGroups    = 1000
	maxGroupName = 255 // octets
)

func partOf(source store.Source) int {
	if source == store.ByFile {
		return partFile
	}
	return partLogin
}

// groupsHash of no groups is that of an account that never had any.
func groupsHash(names []string) []byte {
	names = usableGroups(names)
	if len(names) == 0 {
		return make([]byte, 8)
	}
	h := sha256.Sum256([]byte(strings.Join(names, "\x00")))
	return h[:8]
}

// usableGroups sorts them and leaves out what can be no name here.
func usableGroups(names []string) []string {
	var list []string
	for _, n := range names {
		bad := func(r rune) bool { return unicode.IsControl(r) || !xmlText(string(r)) }
		if n = strings.TrimSpace(n); n != "" && n != "." && n != ".." && len(n) <= maxGroupName && utf8.ValidString(n) && !strings.ContainsFunc(n, bad) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(maxGroups, len(list))]
}

// join makes an account a member of the groups that its login names, as far as they are others than at the last one. A group
// that there is not yet is made.
func (rq *Request) join(p *store.Principal, l Login, before []byte) error {
	for source, names := range l.Groups {
		at := partOf(source)
		if len(before) == partEnd && string(before[at:at+8]) == string(p.Claims[at:at+8]) {
			continue
		}
		var ids []int64
		for _, name := range usableGroups(names) {
			g, err := rq.Tx.Principal(store.Group, name)
			if errors.Is(err, store.ErrNotFound) {
				g = &store.Principal{Kind: store.Group, Name: name, Display: name}
				err = rq.Tx.CreatePrincipal(g)
			}
			if err != nil {
				return err
			}
			ids = append(ids, g.ID)
		}
		if err := rq.Tx.SetGroups(p.ID, source, ids); err != nil {
			return err
		}
	}
	return nil
}
