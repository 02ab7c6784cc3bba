package webdav

import (
	"net/http"
	"testing"
	"time"
)

func TestTimeout(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	for in, want := range map[string]time.Duration{
		"": time.Hour, "Second-10": 10 * time.Second, "second-10": 10 * time.Second, "Infinite": week, "Infinite, Second-4100000000": week,
		"Second-4100000000": week, "Second-99999999999999999999": week, "Second-0": time.Hour, "Second--1": time.Hour, "Second-": time.Hour,
		"Extend, Second-20": 20 * time.Second, "Second-30, Infinite": 30 * time.Second, "x": time.Hour, "Second-1x": time.Hour, " Second-5 ,x": 5 * time.Second,
	} {
		if got := timeout(http.Header{"Timeout": {in}}); got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}
