package fcgi

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// CGI is what a CGI program is started with.
type CGI struct {
	Environ  []string // as os.Environ gives it
	Stdin    io.Reader
	Stdout   io.Writer
	ErrorLog *slog.Logger // slog.Default() when nil
}

// cgiDrain bounds what is read of a body that the handler did not want.
const cgiDrain = 256 << 20

// Serve answers the one request with h. An error means that no whole answer was written.
func (c CGI) Serve(ctx context.Context, h http.Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	env := make(map[string]string, len(c.Environ))
	for _, v := range c.Environ {
		if name, value, ok := strings.Cut(v, "="); ok {
			env[name] = value
		}
	}
	sink := &cgiSink{out: c.Stdout}
	r, err := newRequest(ctx, env)
	if err != nil {
		orDefault(c.ErrorLog).Warn("request refused", "error", err)
		w := newResponse(sink, http.MethodGet, nil)
		writeError(w, http.StatusBadRequest, "")
		return w.finish()
	}
	switch {
	case r.ContentLength > 0:
		sink.in = &exactBody{r: c.Stdin, left: r.ContentLength}
	case r.ContentLength == -1:
		// Apache passes a chunked body without CONTENT_LENGTH: it goes to the end of the input.
		sink.in = c.Stdin
	default:
		// RFC 3875 §4.2: without CONTENT_LENGTH there is no body, and the input need not end.
		r.ContentLength = 0
	}
	if sink.in != nil {
		r.Body = io.NopCloser(sink.in)
	}
	w := newResponse(sink, r.Method, nil)
	if err := run(h, w, r, orDefault(c.ErrorLog)); err != nil {
		return fmt.Errorf("answer %s %s: %w", r.Method, r.RequestURI, err)
	}
	return w.finish()
}

// cgiSink writes a CGI answer, RFC 3875 §6. It takes in all of the request first: a client of Apache got an empty reply
// when the program answered without reading.
type cgiSink struct {
	in  io.Reader
	out io.Writer
}

func (o *cgiSink) send(code int, header http.Header, p []byte, _ bool) error {
	if code != 0 {
		if o.in != nil {
			_, _ = io.CopyN(io.Discard, o.in, cgiDrain) // the answer stands, whatever came
		}
		p = append(cgiHeader(code, header), p...)
	}
	_, err := o.out.Write(p)
	return err
}

func (o *cgiSink) setReadDeadline(time.Time) error  { return http.ErrNotSupported }
func (o *cgiSink) setWriteDeadline(time.Time) error { return http.ErrNotSupported }
