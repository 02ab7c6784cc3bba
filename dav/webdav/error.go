package webdav

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"caldav-fcgi/store"
)

// Error is a refusal that no RFC gives a condition for: a status and a sentence.
type Error struct {
	Status int
	Header http.Header
	Text   string
}

func (e *Error) Error() string { return e.Text }

// BadRequest is a 400 with a sentence that says what is wrong.
func BadRequest(format string, a ...any) error {
	return &Error{Status: http.StatusBadRequest, Text: fmt.Sprintf(format, a...)}
}

// Forbidden is a 403 for what no condition names.
func Forbidden(format string, a ...any) error {
	return &Error{Status: http.StatusForbidden, Text: fmt.Sprintf(format, a...)}
}

// ErrNoValue is a live property's way to say that this resource does not have it.
var ErrNoValue = errors.New("no such property here")

// ErrStale is a Container's way to say that Prepare judged by a configuration that has changed since.
var ErrStale = errors.New("prepared for another configuration")

// Condition is a precondition or postcondition of an RFC: error value, element and status in one.
type Condition struct {
	Name   Name
	Status int
}

func (c *Condition) Error() string { return c.Name.Local }

// violation is a Condition with what is known of the case.
type violation struct {
	*Condition
	text    string
	paths   []Path
	content func(*Writer)
}

func (v *violation) Unwrap() error { return v.Condition }

func (v *violation) Error() string {
	if v.text == "" {
		return v.Condition.Error()
	}
	return v.Condition.Error() + ": " + v.text
}

// With adds a sentence for the person who reads the answer or the log.
func (c *Condition) With(format string, a ...any) error {
	return &violation{Condition: c, text: fmt.Sprintf(format, a...)}
}

// At adds the hrefs that the condition's element holds.
func (c *Condition) At(paths ...Path) error { return &violation{Condition: c, paths: paths} }

// Holding adds the content of the condition's element.
func (c *Condition) Holding(content func(*Writer)) error {
	return &violation{Condition: c, content: content}
}

// outcome is how an error looks from outside.
type outcome struct {
	status int
	header http.Header
	cond   *Condition
	detail *violation
	text   string // shown to the client when there is no condition
	own    bool   // a fault of ours: logged as an error
}

// outcomeOf is the one mapping from errors to statuses.
func outcomeOf(err error) outcome {
	var v *violation
	var c *Condition
	var e *Error
	switch {
	case errors.As(err, &v):
		return outcome{status: v.Status, cond: v.Condition, detail: v}
	case errors.As(err, &c):
		return outcome{status: c.Status, cond: c}
	case errors.As(err, &e):
		return outcome{status: e.Status, header: e.Header, text: e.Text}
	case errors.Is(err, store.ErrNotFound):
		return outcome{status: http.StatusNotFound, text: "there is nothing at this address"}
	case errors.Is(err, store.ErrTokenUnknown):
		return outcome{status: ErrValidSyncToken.Status, cond: ErrValidSyncToken}
	case errors.Is(err, store.ErrExists):
		return outcome{status: http.StatusConflict, text: "something of that name is there already"}
	case errors.Is(err, store.ErrBadName):
		return outcome{status: http.StatusForbidden, text: "the name is empty, too long or not text"}
	case errors.Is(err, store.ErrBusy), errors.Is(err, store.ErrIncompatible), errors.Is(err, store.ErrReplaced), errors.Is(err, store.ErrClosed):
		return outcome{status: http.StatusServiceUnavailable, header: http.Header{"Retry-After": {"5"}}, text: "the database is busy or being replaced; try again in a few seconds"}
	case errors.Is(err, ErrStale):
		return outcome{status: http.StatusServiceUnavailable, header: http.Header{"Retry-After": {"1"}}, text: "the collection was being changed by others all the while; try again"}
	case errors.Is(err, store.ErrQuota):
		full := &violation{Condition: ErrQuotaNotExceeded, text: "this account may hold no more: delete something, or ask for a larger quota"}
		return outcome{status: full.Status, cond: full.Condition, detail: full}
	case errors.Is(err, store.ErrFull):
		return outcome{status: http.StatusInsufficientStorage, cond: ErrSufficientDiskSpace, own: true}
	case errors.Is(err, errClientGone), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return outcome{status: http.StatusServiceUnavailable, text: "the request took too long or was given up"}
	}
	return outcome{status: http.StatusInternalServerError, text: "a fault of this server; its log has the details under this request's id", own: true}
}

// write writes DAV:error with exactly one condition (RFC 4918 §16). The sentence is the condition's text where it
// has no other content: a second element beside it would be a second condition to a client. Within a 207 it stands
// in DAV:responsedescription instead.
func (o outcome) write(w *Writer, root bool) {
	name := DAV("error")
	if root {
		w.Document(name)
	} else {
		w.Open(name)
	}
	w.Open(o.cond.Name)
	if v := o.detail; v != nil {
		for _, p := range v.paths {
			w.Href(p)
		}
		if v.content != nil {
			v.content(w)
		}
		if root && len(v.paths) == 0 && v.content == nil {
			w.Text(v.text)
		}
	}
	w.Close()
	w.Close()
}
