package fcgi

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// NewPlain returns a plain HTTP server, for trying out and behind a reverse proxy. Its Serve and Shutdown are those of
// the other servers.
func NewPlain(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           drainBody(plainTarget(h)),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(orDefault(log).Handler(), slog.LevelWarn),
	}
}

// drainBody reads what the handler left of the body. net/http gives up after 256 kB and closes the connection, and Apache's
// mod_proxy_http, which is still sending, then answers 502 in place of what we say. A client that waits to be told to send
// (Expect) need not.
func drainBody(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if r.Body == http.NoBody || r.Header.Get("Expect") != "" {
			return
		}
		if http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime)) == nil {
			_, _ = io.CopyN(io.Discard, r.Body, drainBytes)
		}
	})
}

// plainTarget brings a request target in absolute form, which RFC 9112 §3.2.2 makes a server take, into the one that
// comes by FastCGI.
func plainTarget(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			writeError(w, http.StatusMethodNotAllowed, "")
			return
		}
		if r.URL.Host != "" || r.URL.Scheme != "" {
			path, _, err := originForm(r.RequestURI)
			if err != nil {
				writeError(w, http.StatusBadRequest, "")
				return
			}
			u, err := url.ParseRequestURI(path)
			if err != nil {
				writeError(w, http.StatusBadRequest, "")
				return
			}
			clone := *r
			clone.URL, clone.RequestURI = u, path
			r = &clone
		}
		h.ServeHTTP(w, r)
	})
}
