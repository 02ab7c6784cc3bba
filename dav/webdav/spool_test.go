package webdav

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// slow is a client that takes nothing until it is told to.
type slow struct {
	*httptest.ResponseRecorder
	take chan struct{}
	fail error
}

func (s *slow) Write(p []byte) (int, error) {
	<-s.take
	if s.fail != nil {
		return 0, s.fail
	}
	return s.ResponseRecorder.Write(p)
}

func long() []byte { return bytes.Repeat([]byte("0123456789abcdef"), spoolMemory/16) }

func noFiles(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the spool's folder: %v, %v", left, err)
	}
}

func TestSpool_WriterNeverWaitsForTheClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	client := &slow{ResponseRecorder: httptest.NewRecorder(), take: make(chan struct{})}
	s := NewSpool(client, dir)
	s.Start(http.StatusOK, nil)
	for range 8 {
		if _, err := s.Write(long()); err != nil {
			t.Fatal(err)
		}
	}
	noFiles(t, dir) // it has no name from the beginning: a killed process leaves none
	close(client.take)
	s.Finish(false)
	if got := client.Body.Bytes(); !bytes.Equal(got, bytes.Repeat(long(), 8)) {
		t.Errorf("%d octets came, want %d", len(got), 8*spoolMemory)
	}
}

func TestSpool_ClientThatIsGoneIsNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	client := &slow{ResponseRecorder: httptest.NewRecorder(), take: make(chan struct{}), fail: errors.New("broken pipe")}
	close(client.take)
	s := NewSpool(client, t.TempDir())
	s.Start(http.StatusOK, nil)
	var err error
	for err == nil {
		_, err = s.Write(long())
	}
	if o := outcomeOf(err); o.own {
		t.Errorf("%v is logged as a fault of ours", err)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("Finish ended with %v", v)
		}
	}()
	s.Finish(true)
}

func TestSpool_AbandonEndsTheCopierAndSendsNoMore(t *testing.T) {
	t.Parallel()
	client := &slow{ResponseRecorder: httptest.NewRecorder(), take: make(chan struct{})}
	s := NewSpool(client, t.TempDir())
	s.Start(http.StatusOK, nil)
	for range 3 {
		s.Write(long())
	}
	go close(client.take)
	s.Abandon()
	select {
	case <-s.done:
	default:
		t.Error("the copier still runs")
	}
	if _, err := s.file.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is still open: %v", err)
	}
}

func TestSpool_IsBounded(t *testing.T) {
	t.Parallel()
	s := NewSpool(httptest.NewRecorder(), t.TempDir())
	s.max = 3 * spoolMemory
	s.Start(http.StatusOK, nil)
	var err error
	for range 5 {
		if _, err = s.Write(long()); err != nil {
			break
		}
	}
	if !errors.Is(err, errSpoolFull) {
		t.Errorf("got %v", err)
	}
	s.Abandon()
}

func TestSpool_RestartTakesBackOnlyWhatHasNotLeft(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	s := NewSpool(w, t.TempDir())
	s.Start(http.StatusMultiStatus, http.Header{"Etag": {`"x"`}})
	s.Write([]byte("half an answer"))
	if !s.Restart() {
		t.Fatal("nothing has left")
	}
	s.Start(http.StatusForbidden, nil)
	s.Write([]byte("no"))
	s.Finish(false)
	if w.Code != http.StatusForbidden || w.Body.String() != "no" || w.Header().Get("ETag") != "" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
	s = NewSpool(httptest.NewRecorder(), t.TempDir())
	s.Start(http.StatusOK, nil)
	s.Write([]byte(strings.Repeat("x", spoolMemory+1)))
	if s.Restart() {
		t.Error("the head has left")
	}
	s.Finish(false)
}
