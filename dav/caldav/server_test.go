package caldav

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// server is the engine with this package's tables over a database of its own.
type server struct {
	t      *testing.T
	engine *webdav.Server
	db     *store.DB
	user   string
}

func newServer(t *testing.T, opt Options) *server {
	t.Helper()
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{IndexVersion: IndexVersion})
	engine, err := webdav.New(db, webdav.Options{}, principal.Module(), Module(opt))
	if err != nil {
		t.Fatal(err)
	}
	return &server{t: t, engine: engine, db: db, user: "ann"}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers are "Name: value".
func (s *server) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	return s.as(webdav.Login{User: s.user}, method, path, body, headers...)
}

func (s *server) as(login webdav.Login, method, path, body string, headers ...string) answer {
	s.t.Helper()
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, path, nil)
	} else {
		r = httptest.NewRequest(method, path, strings.NewReader(body))
	}
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Add(k, v)
	}
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r.WithContext(webdav.WithLogin(r.Context(), login)))
	return answer{w.Code, w.Result().Header, w.Body.String()}
}

// want fails the test when the status is another, or a text is missing in the body.
func (s *server) want(a answer, status int, texts ...string) answer {
	s.t.Helper()
	if a.status != status {
		s.t.Fatalf("got status %d, want %d; body:\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			s.t.Fatalf("the body has no %s:\n%s", text, a.body)
		}
	}
	return a
}

func (s *server) put(path, body string) answer {
	s.t.Helper()
	return s.do("PUT", path, body, "Content-Type: text/calendar; charset=utf-8")
}

// props asks for properties by PROPFIND; names are elements such as "<c:x/>".
func (s *server) props(path, depth, names string) answer {
	s.t.Helper()
	return s.want(s.do("PROPFIND", path, `<d:propfind `+spaces+`><d:prop>`+names+`</d:prop></d:propfind>`, "Depth: "+depth), 207)
}

const spaces = `xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:i="http://apple.com/ns/ical/" xmlns:cs="http://calendarserver.org/ns/"`

// object is a calendar object of one component with these lines.
func object(component, uid string, lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:" + component + "\r\nUID:" + uid +
		"\r\nDTSTAMP:20260101T000000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:" + component + "\r\nEND:VCALENDAR\r\n"
}

func event(uid string, lines ...string) string {
	return object("VEVENT", uid, append([]string{"DTSTART:20260301T100000Z", "DTEND:20260301T110000Z"}, lines...)...)
}

func task(uid string) string { return object("VTODO", uid, "SUMMARY:do") }
