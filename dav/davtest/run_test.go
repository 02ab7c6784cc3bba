package davtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caldav-fcgi/dav/webdav"
)

// store is a handler just clever enough to be talked to: PUT and GET of octets, and a listing.
type store map[string][]byte

func (s store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	login := webdav.LoginFrom(r.Context())
	if login.User == "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="calendar"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch r.Method {
	case "PUT":
		s[r.URL.Path], _ = io.ReadAll(r.Body)
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, len(s[r.URL.Path])))
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		w.Header().Set("X-Destination", r.Header.Get("Destination"))
		w.WriteHeader(http.StatusCreated)
	case "GET", "HEAD":
		w.Write(s[r.URL.Path])
	case "DELETE":
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<error xmlns="DAV:"><need-privileges/></error>`)
	case "REPORT":
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", `application/xml; charset="utf-8"`)
		w.WriteHeader(http.StatusMultiStatus)
		_, href, _ := strings.Cut(string(body), "href>")
		href, _, _ = strings.Cut(href, "<")
		fmt.Fprintf(w, `<multistatus xmlns="DAV:"><response><href>http://%s%s</href><status>HTTP/1.1 404 Not Found</status></response></multistatus>`, r.Host, href)
	}
}

const conversation = `
as nobody
GET /a.ics
401
> WWW-Authenticate: Basic realm="{{realm}}"
as ann
PUT /a.ics < a.ics
Destination: /b
201
> ETag: {{tag}}
> X-Length: 32
> X-Destination: **/b
> !X-Nothing
GET /a.ics
If-None-Match: {{tag}}
200 == a.ics
= a.ics
~ BEGIN
!~ VTODO
HEAD /a.ics
2xx
PUT /big.ics < {{event 70000}}
Transfer-Encoding: chunked
201
> X-Length: -1
GET /big.ics
200 == {{event 70000}}
DELETE /a.ics
403 DAV:need-privileges
REPORT /a.ics < q.xml
207
has /gone.ics 404
not /a.ics
count 1
-- a.ics --
BEGIN:VCALENDAR
END:VCALENDAR
-- q.xml --
<q xmlns="DAV:"><href>/gone.ics</href></q>
`

func TestRun_InProcessAndOverTheWire(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.txtar")
	if err := os.WriteFile(file, []byte(conversation), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("handler", func(t *testing.T) {
		t.Parallel()
		Run(t, func(*testing.T) Client { return &Handler{Handler: store{}, BasePath: "/dav"} }, file)
	})
	t.Run("site", func(t *testing.T) {
		t.Parallel()
		Run(t, func(t *testing.T) Client {
			inner := store{}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				if password != "secret" {
					user = ""
				}
				inner.ServeHTTP(w, r.WithContext(webdav.WithLogin(r.Context(), webdav.Login{User: user})))
			}))
			t.Cleanup(server.Close)
			site := NewSite(server.URL+"/dav/", map[string]string{"ann": "secret"})
			t.Cleanup(site.HTTP.CloseIdleConnections)
			return site
		}, file)
	})
}

func TestStep_FailureSaysWhereAndWhat(t *testing.T) {
	t.Parallel()
	d, err := Parse("x.txtar", []byte("as ann\nREPORT /a < q.xml\n200 = w.xml\n> ETag: **\ncount 2\n-- q.xml --\n<q xmlns='DAV:'><href>/b</href></q>\n-- w.xml --\n<multistatus xmlns='DAV:'/>\n"))
	if err != nil {
		t.Fatal(err)
	}
	client := &Handler{Handler: store{}}
	r := &runner{client: client, vars: predefined(client.Origin(), client.Base())}
	report, err := r.step(&d.Steps[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"x.txtar:2: REPORT /a as ann", "got status 207, want 200", "line 3: a response for /b too much",
		`line 4: ETag: got ""`, "line 5: got 1 responses, want 2", "want w.xml:", "<DAV:multistatus>"} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is not in\n%s", want, report)
		}
	}
}

func TestLoad_Include(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.txtar": "as ann\nPUT /a < x.ics\n201\n> ETag: {{tag}}\n-- x.ics --\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"b.txtar": "include a.txtar\nGET /a\nIf-Match: {{tag}}\n200 = x.ics\n",
		"c.txtar": "include c.txtar\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Load(filepath.Join(dir, "b.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Steps) != 2 || d.Steps[0].User != "ann" || d.Steps[1].User != "" {
		t.Errorf("got %+v", d.Steps)
	}
	if _, err := Load(filepath.Join(dir, "c.txtar")); err == nil {
		t.Error("a dialogue that includes itself was read")
	}
}
