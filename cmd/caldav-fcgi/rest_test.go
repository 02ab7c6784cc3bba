package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestRest_OnceForEachQuietTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		times := 0
		r := newRest(http.NotFoundHandler(), func() { times++ })
		after := func(d time.Duration, want int) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if times != want {
				t.Fatalf("memory was given back %d times, want %d", times, want)
			}
		}
		ask := func() { r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) }
		for range 5 { // never quiet for long enough
			ask()
			after(restAfter-time.Millisecond, 0)
		}
		after(2*time.Millisecond, 1)
		after(time.Hour, 1)
		ask()
		after(restAfter+time.Millisecond, 2)
		after(time.Hour, 2)
	})
}
