package dav_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// world is a service with its database and its log, for tests that are its enemies. Whatever they do, at the end no
// request was answered with a 500, nothing was logged as a fault of ours, and the database is sound.
type world struct {
	t   testing.TB
	s   *dav.Server
	db  *store.DB
	log *watch
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return worldOf(t, storetest.Open(t), dav.Options{})
}

func worldOf(t testing.TB, db *store.DB, opt dav.Options) *world {
	t.Helper()
	w := &world{t: t, db: db, log: &watch{}}
	opt.Log, opt.SpoolDir = slog.New(w.log), t.TempDir()
	var err error
	if w.s, err = dav.New(db, opt); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.sound()
		for _, line := range w.log.taken() {
			t.Errorf("logged as a fault: %s", line)
		}
	})
	return w
}

func (w *world) sound() {
	w.t.Helper()
	problems, err := w.db.Check(context.Background())
	if err != nil {
		w.t.Error(err)
	}
	for _, p := range problems {
		w.t.Errorf("check: %s", p)
	}
}

// watch is the log: what is an error in it, and the last request's statements by id.
type watch struct {
	mu         sync.Mutex
	faults     []string
	statements map[string]int64
}

func (l *watch) Enabled(context.Context, slog.Level) bool { return true }
func (l *watch) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *watch) WithGroup(string) slog.Handler            { return l }

func (l *watch) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var text strings.Builder
	var n int64
	id := ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "id":
			id = a.Value.String()
		case "statements":
			n = a.Value.Int64()
		}
		fmt.Fprintf(&text, " %s=%.200v", a.Key, a.Value)
		return true
	})
	if l.statements == nil {
		l.statements = map[string]int64{}
	}
	l.statements[id] = n
	if r.Level >= slog.LevelError {
		l.faults = append(l.faults, r.Message+text.String())
	}
	return nil
}

// taken gives the faults so far, each once.
func (l *watch) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	faults := l.faults
	l.faults = nil
	return faults
}

func (l *watch) of(id string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.statements[id]
}

// do makes one request; headers come in pairs. A 500 or an answer that is ill-formed XML fails the test.
func (w *world) do(user, method, path, body string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r, err := http.NewRequest(method, "http://cal.example.com"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Body, r.ContentLength = http.NoBody, 0
	if body != "" {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return w.send(user, r)
}

func (w *world) send(user string, r *http.Request) *httptest.ResponseRecorder {
	w.t.Helper()
	r = r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: user, ID: idOf(r), Realm: "calendar"}))
	a := recorded(w, r)
	if a.Code == http.StatusInternalServerError {
		w.t.Errorf("%s %.100s: 500", r.Method, r.URL)
	}
	if strings.HasPrefix(a.Header().Get("Content-Type"), "application/xml") {
		if err := wellFormed(a.Body.String()); err != nil {
			w.t.Errorf("%s %.100s: ill-formed answer: %v\n%.2000s", r.Method, r.URL, err, a.Body)
		}
	}
	return a
}

// idOf is a request's id in the log.
func idOf(r *http.Request) string { return fmt.Sprintf("%p", r) }

// recorded holds an answer; one that was cut off is what had come until then.
func recorded(w *world, r *http.Request) (a *httptest.ResponseRecorder) {
	a = httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			panic(v)
		}
	}()
	w.s.ServeHTTP(a, r)
	return a
}

// want is do for what has to succeed, or to fail just so.
func (w *world) want(status int, user, method, path, body string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	a := w.do(user, method, path, body, header...)
	if a.Code != status {
		w.t.Errorf("%s %.100s as %q: %d, want %d: %.400s", method, path, user, a.Code, status, a.Body)
	}
	return a
}

// within fails when fn takes long: a bound on what one request may cost, far above what it does cost.
func (w *world) within(d time.Duration, what string, fn func()) {
	w.t.Helper()
	began := time.Now()
	fn()
	if took := time.Since(began); took > d {
		w.t.Errorf("%s took %v, more than %v", what, took.Round(time.Millisecond), d)
	}
}

// wellFormed says whether text is one XML document whose namespaces are declared and whose attributes are not doubled.
func wellFormed(text string) error {
	dec := xml.NewDecoder(strings.NewReader(text))
	roots, depth := 0, 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
			seen := map[xml.Name]bool{}
			for _, a := range t.Attr {
				if seen[a.Name] {
					return fmt.Errorf("attribute %v twice", a.Name)
				}
				seen[a.Name] = true
			}
			// An undeclared prefix is left in place of the namespace.
			if t.Name.Space != "" && !strings.Contains(t.Name.Space, ":") && strings.Contains(text, "<"+t.Name.Space+":"+t.Name.Local) &&
				!strings.Contains(text, `="`+t.Name.Space+`"`) {
				return fmt.Errorf("prefix %q is not declared", t.Name.Space)
			}
		case xml.EndElement:
			depth--
		case xml.ProcInst:
			if depth > 0 || roots > 0 {
				return fmt.Errorf("<?%s in the middle", t.Target)
			}
		case xml.Directive:
			return fmt.Errorf("<!%s", t)
		}
	}
	if roots != 1 {
		return fmt.Errorf("%d roots", roots)
	}
	return nil
}

// event is a calendar object with these lines in its VEVENT.
func event(uid string, lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\n" +
		strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

const caldavNS = `xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"`

// query is a calendar-query for events in a window, with data as the content of calendar-data.
func query(from, to, data string) string {
	return `<c:calendar-query ` + caldavNS + `><d:prop><d:getetag/><c:calendar-data>` + data + `</c:calendar-data></d:prop><c:filter>` +
		`<c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="` + from + `" end="` + to + `"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
}

func expand(from, to string) string { return `<c:expand start="` + from + `" end="` + to + `"/>` }

func busyBody(from, to string) string {
	return `<c:free-busy-query ` + caldavNS + `><c:time-range start="` + from + `" end="` + to + `"/></c:free-busy-query>`
}

func syncBody(token string) string {
	return `<d:sync-collection ` + caldavNS + `><d:sync-token>` + token + `</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`
}

func propfindBody(props string) string {
	return `<d:propfind ` + caldavNS + `><d:prop>` + props + `</d:prop></d:propfind>`
}
