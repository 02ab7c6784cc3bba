package dav_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store/storetest"
)

// matrixRow says what a method, or a REPORT, needs of whoever is not the owner: RFC 3744 appendix B. on is what it is
// sent to: a home, a collection, an object in it, or a name that is not taken in one of the two; needs are by where they
// have to be had.
type matrixRow struct {
	method, on string
	variant    string // of COPY and MOVE: how the path and the destination lie
	needs      map[string]privilege.Set
	tree       string // the only ones; "": all
	unseen     bool   // the refusal is 404
}

const (
	atHome   = "home"
	atColl   = "collection"
	atObject = "object"
	inColl   = "free name in a collection"
	inHome   = "free name in a home"
)

type needs = map[string]privilege.Set

const replace = privilege.WriteContent | privilege.WriteProperties

var matrix = []matrixRow{
	{method: "OPTIONS", on: atObject},
	{method: "GET", on: atObject, needs: needs{atObject: privilege.Read}},
	{method: "GET", on: atColl, needs: needs{atColl: privilege.Read}, tree: "calendars addressbooks"},
	{method: "HEAD", on: atObject, needs: needs{atObject: privilege.Read}},
	{method: "PROPFIND", on: atHome, needs: needs{atHome: privilege.Read}},
	{method: "PROPFIND", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "PROPFIND", on: atObject, needs: needs{atObject: privilege.Read}},
	{method: "PROPPATCH", on: atHome, needs: needs{atHome: privilege.WriteProperties}},
	{method: "PROPPATCH", on: atColl, needs: needs{atColl: privilege.WriteProperties}},
	{method: "PROPPATCH", on: atObject, needs: needs{atObject: privilege.WriteProperties}},
	{method: "PUT", on: atObject, needs: needs{atObject: privilege.WriteContent}},
	{method: "PUT", on: inColl, needs: needs{atColl: privilege.Bind}},
	{method: "POST", on: atColl, needs: needs{atColl: privilege.Bind}},
	{method: "DELETE", on: atObject, needs: needs{atColl: privilege.Unbind}},
	{method: "DELETE", on: atColl, needs: needs{atHome: privilege.Unbind, atColl: privilege.Unbind}},
	{method: "MKCOL", on: inHome, needs: needs{atHome: privilege.Bind}},
	{method: "MKCALENDAR", on: inHome, needs: needs{atHome: privilege.Bind}, tree: "calendars"},
	{method: "ACL", on: atHome, needs: needs{atHome: privilege.WriteACL}},
	{method: "ACL", on: atColl, needs: needs{atColl: privilege.WriteACL}},
	{method: "ACL", on: atObject, needs: needs{atObject: privilege.WriteACL}},
	{method: "LOCK", on: atObject, needs: needs{atObject: privilege.WriteContent}},
	{method: "LOCK", on: atColl, needs: needs{atColl: privilege.WriteContent, atObject: privilege.WriteContent}},
	{method: "LOCK", on: inColl, needs: needs{atColl: privilege.Bind}},
	{method: "UNLOCK", on: atObject, needs: needs{atObject: privilege.Read | privilege.Unlock}},
	{method: "COPY", on: atObject, variant: "out", needs: needs{atObject: privilege.Read}},
	{method: "COPY", on: inColl, variant: "in", needs: needs{atColl: privilege.Bind}},
	{method: "COPY", on: atObject, variant: "in", needs: needs{atObject: replace}},
	{method: "COPY", on: atColl, variant: "beside", needs: needs{atHome: privilege.Bind, atColl: privilege.Read}},
	{method: "COPY", on: atColl, variant: "in", needs: needs{atColl: privilege.Write, atObject: replace}},
	{method: "MOVE", on: atObject, variant: "out", needs: needs{atColl: privilege.Unbind, atObject: privilege.Read}},
	{method: "MOVE", on: inColl, variant: "in", needs: needs{atColl: privilege.Bind}},
	{method: "MOVE", on: atObject, variant: "in", needs: needs{atColl: privilege.Bind | privilege.Unbind}},
	{method: "MOVE", on: atColl, variant: "beside", needs: needs{atHome: privilege.Bind | privilege.Unbind, atColl: privilege.Read}},

	{method: "REPORT expand-property", on: atObject, needs: needs{atObject: privilege.Read}},
	{method: "REPORT sync-collection", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT calendar-query", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT calendar-query", on: atObject, needs: needs{atObject: privilege.Read}},
	{method: "REPORT calendar-multiget", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT free-busy-query", on: atColl, needs: needs{atColl: privilege.ReadFreeBusy}, unseen: true},
	{method: "REPORT free-busy-query", on: atHome, needs: needs{atHome: privilege.ReadFreeBusy}, unseen: true},
	{method: "REPORT addressbook-query", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT addressbook-multiget", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT acl-principal-prop-set", on: atColl, needs: needs{atColl: privilege.Read | privilege.ReadACL}},
	{method: "REPORT acl-principal-prop-set", on: atObject, needs: needs{atObject: privilege.Read | privilege.ReadACL}},
	{method: "REPORT principal-match", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT principal-property-search", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT principal-search-property-set", on: atColl, needs: needs{atColl: privilege.Read}},
	{method: "REPORT calendarserver-principal-search", on: atColl, needs: needs{atColl: privilege.Read}},
}

// single are the privileges that are taken away one by one.
var single = []struct {
	name string
	what privilege.Set
}{
	{"d:read", privilege.Read}, {"c:read-free-busy", privilege.ReadFreeBusy}, {"d:write-properties", privilege.WriteProperties}, {"d:write-content", privilege.WriteContent}, {"d:bind", privilege.Bind},
	{"d:unbind", privilege.Unbind}, {"d:unlock", privilege.Unlock}, {"d:read-acl", privilege.ReadACL}, {"d:read-current-user-privilege-set", privilege.ReadCurrentUser}, {"d:write-acl", privilege.WriteACL},
}

// ground is where the matrix is played: what is ann's, and tried by bob.
type ground struct {
	*world
	t    *testing.T
	tree string
	made int
	acls map[string]string // what stands on each place
}

func (g *ground) path(place string) string {
	coll := fmt.Sprintf("/%s/ann/m%d/", g.tree, g.made)
	switch place {
	case atHome:
		return "/" + g.tree + "/ann/"
	case atColl:
		return coll
	case atObject:
		return coll + "o.ics"
	case inColl:
		return coll + "free.ics"
	}
	return fmt.Sprintf("/%s/ann/free%d/", g.tree, g.made)
}

func (g *ground) body(uid string) string {
	uid = fmt.Sprintf("%s-%d", uid, g.made)
	if g.tree == "addressbooks" {
		return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD\r\n"
	}
	return event(uid, "DTSTART:20260101T090000Z")
}

// media is the type of an object.
func (g *ground) media() []string {
	return []string{"Content-Type", map[string]string{"calendars": "text/calendar", "addressbooks": "text/vcard", "files": "text/plain"}[g.tree]}
}

// collection makes one.
func (g *ground) collection(user, path string) *httptest.ResponseRecorder {
	switch g.tree {
	case "calendars":
		return g.do(user, "MKCALENDAR", path, "")
	case "addressbooks":
		return g.do(user, "MKCOL", path, `<d:mkcol xmlns:d="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><d:set><d:prop><d:resourcetype><d:collection/><card:addressbook/></d:resourcetype></d:prop></d:set></d:mkcol>`)
	}
	return g.do(user, "MKCOL", path, "")
}

// renew makes another collection with an object in it.
func (g *ground) renew() {
	g.made++
	if a := g.collection("ann", g.path(atColl)); a.Code != 201 {
		g.t.Fatalf("%s: %d: %s", g.path(atColl), a.Code, a.Body)
	}
	g.want(201, "ann", "PUT", g.path(atObject), g.body("o"), g.media()...)
	delete(g.acls, atColl)
	delete(g.acls, atObject)
}

// grant lets bob do everything everywhere but, at one place, one thing.
func (g *ground) grant(place, denied string) {
	for _, p := range []string{atHome, atColl, atObject} {
		body := `<d:acl ` + caldavNS + `>`
		if p == place {
			body += `<d:ace><d:principal><d:href>/principals/users/bob/</d:href></d:principal><d:deny><d:privilege><` + denied + `/></d:privilege></d:deny></d:ace>`
		}
		if p != place || denied != "d:all" {
			body += `<d:ace><d:principal><d:href>/principals/users/bob/</d:href></d:principal><d:grant><d:privilege><d:all/></d:privilege></d:grant></d:ace>`
		}
		body += `</d:acl>`
		if g.acls[p] != body {
			g.want(200, "ann", "ACL", g.path(p), body)
			g.acls[p] = body
		}
	}
}

// play sends what a row is about.
func (g *ground) play(row matrixRow) *httptest.ResponseRecorder {
	method, report, _ := strings.Cut(row.method, " ")
	path := g.path(row.on)
	body, header := "", []string{}
	switch method {
	case "PUT":
		body, header = g.body(map[string]string{atObject: "o", inColl: "free"}[row.on]), g.media()
	case "POST":
		body, header = g.body("posted"), g.media()
	case "PROPFIND":
		body, header = propfindBody("<d:displayname/>"), []string{"Depth", "0"}
	case "PROPPATCH":
		body = `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><x xmlns="u:x">1</x></d:prop></d:set></d:propertyupdate>`
	case "ACL":
		body = `<d:acl xmlns:d="DAV:"><d:ace><d:principal><d:href>/principals/users/bob/</d:href></d:principal><d:grant><d:privilege><d:all/></d:privilege></d:grant></d:ace></d:acl>`
		delete(g.acls, row.on)
	case "LOCK":
		body = lockInfo
	case "UNLOCK":
		header = []string{"Lock-Token", g.want(200, "ann", "LOCK", path, lockInfo).Header().Get("Lock-Token")}
	case "COPY", "MOVE":
		mine := fmt.Sprintf("/%s/bob/m%d-%s%s", g.tree, g.made, method, map[bool]string{true: "/", false: ".ics"}[row.on == atColl])
		if g.tree != "files" && row.on != atColl {
			mine = fmt.Sprintf("/%s/bob/%s/m%d-%s.ics", g.tree, strings.TrimSuffix(g.tree, "s"), g.made, method)
		}
		switch row.variant {
		case "out":
			header = []string{"Destination", mine}
		case "beside":
			header = []string{"Destination", g.path(inHome)}
		case "in":
			if row.on == atColl {
				g.collection("bob", mine)
			} else {
				g.do("bob", "PUT", mine, g.body("o"), g.media()...)
			}
			path, header = mine, []string{"Destination", path}
		}
	case "REPORT":
		space := "DAV:"
		switch {
		case strings.HasPrefix(report, "calendarserver"):
			space = "http://calendarserver.org/ns/"
		case strings.HasPrefix(report, "calendar-"), strings.HasPrefix(report, "free"):
			space = "urn:ietf:params:xml:ns:caldav"
		case strings.HasPrefix(report, "addressbook"):
			space = "urn:ietf:params:xml:ns:carddav"
		}
		body = fmt.Sprintf(`<%s xmlns=%q/>`, report, space)
		switch report {
		case "sync-collection":
			body = syncBody("")
		case "free-busy-query":
			body = busyBody("20260101T000000Z", "20270101T000000Z")
		case "calendar-query":
			body = query("20260101T000000Z", "20270101T000000Z", "")
		}
	}
	return g.do("bob", method, path, body, header...)
}

const lockInfo = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`

// Each method and REPORT is refused without any one of the privileges that its row names, where it names them, and for
// the want of no other; the refusal says which. A method or REPORT without a row fails.
func TestMatrix_MethodsPrivilegesResources(t *testing.T) {
	t.Parallel()
	for _, tree := range []string{"calendars", "addressbooks", "files"} {
		t.Run(tree, func(t *testing.T) {
			t.Parallel()
			g := &ground{world: worldOf(t, storetest.Open(t), dav.Options{Files: true}), t: t, tree: tree, acls: map[string]string{}}
			g.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
			g.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
			g.renew()
			for _, row := range matrix {
				if row.tree != "" && !strings.Contains(row.tree, tree) {
					continue
				}
				for _, place := range []string{atHome, atColl, atObject} {
					if row.needs[place] == 0 {
						g.cell(row, place, "d:all", privilege.All)
						continue
					}
					for _, p := range single {
						g.cell(row, place, p.name, p.what)
					}
				}
			}
		})
	}
}

func (g *ground) cell(row matrixRow, place, denied string, what privilege.Set) {
	g.grant(place, denied)
	a := g.play(row)
	needed := row.needs[place]&what != 0
	refused := strings.Contains(a.Body.String(), "<d:need-privileges>") && a.Code == 403
	if row.unseen {
		refused = a.Code == 404
	}
	switch {
	case a.Code == 401, refused != needed:
		g.t.Errorf("%s %s of %s on %s without %s on the %s: %d, want it refused: %v: %.300s", row.method, row.variant, g.tree, row.on, denied, place, a.Code, needed, a.Body)
	case refused && !row.unseen && !strings.Contains(a.Body.String(), "<"+denied+"/>") && !strings.Contains(a.Body.String(), "<d:read/>"):
		g.t.Errorf("%s on %s without %s on the %s: the refusal names another: %s", row.method, row.on, denied, place, a.Body)
	}
	switch row.method {
	case "OPTIONS", "GET", "HEAD", "PROPFIND", "PROPPATCH", "ACL":
	default:
		if !strings.HasPrefix(row.method, "REPORT") && (a.Code < 300 || row.method == "UNLOCK") {
			g.renew()
		}
	}
}

// The matrix has a row for whatever the service can do.
func TestMatrix_IsWhole(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, row := range matrix {
		rows[row.method] = true
	}
	s := serviceWith(t, dav.Options{Files: true})
	for _, m := range s.Engine().Modules() {
		for _, method := range m.Methods {
			if method.Name != "REPORT" && !rows[method.Name] {
				t.Errorf("module %s: the matrix has no row for %s", m.Name, method.Name)
			}
			if method.Needs == nil && !method.Public {
				t.Errorf("module %s: %s needs nothing, and shows something", m.Name, method.Name)
			}
		}
		for _, r := range m.Reports {
			if !rows["REPORT "+r.Name.Local] {
				t.Errorf("module %s: the matrix has no row for REPORT %s", m.Name, r.Name.Local)
			}
		}
	}
}

// What belongs to nobody, and the principals of others, nobody changes by any method; without a login nothing is shown.
func TestMatrix_WhatHasNoList(t *testing.T) {
	t.Parallel()
	w := worldOf(t, storetest.Open(t), dav.Options{Files: true})
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	methods := map[string]bool{}
	for _, m := range w.s.Engine().Modules() {
		for _, method := range m.Methods {
			methods[method.Name] = method.Write
		}
	}
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	bodies := map[string]string{"LOCK": lockInfo, "ACL": `<d:acl xmlns:d="DAV:"/>`, "REPORT": syncBody(""), "PUT": event("x", "DTSTART:20260101T090000Z"),
		"PROPPATCH": `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>x</d:displayname><x xmlns="u:x">1</x></d:prop></d:set></d:propertyupdate>`}
	for _, path := range []string{"/", "/principals/", "/principals/users/", "/principals/users/ann/", "/principals/users/ann/calendar-proxy-write/", "/calendars/", "/addressbooks/", "/files/", "/calendars/ann/", "/addressbooks/ann/", "/files/ann/"} {
		for _, name := range names {
			for _, user := range []string{"bob", ""} {
				a := w.do(user, name, path, bodies[name], "Depth", "0", "Destination", "/calendars/bob/new/", "Content-Type", map[bool]string{true: "text/calendar", false: "application/xml"}[name == "PUT" || name == "POST"])
				switch {
				case user == "" && name != "OPTIONS" && a.Code != 401:
					t.Errorf("%s %s without a login: %d", name, path, a.Code)
				case methods[name] && (a.Code < 400 || a.Code == 404):
					t.Errorf("%s %s as %q: %d: %.200s", name, path, user, a.Code, a.Body)
				}
			}
		}
	}
}
