package fcgi

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// NewPlain returns a plain HTTP server, for trying out and behind a reverse proxy. Its Serve and Shutdown are those of
// the other servers.
func NewPlain(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           plainTarget(h),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(orDefault(log).Handler(), slog.LevelWarn),
	}
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
