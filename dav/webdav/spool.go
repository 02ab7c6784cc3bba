package webdav

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
)

// Spool holds an answer until the client has it, so that no transaction waits for a client: the first octets in
// memory, the rest in an unlinked temporary file, both bounded. An answer that outgrows the memory is sent while it
// is still being written, by one goroutine that Finish waits for.
type Spool struct {
	w   http.ResponseWriter
	dir string
	max int64

	status  int
	header  http.Header
	mem     []byte
	file    *os.File
	started bool

	mu    sync.Mutex
	more  *sync.Cond // written, end or failed has changed
	size  int64      // octets written so far
	end   bool
	given bool  // up: what is written is not sent
	fail  error // of the client's side: writing further is of no use
	done  chan struct{}
}

const (
	spoolMemory = 256 << 10
	// SpoolMax is the size at which an answer is given up.
	SpoolMax = 2 << 30
)

var (
	errSpoolFull = errors.New("answer larger than the spool may grow")
	// errClientGone is what writing fails with once the client takes no more: no fault of ours.
	errClientGone = errors.New("the client has gone away")
)

// NewSpool returns a spool that answers by w; dir takes its temporary file.
func NewSpool(w http.ResponseWriter, dir string) *Spool {
	s := &Spool{w: w, dir: dir, max: SpoolMax}
	s.more = sync.NewCond(&s.mu)
	return s
}

// Start sets status and header; the body follows by Write.
func (s *Spool) Start(status int, h http.Header) {
	if h == nil {
		h = http.Header{}
	}
	s.status, s.header = status, h
}

// Started says whether Start was called: from then on an error can't change the answer any more.
func (s *Spool) Started() bool { return s.status != 0 }

// Restart takes back a Start whose octets have not left yet; false when they have.
func (s *Spool) Restart() bool {
	if s.started {
		return false
	}
	s.status, s.header, s.mem, s.size = 0, nil, nil, 0
	return true
}

func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.mem)+len(p) <= spoolMemory {
		if s.mem == nil && len(p) >= flushAt { // more will come: all there may be, rather than twice as much each time
			s.mem = make([]byte, 0, spoolMemory)
		}
		s.mem = append(s.mem, p...)
		s.size += int64(len(p))
		return len(p), nil
	}
	if s.file == nil {
		if err := s.overflow(); err != nil {
			return 0, err
		}
	}
	if s.size+int64(len(p)) > s.max {
		return 0, errSpoolFull
	}
	n, err := s.file.WriteAt(p, s.size-int64(len(s.mem)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size += int64(n)
	s.more.Signal()
	if s.fail != nil {
		return n, s.fail
	}
	return n, err
}

// overflow opens the file and starts the copier.
func (s *Spool) overflow() error {
	f, err := os.CreateTemp(s.dir, ".spool-*")
	if err != nil {
		return fmt.Errorf("spool the answer: %w", err)
	}
	os.Remove(f.Name())
	s.file, s.started, s.done = f, true, make(chan struct{})
	s.head()
	go s.copy()
	return nil
}

func (s *Spool) head() {
	h := s.w.Header()
	for k, v := range s.header {
		h[k] = v
	}
	s.w.WriteHeader(s.status)
}

func (s *Spool) copy() {
	defer close(s.done)
	_, err := s.w.Write(s.mem)
	at := int64(len(s.mem))
	buf := make([]byte, 64<<10)
	for err == nil {
		s.mu.Lock()
		for s.size == at && !s.end {
			s.more.Wait()
		}
		size := s.size
		given := s.given
		s.mu.Unlock()
		if size == at || given {
			return
		}
		for at < size && err == nil {
			n, rerr := s.file.ReadAt(buf[:min(int64(len(buf)), size-at)], at-int64(len(s.mem)))
			if n == 0 && rerr != nil {
				err = rerr
				break
			}
			_, err = s.w.Write(buf[:n])
			at += int64(n)
		}
	}
	s.mu.Lock()
	s.fail = fmt.Errorf("%w: %w", errClientGone, err)
	s.mu.Unlock()
}

// Finish sends what is left. With cut, the answer is broken off, so that the client sees an error and not a short
// success.
func (s *Spool) Finish(cut bool) {
	if s.file == nil {
		if s.Started() {
			s.started = true
			if s.header.Get("Content-Length") == "" && s.status != http.StatusNoContent && s.status != http.StatusNotModified {
				s.header.Set("Content-Length", strconv.Itoa(len(s.mem)))
			}
			s.head()
			s.w.Write(s.mem)
		}
		return
	}
	s.close()
	if cut || s.fail != nil {
		panic(http.ErrAbortHandler)
	}
}

// Abandon gives everything back when a panic keeps Finish from being called. Nothing more is sent.
func (s *Spool) Abandon() {
	if s.file == nil {
		return
	}
	s.mu.Lock()
	s.given = true
	s.mu.Unlock()
	s.close()
}

// close waits for the copier, then closes the file.
func (s *Spool) close() {
	s.mu.Lock()
	s.end = true
	s.more.Signal()
	s.mu.Unlock()
	<-s.done
	s.file.Close()
}
