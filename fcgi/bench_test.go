package fcgi

import (
	"net/http"
	"strings"
	"testing"

	"caldav-fcgi/fcgi/fcgitest"
)

// BenchmarkAnswer is a 2 kB answer over a kept unix connection, by our layer and by net/http/fcgi.
func BenchmarkAnswer(b *testing.B) {
	text := strings.Repeat("0123456789abcde\n", 128)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		w.Write([]byte(text))
	})
	request := requestBytes(1, true, "", fcgitest.Request("GET", "/dav/calendars/ann/calendar/x.ics",
		"HTTP_USER_AGENT", "bench", "HTTP_ACCEPT", "*/*", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "CALDAV_BASE", "/dav"))
	for name, srv := range map[string]front{"ours": &Server{Handler: h, ErrorLog: quiet()}, "std": &StdServer{Handler: h, ErrorLog: quiet()}} {
		path := serveOn(b, srv)
		b.Run(name, func(b *testing.B) {
			c := dial(b, path)
			for b.Loop() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				for {
					r, err := c.ReadRecord()
					if err != nil {
						b.Fatal(err)
					}
					if r.Type == fcgitest.End {
						break
					}
				}
			}
		})
	}
}
