package caldav

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
)

// spending is what is left of what one report may cost.
type spending struct {
	recur.Budget
	octets int64 // of instances, expanded
	object int64 // of those, what one object may take

	clock  func() time.Duration // processor time of the thread
	worked time.Duration        // until work was begun last
	began  time.Duration        // that, by clock
	busy   int                  // how often work was begun and has not ended

	rows, series, texts int // looked at
}

// budgeted gives a report its budget.
func budgeted[R webdav.Resource](opt Options, report func(*webdav.Request, R) (webdav.Response, error)) func(*webdav.Request, R) (webdav.Response, error) {
	return func(rq *webdav.Request, on R) (webdav.Response, error) {
		s := opt.spending(rq)
		if rq.Own = s; opt.seen != nil {
			opt.seen(s)
		}
		return report(rq, on)
	}
}

func (o Options) spending(rq *webdav.Request) *spending {
	s := &spending{octets: o.MaxExpanded, object: min(o.MaxExpanded/100*o.ObjectShare, maxExpandedObject), clock: o.Clock}
	s.Budget = recur.Budget{Steps: o.MaxSteps, Instances: o.MaxInstances, Time: o.MaxTime, Share: o.ObjectShare, Clock: s.elapsed,
		Stop: func() error { return context.Cause(rq.Context()) }}
	return s
}

// spendingOf is what all recurrences of one request share. Reports of other packages have the default.
func spendingOf(rq *webdav.Request) *spending {
	s, ok := rq.Own.(*spending)
	if !ok {
		s = Options{}.withDefaults().spending(rq)
		rq.Own = s
	}
	return s
}

// work counts the time until the function that it returns is called: on one thread, whose processor time tells what the
// clock on the wall does not on a busy machine.
func (s *spending) work() (end func()) {
	if s.busy++; s.busy == 1 {
		runtime.LockOSThread()
		s.began = s.clock()
	}
	return func() {
		if s.busy--; s.busy == 0 {
			s.worked += s.clock() - s.began
			runtime.UnlockOSThread()
		}
	}
}

// elapsed is the time worked so far.
func (s *spending) elapsed() time.Duration {
	if s.busy == 0 {
		return s.worked
	}
	return s.worked + s.clock() - s.began
}

// threadTime is the processor time of the thread that asks.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0 // there are steps to count
	}
	return time.Duration(t.Nano())
}

// failed is what becomes of a report when an object of it fails: it fails too where its limits are reached or nobody waits
// for it any more. Else the object is left out.
func failed(rq *webdav.Request, o *Object, err error) error {
	switch {
	case err == nil:
		return nil
	case rq.Context().Err() != nil:
		return context.Cause(rq.Context())
	case errors.Is(err, recur.ErrBudget):
		return overBudget(o)
	}
	unreadable(rq, o, err)
	return nil
}

// overBudget: RFC 4791 §7.8. The object is named, since one alone can do it.
func overBudget(o *Object) error {
	return webdav.ErrMatchesWithinLimits.With("the recurrences asked for are too many; they ran out at %q", o.Row.Name)
}

// overBudgetAt is overBudget for an object of which only the row is known.
func overBudgetAt(rq *webdav.Request, c *Calendar, id int64) error {
	for row, err := range rq.Tx.ObjectsByID(c.Data.ID, 0, []int64{id}) {
		if err != nil {
			return err
		}
		if o, err := c.object(rq, row); err != nil {
			return err
		} else if o != nil && o.view == privilege.Full && rq.May(o, privilege.Read) {
			return overBudget(o)
		}
	}
	return webdav.ErrMatchesWithinLimits.With("the recurrences asked for are too many")
}

// unreadable logs a stored object that a report has to leave out.
func unreadable(rq *webdav.Request, o *Object, err error) {
	rq.Log.Warn("stored object left out of a report", slog.Int64("collection", o.Row.Collection), slog.String("object", o.Row.Name), slog.String("error", err.Error()))
}
