package davtest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"caldav-fcgi/dav/webdav"
)

// Client holds one side of a dialogue.
type Client interface {
	// Do makes one exchange as a named user, "" for nobody, "ann:secret" with a password of its own. It follows no redirect.
	Do(user string, r *http.Request) (*http.Response, error)
	Origin() string // "http://localhost"
	Base() string   // the base path, "" or "/dav"
	Has(feature string) bool
}

// Handler is a client of a handler in the same process, which finds the user in the context as behind a front.
type Handler struct {
	Handler  http.Handler
	BasePath string
	Claims   func(user string) map[string]string // nil: none
}

// handlerHost is what the requests of a Handler are addressed to.
const handlerHost = "cal.example.com"

func (h *Handler) Origin() string { return "http://" + handlerHost }

func (h *Handler) Base() string { return h.BasePath }

// Has says no to "login": a handler is told who asks.
func (h *Handler) Has(feature string) bool { return feature != "login" }

func (h *Handler) Do(user string, r *http.Request) (*http.Response, error) {
	name, _, _ := strings.Cut(user, ":")
	login := webdav.Login{User: name, Base: h.BasePath, Realm: "calendar", ID: "dialogue"}
	if h.Claims != nil && name != "" {
		login.Claims = h.Claims(name)
	}
	r = r.WithContext(webdav.WithLogin(r.Context(), login))
	r.RequestURI, r.RemoteAddr = r.URL.RequestURI(), "127.0.0.1:1"
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	h.Handler.ServeHTTP(w, r)
	answer := w.Result()
	if r.Method == http.MethodHead || answer.StatusCode == http.StatusNoContent || answer.StatusCode == http.StatusNotModified {
		answer.Body = http.NoBody // as net/http's server does
	}
	answer.Request = r
	return answer, nil
}

// Site is a client of a running server with Basic login.
type Site struct {
	URL       string            // of the service: "http://127.0.0.1:8080/dav"
	Passwords map[string]string // by user; a user who is not in it has the name as password
	Features  []string          // beyond "login": "encoded-slash", "host-root"
	HTTP      *http.Client      // nil: one that keeps connections alive
}

// siteTimeout bounds one exchange.
const siteTimeout = 30 * time.Second

// NewSite is a Site with one client, so that its connections are shared by all users as behind a proxy.
func NewSite(url string, passwords map[string]string) *Site {
	return &Site{URL: strings.TrimSuffix(url, "/"), Passwords: passwords, HTTP: &http.Client{
		Timeout:       siteTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableCompression: true, ExpectContinueTimeout: 2 * time.Second, MaxIdleConnsPerHost: 4},
	}}
}

func (s *Site) Origin() string { return s.URL[:len(s.URL)-len(s.Base())] }

func (s *Site) Base() string {
	_, rest, _ := strings.Cut(s.URL, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

func (s *Site) Has(feature string) bool {
	if feature == "login" {
		return true
	}
	for _, f := range s.Features {
		if f == feature {
			return true
		}
	}
	return false
}

func (s *Site) Do(user string, r *http.Request) (*http.Response, error) {
	if user != "" && r.Header.Get("Authorization") == "" {
		name, password, given := strings.Cut(user, ":")
		if !given {
			password = name
			if p, ok := s.Passwords[name]; ok {
				password = p
			}
		}
		r.SetBasicAuth(name, password)
	}
	return s.HTTP.Do(r)
}

// unsized hides the length of a body from net/http, which then sends it in chunks.
type unsized struct{ io.Reader }
