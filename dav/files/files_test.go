package files_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"caldav-fcgi/dav/files"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// server is the engine with this package's tables over a database of its own.
type server struct {
	t      testing.TB
	engine *webdav.Server
	db     *store.DB
}

func newServer(t testing.TB, opt files.Options, dbOpt store.Options) *server {
	t.Helper()
	return serverOver(t, storetest.OpenAt(t, storetest.Path(t), dbOpt), opt)
}

func serverOver(t testing.TB, db *store.DB, opt files.Options) *server {
	t.Helper()
	engine, err := webdav.New(db, webdav.Options{SpoolDir: t.TempDir()}, principal.Module(), files.Module(db, opt))
	if err != nil {
		t.Fatal(err)
	}
	return &server{t, engine, db}
}

// request is ann's; headers are "Name: value".
func request(method, path string, body io.Reader, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, body)
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Add(k, v)
	}
	return r.WithContext(webdav.WithLogin(r.Context(), webdav.Login{User: "ann"}))
}

func (s *server) do(method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, request(method, path, body, headers...))
	return w
}

// want fails the test when the status is another.
func (s *server) want(status int, method, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.do(method, path, body, headers...)
	if w.Code != status {
		s.t.Fatalf("%s %s: got status %d, want %d: %.500s", method, path, w.Code, status, w.Body)
	}
	return w
}

// sound checks the database after the jobs that are due have run.
func (s *server) sound() {
	s.t.Helper()
	for {
		j, err := s.db.ClaimJob(s.t.Context(), "purge", "content")
		if err != nil {
			break
		}
		var id int64
		if _, err := fmt.Sscan(j.Key, &id); err != nil {
			s.t.Fatal(err)
		}
		for more := true; more; {
			err := s.db.Update(s.t.Context(), func(tx *store.Tx) (err error) {
				if j.Kind == "content" {
					more, err = tx.PurgeContent(id, 100)
				} else {
					more, err = tx.PurgeCollection(id, 100)
				}
				if err == nil && !more {
					err = tx.FinishJob(j, "")
				}
				return err
			})
			if err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if problems, err := s.db.Check(s.t.Context()); err != nil || problems != nil {
		s.t.Errorf("check: %v, %v", problems, err)
	}
}

// pattern is a stream of n octets that is never in memory as a whole; it also checks one.
type pattern struct {
	at, n int64
	wrong bool
}

func octet(at int64) byte { return byte(at*7 + at>>8 + at>>16) }

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.n {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), p.n-p.at)]
	for i := range b {
		b[i] = octet(p.at + int64(i))
	}
	p.at += int64(len(b))
	return len(b), nil
}

func (p *pattern) Write(b []byte) (int, error) {
	for i := range b {
		p.wrong = p.wrong || b[i] != octet(p.at+int64(i))
	}
	p.at += int64(len(b))
	return len(b), nil
}

// sinkWriter is a client that keeps nothing.
type sinkWriter struct {
	pattern
	header http.Header
	status int
}

func (w *sinkWriter) Header() http.Header    { return w.header }
func (w *sinkWriter) WriteHeader(status int) { w.status = status }

// A file of 100 MB passes through in both directions in the memory of a few rows. Not parallel: it looks at the whole
// process's memory.
func TestLargeFile_MemoryStaysFlat(t *testing.T) {
	size := int64(100 << 20)
	if testing.Short() {
		size = 24 << 20
	}
	const flat = 16 << 20 // rows of 256 KB, 4 MB of them at a time, and what the collector has not come to yet
	s := newServer(t, files.Options{}, store.Options{})
	s.want(201, "PUT", "/files/ann/warm", &pattern{n: 2 << 20})
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.want(201, "PUT", "/files/ann/large", &pattern{n: size})
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys - before.HeapSys); grown > flat {
		t.Errorf("PUT of %d octets: the heap grew by %d", size, grown)
	}
	get := &sinkWriter{header: http.Header{}}
	s.engine.ServeHTTP(get, request("GET", "/files/ann/large", nil))
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapSys - before.HeapSys); grown > flat {
		t.Errorf("GET of %d octets: the heap grew by %d", size, grown)
	}
	if get.status != 200 || get.at != size || get.wrong || get.header.Get("Content-Length") != fmt.Sprint(size) {
		t.Errorf("GET: status %d, %d octets, wrong %v, %v", get.status, get.at, get.wrong, get.header)
	}
}

func TestLargeFile_RangesAndHead(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	const size = 3*store.ChunkSize + 100
	etag := s.want(201, "PUT", "/files/ann/f", &pattern{n: size}, "Content-Type: video/mp4").Header().Get("ETag")
	head := s.want(200, "HEAD", "/files/ann/f", nil)
	if h := head.Header(); head.Body.Len() != 0 || h.Get("Content-Length") != fmt.Sprint(size) || h.Get("ETag") != etag || h.Get("Content-Type") != "video/mp4" || h.Get("Accept-Ranges") != "bytes" {
		t.Errorf("HEAD: %d octets, %v", head.Body.Len(), h)
	}
	for _, c := range []struct {
		header       string
		from, length int64
	}{
		{"bytes=0-9", 0, 10},
		{fmt.Sprintf("bytes=%d-%d", store.ChunkSize-5, store.ChunkSize+4), store.ChunkSize - 5, 10},
		{fmt.Sprintf("bytes=%d-", store.ChunkSize), store.ChunkSize, size - store.ChunkSize},
		{"bytes=-100", size - 100, 100},
	} {
		w := s.want(206, "GET", "/files/ann/f", nil, "Range: "+c.header)
		check := pattern{at: c.from}
		check.Write(w.Body.Bytes())
		if check.wrong || int64(w.Body.Len()) != c.length || w.Header().Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", c.from, c.from+c.length-1, size) {
			t.Errorf("%s: %d octets, wrong %v, %v", c.header, w.Body.Len(), check.wrong, w.Header())
		}
	}
	s.want(416, "GET", "/files/ann/f", nil, fmt.Sprintf("Range: bytes=%d-", size))
	s.want(200, "GET", "/files/ann/f", nil, "Range: bytes=0-1,3-4")
	s.want(200, "GET", "/files/ann/f", nil, "Range: bytes=0-1", `If-Range: "other"`)
	s.want(206, "GET", "/files/ann/f", nil, "Range: bytes=0-1", "If-Range: "+etag)
	s.want(304, "GET", "/files/ann/f", nil, "Range: bytes=0-1", "If-None-Match: "+etag)
}

func TestPut_TooLarge(t *testing.T) {
	t.Parallel()
	for _, max := range []int64{10, store.ChunkSize, 5 * store.ChunkSize} {
		s := newServer(t, files.Options{MaxFile: max}, store.Options{})
		s.want(201, "PUT", "/files/ann/fits", &pattern{n: max})
		w := s.want(413, "PUT", "/files/ann/f", &pattern{n: max + 1}) // no Content-Length
		if !strings.Contains(w.Body.String(), fmt.Sprint(max)) {
			t.Errorf("the answer names no limit: %s", w.Body)
		}
		s.want(413, "PUT", "/files/ann/f", bytes.NewReader(make([]byte, max+1)))
		s.want(404, "GET", "/files/ann/f", nil)
		s.sound()
	}
}

func TestPut_QuotaIs507(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{Quota: 2 * store.ChunkSize})
	// What can't be held is not read to its end, nor stored.
	body := &pattern{n: 50 << 20}
	s.want(507, "PUT", "/files/ann/f", body)
	if body.at > 3*store.ChunkSize {
		t.Errorf("%d octets were read", body.at)
	}
	s.want(507, "PUT", "/files/ann/f", bytes.NewReader(make([]byte, 2*store.ChunkSize+1)))
	for _, n := range []int64{store.ChunkSize, 2*store.ChunkSize + 1} {
		w := s.do("PUT", "/files/ann/f", &pattern{n: n})
		if want := map[bool]int{true: 507, false: 201}[n > 2*store.ChunkSize]; w.Code != want {
			t.Errorf("%d octets: status %d, want %d", n, w.Code, want)
		}
	}
	w := s.do("COPY", "/files/ann/f", nil, "Destination: /files/ann/g")
	if w.Code != 201 {
		t.Errorf("COPY within the quota: %d %s", w.Code, w.Body)
	}
	if w := s.do("COPY", "/files/ann/f", nil, "Destination: /files/ann/h"); w.Code != 507 {
		t.Errorf("COPY beyond the quota: %d", w.Code)
	}
	s.sound()
}

// Who holds more than a quota that came later may replace what is there by less.
func TestPut_OverQuotaMayShrink(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	for _, step := range []struct{ quota, size, want int64 }{
		{0, 6 * store.ChunkSize, 201}, {store.ChunkSize, 5 * store.ChunkSize, 204}, {store.ChunkSize, 5*store.ChunkSize + 1, 507},
	} {
		db, err := store.Open(path, store.Options{Quota: step.quota})
		if err != nil {
			t.Fatal(err)
		}
		s := serverOver(t, db, files.Options{})
		s.want(int(step.want), "PUT", "/files/ann/f", &pattern{n: step.size})
		s.sound()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A body that ends early leaves nothing behind, in memory or in the store.
func TestPut_CutShort(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	for _, n := range []int64{100, 2 * store.ChunkSize} {
		body := io.MultiReader(&pattern{n: n}, cut{})
		s.want(400, "PUT", "/files/ann/f", body)
		s.want(404, "GET", "/files/ann/f", nil)
	}
	s.sound()
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// A condition that fails speaks before the body is read.
func TestPut_ConditionBeforeBody(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	s.want(201, "PUT", "/files/ann/f", &pattern{n: 10})
	body := &pattern{n: 50 << 20}
	s.want(412, "PUT", "/files/ann/f", body, "If-None-Match: *")
	s.want(409, "PUT", "/files/ann/none/f", body)
	if body.at != 0 {
		t.Errorf("%d octets were read", body.at)
	}
}

func TestCopyAndDelete_LargeFilesShareTheirOctets(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	const size = 2*store.ChunkSize + 1
	s.want(201, "MKCOL", "/files/ann/a/", nil)
	s.want(201, "PUT", "/files/ann/a/f", &pattern{n: size})
	s.want(201, "COPY", "/files/ann/a/", nil, "Destination: /files/ann/b/")
	s.want(204, "DELETE", "/files/ann/a/", nil)
	s.sound()
	w := s.want(200, "GET", "/files/ann/b/f", nil)
	check := &pattern{}
	if io.Copy(check, w.Body); check.at != size || check.wrong {
		t.Errorf("the copy has %d octets, wrong %v", check.at, check.wrong)
	}
	s.want(204, "DELETE", "/files/ann/b/", nil)
	s.sound()
	err := s.db.View(context.Background(), func(tx *store.Tx) error { return tx.ReadContent(1, io.Discard, 0, 1) })
	if err == nil {
		t.Error("the octets are still there when nobody has them")
	}
}

// RFC 5842 §3.1: what is moved stays what it was, with its history; what is copied is something new.
func TestMove_KeepsIdentity(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	s.want(201, "MKCOL", "/files/ann/a/", nil)
	s.want(201, "PUT", "/files/ann/a/f", &pattern{n: 5})
	s.want(201, "MKCOL", "/files/ann/b/", nil)
	id := func(path string) string {
		w := s.want(207, "PROPFIND", path, strings.NewReader(`<propfind xmlns="DAV:"><prop><resource-id/></prop></propfind>`), "Depth: 0")
		_, rest, _ := strings.Cut(w.Body.String(), "urn:uuid:")
		uuid, _, _ := strings.Cut(rest, "<")
		if uuid == "" {
			t.Fatalf("%s has no DAV:resource-id: %s", path, w.Body)
		}
		return uuid
	}
	file, folder := id("/files/ann/a/f"), id("/files/ann/a/")
	s.want(201, "COPY", "/files/ann/a/", nil, "Destination: /files/ann/c/")
	if id("/files/ann/c/") == folder || id("/files/ann/c/f") == file {
		t.Error("a copy is what it was copied from")
	}
	s.want(201, "MOVE", "/files/ann/a/f", nil, "Destination: /files/ann/b/g")
	s.want(201, "MOVE", "/files/ann/a/", nil, "Destination: /files/ann/b/a/")
	s.want(204, "MOVE", "/files/ann/b/", nil, "Destination: /files/ann/c/")
	if id("/files/ann/c/g") != file || id("/files/ann/c/a/") != folder {
		t.Error("what was moved is another resource")
	}
	s.sound()
}

// Deeper than a path can name, nothing could be reached.
func TestCopyMove_NoDeeperThanAPath(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	s.want(201, "MKCOL", "/files/ann/x/", nil)
	s.want(201, "MKCOL", "/files/ann/x/y/", nil)
	s.want(201, "PUT", "/files/ann/x/y/f", &pattern{n: 1})
	path := "/files/ann"
	for range webdav.MaxSegments - 5 {
		path += "/d"
		s.want(201, "MKCOL", path, nil)
	}
	s.want(201, "MKCOL", path+"/d", nil)
	s.want(403, "COPY", "/files/ann/x", nil, "Destination: "+path+"/d/x")
	s.want(403, "MOVE", "/files/ann/x", nil, "Destination: "+path+"/d/x")
	s.want(201, "COPY", "/files/ann/x", nil, "Destination: "+path+"/x", "Depth: infinity")
	s.want(200, "GET", path+"/x/y/f", nil)
}

func TestCopy_NotTooMuchAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{MaxCopy: 3}, store.Options{})
	s.want(201, "MKCOL", "/files/ann/x/", nil)
	s.want(201, "PUT", "/files/ann/x/1", &pattern{n: 1})
	s.want(201, "PUT", "/files/ann/x/2", &pattern{n: 1})
	s.want(201, "COPY", "/files/ann/x/", nil, "Destination: /files/ann/y/")
	s.want(201, "PUT", "/files/ann/x/3", &pattern{n: 1})
	s.want(403, "COPY", "/files/ann/x/", nil, "Destination: /files/ann/z/")
	s.want(201, "COPY", "/files/ann/x/", nil, "Destination: /files/ann/z/", "Depth: 0")
	s.want(201, "MOVE", "/files/ann/x/", nil, "Destination: /files/ann/w/")
}

func TestMediaType_CannotInject(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	for sent, want := range map[string]string{
		"text/plain":                   "text/plain",
		"Text/Plain; Charset=UTF-8":    "Text/Plain; Charset=UTF-8",
		`application/x; name="a b"`:    `application/x; name="a b"`,
		"":                             "application/octet-stream",
		"text":                         "application/octet-stream",
		"/":                            "application/octet-stream",
		"text/html\r\nSet-Cookie: x=1": "application/octet-stream",
		"text/html; x=\x00":            "application/octet-stream",
		"text/html; name=é":            "application/octet-stream",
		"text/html; a=" + strings.Repeat("x", 300): "application/octet-stream",
	} {
		r := request("PUT", "/files/ann/f", &pattern{n: 1})
		r.Header["Content-Type"] = []string{sent}
		w := httptest.NewRecorder()
		s.engine.ServeHTTP(w, r)
		if w.Code != 201 && w.Code != 204 {
			t.Fatalf("%q: status %d", sent, w.Code)
		}
		if got := s.want(200, "GET", "/files/ann/f", nil).Header().Get("Content-Type"); got != want {
			t.Errorf("%q: kept as %q, want %q", sent, got, want)
		}
	}
}

func TestFilename_CannotInject(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	for _, name := range []string{"a%0D%0ASet-Cookie:%20x", "%22;filename=%22x.html", "%5C%22", "%C3%A9%E2%80%AE", "%09", "a%2Fb"} {
		s.want(201, "PUT", "/files/ann/"+name, &pattern{n: 1})
		got := s.want(200, "GET", "/files/ann/"+name, nil).Header().Get("Content-Disposition")
		kind, params, err := mime.ParseMediaType(got)
		want, _ := url.PathUnescape(name)
		if err != nil || kind != "attachment" || len(params) != 1 || params["filename"] != want || strings.ContainsFunc(got, func(r rune) bool { return (r < ' ' && r != '\t') || r > '~' }) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPost_AddsAMember(t *testing.T) {
	t.Parallel()
	s := newServer(t, files.Options{}, store.Options{})
	at := s.want(201, "POST", "/files/ann/", &pattern{n: 5}, "Content-Type: image/png").Header().Get("Location")
	if w := s.want(200, "GET", at, nil); w.Body.Len() != 5 || w.Header().Get("Content-Type") != "image/png" {
		t.Errorf("GET %s: %d octets, %v", at, w.Body.Len(), w.Header())
	}
}
