package fcgi

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"caldav-fcgi/store"
)

// groups are those of a user by both ways in which a web server tells them. No file is as good as an empty one: who was
// in a group by a file that the settings no longer name is in it no more.
func (d *identifier) groups(env map[string]string, user string) map[store.Source][]string {
	if user == "" {
		return nil
	}
	groups := map[store.Source][]string{store.ByFile: nil}
	if d.Htgroup != nil {
		groups[store.ByFile] = d.Htgroup.Of(user)
	}
	if env != nil && !byToken(env) && d.saysGroups(env) {
		groups[store.ByLogin] = splitGroups(env[d.GroupsParam])
	}
	return groups
}

// saysGroups: a module of a web server leaves out what is empty. That the user is in no group any more is seen from its
// other parameters: OIDC_CLAIM_sub without OIDC_CLAIM_groups. A login that knows nothing of groups takes nobody out of any.
func (d *identifier) saysGroups(env map[string]string) bool {
	if _, ok := env[d.GroupsParam]; ok {
		return true
	}
	module := d.GroupsParam[:strings.LastIndexByte(d.GroupsParam, '_')+1]
	if module == "" {
		return false
	}
	for name := range env {
		if strings.HasPrefix(name, module) {
			return true
		}
	}
	return false
}

// splitGroups reads a list with commas or semicolons between names, which may then have blanks in them, or with blanks. Of
// names as LDAP has them (memberOf: cn=staff,ou=groups,dc=example; cn=…) it takes the first part.
func splitGroups(list string) []string {
	if len(list) > maxGroups || !utf8.ValidString(list) {
		return nil
	}
	list = norm.NFC.String(list)
	if len(list) > 3 && strings.EqualFold(list[:3], "cn=") {
		names := strings.Split(list, ";")
		for i, dn := range names {
			_, cn, _ := strings.Cut(dn, "=")
			names[i], _, _ = strings.Cut(cn, ",")
		}
		return names
	}
	if strings.ContainsAny(list, ",;") {
		return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' })
	}
	return strings.Fields(list)
}
