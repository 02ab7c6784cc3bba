package caldav

import (
	"runtime"
	"testing"
	"time"
)

// The clock of a report counts what its thread does, and what is done in turn is counted once.
func TestSpending_CountsWork(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := threadTime()
	n := 0
	for ; threadTime() < began+2*time.Millisecond; n++ {
		if n > 1e8 {
			t.Fatal("the processor time of the thread stands still")
		}
	}
	s := &spending{clock: counter()}
	outer := s.work() // reads 1 ms
	inner := s.work()
	inner()
	if got := s.elapsed(); got != time.Millisecond {
		t.Errorf("while it works: %v", got)
	}
	outer() // 3 ms
	if got := s.elapsed(); got != 2*time.Millisecond {
		t.Errorf("after it: %v", got)
	}
	s.work()()
	if got := s.elapsed(); got != 3*time.Millisecond {
		t.Errorf("after more: %v", got)
	}
}
