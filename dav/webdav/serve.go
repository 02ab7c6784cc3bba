package webdav

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"caldav-fcgi/store"
)

// ServeHTTP answers one DAV request; r.URL is below the base path already.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	login := LoginFrom(r.Context())
	spool := NewSpool(w, s.opt.SpoolDir)
	done := false
	defer func() {
		if !done {
			spool.Abandon()
		}
	}()
	path, err := ParsePath(r.URL.EscapedPath())
	rq := &Request{Method: r.Method, Base: login.Base, Login: login}
	if err == nil {
		rq, err = s.Do(r.Context(), login, Call{Method: r.Method, Host: r.Host, Path: path, Query: r.URL.Query(), Header: r.Header, Body: r.Body, Length: r.ContentLength}, spool)
	}
	status := spool.status
	cut := false
	var o outcome
	if err != nil {
		o = outcomeOf(err)
		if o.own && r.Context().Err() != nil { // whatever else failed in its wake
			o = outcomeOf(r.Context().Err())
		}
		switch {
		case !spool.Started() || spool.Restart():
			s.refuse(rq, spool, o)
			status = o.status
		case o.cond == ErrMatchesWithinLimits && status == http.StatusMultiStatus:
			s.truncate(rq, spool)
		default:
			cut = true
		}
	}
	s.log(rq, status, o, err, began)
	if errors.Is(err, store.ErrIncompatible) || errors.Is(err, store.ErrReplaced) {
		s.opt.GiveUp(err)
	}
	done = true
	spool.Finish(cut)
}

// refuse answers with an error: the condition as DAV:error where an RFC names one, else a sentence.
func (s *Server) refuse(rq *Request, out Answer, o outcome) {
	h := http.Header{}
	for k, v := range o.header {
		h[k] = v
	}
	if o.status == http.StatusNotModified || o.status == http.StatusNoContent {
		out.Start(o.status, h)
		return
	}
	if o.cond == nil {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		out.Start(o.status, h)
		out.Write([]byte(o.text + "\n"))
		return
	}
	h.Set("Content-Type", "application/xml; charset=utf-8")
	w := newWriter(rq.Base, nil)
	o.write(w, true)
	out.Start(o.status, h)
	out.Write(w.buf)
}

// truncate ends a 207 whose beginning has left, as RFC 6578 §3.6 and RFC 6352 §8.6.2 do: what was handed on are whole
// responses, and 507 on the request-URI says that there are more.
func (s *Server) truncate(rq *Request, out Answer) {
	w := newWriter(rq.Base, nil)
	w.StatusResponse(rq.Target, http.StatusInsufficientStorage, ErrMatchesWithinLimits)
	w.Raw("</d:multistatus>")
	out.Write(w.buf)
}

// log writes one line a request. The path is the client's; slog quotes what needs it.
func (s *Server) log(rq *Request, status int, o outcome, err error, began time.Time) {
	level := slog.LevelInfo
	attrs := []slog.Attr{slog.String("method", rq.Method), slog.String("path", rq.Target.String()), slog.Int("status", status),
		slog.Int("statements", rq.statements), slog.Duration("took", time.Since(began).Round(10*time.Microsecond)), slog.String("who", rq.Login.User), slog.String("id", rq.Login.ID)}
	if rq.Body != nil && strings.EqualFold(rq.Method, "REPORT") {
		attrs = append(attrs, slog.String("report", rq.Body.Tag))
	}
	if o.cond != nil {
		attrs = append(attrs, slog.String("condition", o.cond.Name.Local))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
		if o.own {
			level = slog.LevelError
		}
	}
	s.opt.Log.LogAttrs(context.Background(), level, "request", attrs...)
}
