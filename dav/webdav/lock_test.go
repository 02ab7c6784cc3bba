package webdav_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

const (
	exclusive = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner><href xml:lang="en">mailto:ann@example.org</href></owner></lockinfo>`
	shared    = `<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>`
	noToken   = "<d:lock-token-submitted><d:href>/shelf/"
	conflict  = "<d:no-conflicting-lock><d:href>/shelf/"
)

// lock takes a lock and returns its token.
func (s *shelf) lock(status int, who, path, body string, more ...string) string {
	s.Helper()
	token := strings.Trim(s.want(status, "<d:lockdiscovery><d:activelock>", who, "LOCK", path, append(more, body)...).Header().Get("Lock-Token"), "<>")
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(token) {
		s.Fatalf("LOCK %s: token %q", path, token)
	}
	return token
}

func with(tokens ...string) string {
	for i, t := range tokens {
		tokens[i] = "(<" + t + ">)"
	}
	return "If: " + strings.Join(tokens, " ") + " (Not <DAV:no-lock>)"
}

// discovered returns the tokens that DAV:lockdiscovery shows.
func (s *shelf) discovered(path string) string {
	s.Helper()
	w := s.want(207, "", "ann", "PROPFIND", path, "Depth: 0", `<propfind xmlns="DAV:"><prop><lockdiscovery/></prop></propfind>`)
	var all []string
	for _, m := range regexp.MustCompile(`<d:locktoken><d:href>(.*?)</d:href>`).FindAllStringSubmatch(w.Body.String(), -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " ")
}

func open(t *testing.T) *shelf {
	t.Helper()
	s := newShelf(t, storetest.Open(t))
	s.want(201, "", "ann", "MKCOL", "dir/")
	s.want(201, "", "ann", "MKCOL", "dir/sub/")
	s.want(201, "", "ann", "PUT", "dir/a", "a")
	s.want(201, "", "ann", "PUT", "dir/sub/b", "b")
	s.want(201, "", "ann", "PUT", "c", "c")
	return s
}

func TestLock_EveryWriteNeedsTheToken(t *testing.T) {
	t.Parallel()
	const patch = `<propertyupdate xmlns="DAV:"><set><prop><x xmlns="u:x">1</x></prop></set></propertyupdate>`
	for _, c := range []struct {
		lock, depth       string
		method, path, arg string
		needs             bool
		status            int // with the token
	}{
		{"c", "0", "PUT", "c", "new", true, 204},
		{"c", "0", "PROPPATCH", "c", patch, true, 207},
		{"c", "0", "DELETE", "c", "", true, 204},
		{"c", "0", "MOVE", "c", "Destination: /shelf/d", true, 201},
		{"c", "0", "COPY", "c", "Destination: /shelf/d", false, 201},
		{"c", "0", "COPY", "dir/a", "Destination: /shelf/c", true, 204},
		{"c", "0", "MOVE", "dir/a", "Destination: /shelf/c", true, 204},
		{"c", "0", "GET", "c", "", false, 200},
		{"c", "0", "PUT", "d", "new", false, 201},
		{"dir/", "0", "PUT", "dir/new", "new", true, 201},
		{"dir/", "0", "PUT", "dir/a", "new", false, 204},
		{"dir/", "0", "PROPPATCH", "dir/a", patch, false, 207},
		{"dir/", "0", "PROPPATCH", "dir/", patch, true, 207},
		{"dir/", "0", "DELETE", "dir/a", "", true, 204},
		{"dir/", "0", "MKCOL", "dir/new/", "", true, 201},
		{"dir/", "0", "POST", "dir/", "Content-Type: text/x", true, 201},
		{"dir/", "0", "MOVE", "dir/a", "Destination: /shelf/d", true, 201},
		{"dir/", "0", "MOVE", "c", "Destination: /shelf/dir/c", true, 201},
		{"dir/", "0", "COPY", "c", "Destination: /shelf/dir/c", true, 201},
		{"dir/", "0", "PUT", "dir/sub/new", "new", false, 201},
		{"dir/", "0", "LOCK", "dir/new", exclusive, true, 201},
		{"dir/", "0", "LOCK", "dir/a", exclusive, false, 200},
		{"dir/", "infinity", "PUT", "dir/a", "new", true, 204},
		{"dir/", "infinity", "PUT", "dir/sub/new", "new", true, 201},
		{"dir/", "infinity", "PROPPATCH", "dir/sub/b", patch, true, 207},
		{"dir/", "infinity", "DELETE", "dir/", "", true, 204},
		{"dir/", "infinity", "COPY", "dir/", "Destination: /shelf/e/", false, 201},
		{"dir/sub/b", "0", "DELETE", "dir/", "", true, 204},
		{"dir/sub/b", "0", "MOVE", "dir/", "Destination: /shelf/e/", true, 201},
		{"dir/sub/b", "0", "COPY", "c", "Destination: /shelf/dir", true, 204},
		{"dir/sub/b", "0", "DELETE", "dir/a", "", false, 204},
		{"dir/sub/", "0", "DELETE", "dir/sub/b", "", true, 204},
		{"", "0", "DELETE", "c", "", true, 204},
		{"", "0", "PUT", "dir/new", "new", false, 201},
		{"", "infinity", "PUT", "dir/sub/b", "new", true, 204},
	} {
		name := fmt.Sprintf("%s %s with %s of %s", c.method, c.path, c.depth, c.lock)
		t.Run(strings.ReplaceAll(name, "/", "_"), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			token := s.lock(200, "ann", c.lock, exclusive, "Depth: "+c.depth)
			args := []string{}
			if c.arg != "" {
				args = append(args, c.arg)
			}
			if !c.needs {
				s.want(c.status, "", "ann", c.method, c.path, args...)
				return
			}
			s.want(423, noToken+c.lock+"</d:href>", "ann", c.method, c.path, args...)
			s.want(423, noToken+c.lock+"</d:href>", "bob", c.method, c.path, append(args, with(token))...)
			s.want(423, noToken, "ann", c.method, c.path, append(args, with(token+"x"))...)
			s.want(c.status, "", "ann", c.method, c.path, append(args, with(token))...)
		})
	}
}

func TestLock_GoesWithItsRootAndIsNotMoved(t *testing.T) {
	t.Parallel()
	t.Run("DELETE", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		token := s.lock(200, "ann", "c", exclusive)
		s.want(204, "", "ann", "DELETE", "c", with(token))
		s.want(201, "", "bob", "PUT", "c", "again")
	})
	t.Run("DELETE of the tree", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		token := s.lock(200, "ann", "dir/sub/b", exclusive)
		s.want(204, "", "ann", "DELETE", "dir/", with(token))
		s.want(201, "", "bob", "MKCOL", "dir/")
		s.want(201, "", "bob", "MKCOL", "dir/sub/")
		s.want(201, "", "bob", "PUT", "dir/sub/b", "again")
	})
	t.Run("MOVE", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		token := s.lock(200, "ann", "c", exclusive)
		s.want(201, "", "ann", "MOVE", "c", "Destination: /shelf/d", with(token))
		if got := s.discovered("d"); got != "" {
			t.Errorf("moved along: %s", got)
		}
		s.want(204, "", "bob", "PUT", "d", "new")
		s.want(201, "", "bob", "PUT", "c", "new")
	})
	t.Run("MOVE of the tree", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		deep, below := s.lock(200, "ann", "dir/", shared), s.lock(200, "ann", "dir/sub/b", shared)
		s.want(201, "", "ann", "MOVE", "dir/", "Destination: /shelf/e/", with(deep, below))
		if got := s.discovered("e/") + s.discovered("e/sub/b"); got != "" {
			t.Errorf("moved along: %s", got)
		}
		s.want(204, "", "bob", "PUT", "e/sub/b", "new")
	})
	t.Run("COPY", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		s.lock(200, "ann", "dir/", exclusive)
		s.want(201, "", "bob", "COPY", "dir/", "Destination: /shelf/e/")
		s.want(204, "", "bob", "PUT", "e/a", "new")
	})
	for _, method := range []string{"COPY", "MOVE"} { // RFC 4918 §7.6
		t.Run(method+" onto it", func(t *testing.T) {
			t.Parallel()
			s := open(t)
			token := s.lock(200, "ann", "c", exclusive)
			s.want(204, "", "ann", method, "dir/a", "Destination: /shelf/c", with(token))
			if got := s.discovered("c"); got != token {
				t.Errorf("the destination has %q, want %q", got, token)
			}
			s.want(423, noToken+"c<", "bob", "PUT", "c", "x")
		})
		t.Run(method+" of a collection onto it", func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.want(201, "", "ann", "MKCOL", "e/")
			s.want(201, "", "ann", "PUT", "e/old", "x")
			token, below := s.lock(200, "ann", "e/", shared), s.lock(200, "ann", "e/old", shared)
			s.want(204, "", "ann", method, "dir/", "Destination: /shelf/e/", with(token, below))
			if got := s.discovered("e/") + "," + s.discovered("e/a"); got != token+","+token {
				t.Errorf("the destination and its member have %q, want %q", got, token)
			}
			s.want(423, noToken+"e/<", "bob", "PUT", "e/a", "x")
			s.want(423, noToken+"e/<", "bob", "PUT", "e/old", "x")
			s.want(201, "", "ann", "PUT", "e/old", "x", with(token))
		})
	}
	t.Run("MOVE out of and into a scope", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		token := s.lock(200, "ann", "dir/", exclusive)
		s.want(201, "", "ann", "MOVE", "dir/a", "Destination: /shelf/free", with(token))
		s.want(204, "", "bob", "PUT", "free", "x")
		s.want(201, "", "ann", "MOVE", "c", "Destination: /shelf/dir/c", with(token))
		s.want(423, noToken+"dir/<", "bob", "PUT", "dir/c", "x")
		s.want(201, "", "ann", "MOVE", "dir/c", "Destination: /shelf/dir/sub/c", with(token))
		s.want(423, noToken+"dir/<", "bob", "PUT", "dir/sub/c", "x")
	})
}

func TestLock_Compatibility(t *testing.T) { // RFC 4918 §9.10.5
	t.Parallel()
	for _, c := range []struct {
		path, depth, body        string
		second, depth2, body2    string
		status                   int
		contains, alsoTheRequest string
	}{
		{"c", "0", exclusive, "c", "0", exclusive, 423, conflict + "c<", ""},
		{"c", "0", exclusive, "c", "0", shared, 423, conflict + "c<", ""},
		{"c", "0", shared, "c", "0", exclusive, 423, conflict + "c<", ""},
		{"c", "0", shared, "c", "0", shared, 200, "", ""},
		{"dir/", "infinity", exclusive, "dir/sub/b", "0", exclusive, 423, conflict + "dir/<", ""},
		{"dir/", "infinity", exclusive, "dir/sub/new", "0", exclusive, 423, conflict + "dir/<", ""},
		{"dir/", "infinity", shared, "dir/sub/b", "0", shared, 200, "", ""},
		{"dir/", "0", exclusive, "dir/a", "0", exclusive, 200, "", ""},
		{"dir/a", "0", exclusive, "dir/", "0", exclusive, 200, "", ""},
		{"dir/sub/b", "0", exclusive, "dir/", "infinity", exclusive, 207, "<d:href>/shelf/dir/sub/b</d:href><d:status>HTTP/1.1 423 Locked</d:status><d:error>" + conflict + "dir/sub/b<", "<d:href>/shelf/dir/</d:href><d:status>HTTP/1.1 424 Failed Dependency</d:status>"},
		{"dir/sub/", "0", shared, "dir/", "infinity", exclusive, 207, "<d:href>/shelf/dir/sub/</d:href><d:status>HTTP/1.1 423", "424 Failed Dependency"},
		{"dir/sub/b", "0", shared, "dir/", "infinity", shared, 200, "", ""},
	} {
		s := open(t)
		first := s.lock(200, "ann", c.path, c.body, "Depth: "+c.depth)
		w := s.want(c.status, c.contains, "bob", "LOCK", c.second, "Depth: "+c.depth2, c.body2)
		if !strings.Contains(w.Body.String(), c.alsoTheRequest) {
			t.Errorf("%s", w.Body)
		}
		if c.status != 200 && s.discovered(c.path) != first {
			t.Errorf("after a refused LOCK of %s: %s", c.second, s.discovered(c.path))
		}
	}
}

func TestLock_OfSharedLocksOneIsEnough(t *testing.T) { // RFC 4918 §6.2
	t.Parallel()
	s := open(t)
	ann, bob := s.lock(200, "ann", "dir/", shared), s.lock(200, "bob", "dir/a", shared)
	s.want(423, noToken, "ann", "PUT", "dir/a", "x")
	s.want(204, "", "ann", "PUT", "dir/a", "x", with(ann))
	s.want(204, "", "bob", "PUT", "dir/a", "x", with(bob))
	s.want(423, noToken+"dir/<", "bob", "PUT", "dir/sub/b", "x", with(bob))
	s.want(423, noToken+"dir/<", "bob", "PUT", "dir/a", "x", with(ann))
	s.want(400, "", "ann", "LOCK", "dir/a", with(ann, bob)) // RFC 4918 §9.10.2
	s.want(204, "", "ann", "DELETE", "dir/", with(ann))
}

func TestLock_SharedOnesAreCounted(t *testing.T) {
	t.Parallel()
	s := open(t)
	for range 50 {
		s.lock(200, "ann", "c", shared)
	}
	s.want(507, "50 locks", "ann", "LOCK", "c", shared)
	s.lock(200, "ann", "dir/", shared)
}

func TestLock_UnmappedURLMakesAnEmptyMember(t *testing.T) { // RFC 4918 §7.3
	t.Parallel()
	s := open(t)
	token := s.lock(201, "ann", "dir/new", exclusive)
	s.want(207, "/shelf/dir/new<", "ann", "PROPFIND", "dir/", "Depth: 1")
	if w := s.want(200, "", "bob", "GET", "dir/new"); w.Body.Len() != 0 {
		t.Errorf("it holds %q", w.Body)
	}
	s.want(405, "", "ann", "MKCOL", "dir/new", with(token))
	s.want(423, noToken+"dir/new<", "bob", "PUT", "dir/new", "x")
	s.want(204, "", "ann", "UNLOCK", "dir/new", "Lock-Token: <"+token+">")
	s.want(200, "", "bob", "GET", "dir/new")
	s.want(409, "", "ann", "LOCK", "none/new", exclusive)
}

func TestLock_BadRequests(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range []struct {
		status int
		more   []string
	}{
		{400, nil},
		{400, []string{"<lockinfo/>"}},
		{400, []string{`<lockinfo xmlns="DAV:"><locktype><write/></locktype></lockinfo>`}},
		{400, []string{`<lockinfo xmlns="DAV:"><lockscope><shared/><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`}},
		{400, []string{`<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><read/></locktype></lockinfo>`}},
		{400, []string{"Depth: 1", exclusive}},
		{400, []string{"Depth: x", exclusive}},
		{400, []string{"If: <", exclusive}},
		{413, []string{strings.Replace(exclusive, "mailto:", strings.Repeat("m", 17<<10), 1)}},
	} {
		s.want(c.status, "", "ann", "LOCK", "c", c.more...)
	}
	for _, more := range [][]string{nil, {"Lock-Token: urn:x:y"}, {"Lock-Token: <>"}} {
		s.want(400, "", "ann", "UNLOCK", "c", more...)
	}
	s.want(403, "write-content", "zoe", "LOCK", "c", exclusive)
	s.want(403, "bind", "zoe", "LOCK", "new", exclusive)
	if got := s.discovered("c"); got != "" {
		t.Errorf("locked by %s", got)
	}
}

func TestLock_KeepsTheOwnerAndSaysWhereItsRootIs(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.lock(200, "ann", "dir/", exclusive, "Timeout: Second-100")
	const props = `<propfind xmlns="DAV:"><prop><lockdiscovery/><supportedlock/></prop></propfind>`
	for _, path := range []string{"dir", "dir/a", "dir/sub/", "dir/sub/b"} {
		w := s.want(207, "<d:lockroot><d:href>/shelf/dir/</d:href></d:lockroot>", "bob", "PROPFIND", path, "Depth: 0", props)
		for _, part := range []string{`<owner xmlns="DAV:"><href xml:lang="en">mailto:ann@example.org</href></owner>`, "<d:timeout>Second-", "<d:depth>infinity<", "<d:lockscope><d:exclusive/></d:lockscope>",
			"<d:supportedlock><d:lockentry><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry><d:lockentry><d:lockscope><d:shared/>"} {
			if !strings.Contains(w.Body.String(), part) {
				t.Errorf("%s: no %s in %s", path, part, w.Body)
			}
		}
	}
	s.want(207, "<d:lockdiscovery/>", "bob", "PROPFIND", "c", "Depth: 0", props)
	if w := s.want(207, "", "bob", "PROPFIND", "dir/", "Depth: 1", props); strings.Count(w.Body.String(), "<d:lockroot><d:href>/shelf/dir/</d:href>") != 3 {
		t.Errorf("dir/ and two members: %s", w.Body)
	}
}

func TestUnlock(t *testing.T) {
	t.Parallel()
	s := open(t)
	const matches = "<d:lock-token-matches-request-uri>"
	token := s.lock(200, "bob", "dir/", exclusive)
	s.want(409, matches, "bob", "UNLOCK", "c", "Lock-Token: <"+token+">")
	s.want(409, matches, "bob", "UNLOCK", "dir/", "Lock-Token: <urn:uuid:no>")
	s.want(409, matches, "bob", "UNLOCK", "none", "Lock-Token: <"+token+">")
	s.want(403, "need-privileges", "carl", "UNLOCK", "dir/", "Lock-Token: <"+token+">")
	s.want(412, "", "bob", "UNLOCK", "dir/", "Lock-Token: <"+token+">", `If: (["x"])`)
	s.want(204, "", "bob", "UNLOCK", "dir/sub/b", "Lock-Token: <"+token+">") // anywhere in its scope
	s.want(409, matches, "bob", "UNLOCK", "dir/", "Lock-Token: <"+token+">")
	token = s.lock(200, "bob", "dir/", exclusive)
	s.want(204, "", "ann", "UNLOCK", "dir/", "Lock-Token: <"+token+">") // DAV:unlock
	s.want(204, "", "carl", "PUT", "dir/a", "x")
}

func TestLock_RefreshAndExpiry(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	s := newShelf(t, storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }}))
	s.want(201, "", "ann", "PUT", "c", "c")
	s.want(201, "", "ann", "PUT", "d", "d")
	token := s.lock(200, "ann", "c", exclusive, "Timeout: Second-100")
	now = now.Add(60 * time.Second)
	s.want(207, "<d:timeout>Second-40<", "ann", "PROPFIND", "c", "Depth: 0")
	w := s.want(200, "<d:timeout>Second-100<", "ann", "LOCK", "c", "If: (<"+token+">)", "Timeout: Second-100", "Depth: 1")
	if w.Header().Get("Lock-Token") != "" {
		t.Errorf("a refresh has the header Lock-Token")
	}
	const matches = "<d:lock-token-matches-request-uri>"
	s.want(412, matches, "ann", "LOCK", "d", "If: (<"+token+">)")
	s.want(412, matches, "ann", "LOCK", "c", "If: (<urn:uuid:no>)")
	s.want(412, matches, "ann", "LOCK", "c", "If: (<urn:uuid:no>) (Not <urn:uuid:no>)")
	s.want(400, "", "ann", "LOCK", "c")
	s.want(403, "", "bob", "LOCK", "c", "If: (<"+token+">)")
	now = now.Add(99 * time.Second)
	s.want(423, noToken, "bob", "PUT", "c", "x")
	now = now.Add(time.Second)
	s.want(204, "", "bob", "PUT", "c", "x")
	s.want(412, matches, "ann", "LOCK", "c", "If: (<"+token+">)")
	s.want(409, matches, "ann", "UNLOCK", "c", "Lock-Token: <"+token+">")
	s.want(412, "", "ann", "PUT", "c", "x", "If: (<"+token+">)")
	s.want(207, "<d:lockdiscovery/>", "ann", "PROPFIND", "c", "Depth: 0")
	s.lock(200, "bob", "c", exclusive)
}

func TestIf(t *testing.T) {
	t.Parallel()
	s := open(t)
	token := s.lock(200, "ann", "dir/", exclusive)
	etag := func(path string) string { return s.do("ann", "GET", path).Header().Get("Etag") }
	tagOf := func(path string) string { return strings.Trim(etag(path), `"`) }
	syncToken := func(path string) string {
		w := s.want(207, "", "ann", "PROPFIND", path, "Depth: 0", `<propfind xmlns="DAV:"><prop><sync-token/></prop></propfind>`)
		return regexp.MustCompile(`urn:caldav-fcgi:sync:[0-9a-f-]+`).FindString(w.Body.String())
	}
	s.want(201, "", "ann", "PUT", "secret", "x")
	for _, c := range []struct {
		path, header string
		status       int
	}{
		{"c", "([" + etag("c") + "])", 200},
		{"c", `(["x"])`, 412},
		{"c", `(Not ["x"])`, 200},
		{"c", `(["x"]) ([` + etag("c") + `])`, 200},
		{"c", `([` + etag("c") + `] ["x"])`, 412},
		{"c", `([W/` + etag("c") + `])`, 200},
		{"c", `(["` + tagOf("c") + `-gzip"])`, 200},
		{"c", `(<DAV:no-lock>)`, 412},
		{"c", `(Not <DAV:no-lock>)`, 200},
		{"c", `(<` + token + `>)`, 412}, // out of its scope
		{"dir/a", `(<` + token + `>)`, 200},
		{"dir/a", `(<` + strings.ToUpper(token) + `>)`, 412},
		{"dir/a", `(Not <` + token + `>)`, 412},
		{"dir/a", `(<` + token + `> [` + etag("dir/a") + `])`, 200},
		{"dir/a", `(<` + token + `> [` + etag("c") + `])`, 412},
		{"c", `</shelf/dir/a> (<` + token + `>)`, 200},
		{"c", `</shelf/dir> (<` + token + `>)`, 200},
		{"c", `<http://dav.example.org/shelf/%64ir/%61> (<` + token + `>)`, 200},
		{"c", `<https://DAV.Example.ORG.:8443/shelf/dir/> (<` + token + `>)`, 200},
		{"c", `<http://elsewhere.example/shelf/dir/> (<` + token + `>)`, 412},
		{"c", `<http://elsewhere.example/shelf/dir/> (Not <` + token + `>)`, 412},
		{"c", `</shelf/none> (["x"])`, 412}, // §10.4.11
		{"c", `</shelf/none> (Not ["x"])`, 200},
		{"c", `</shelf/none> (["x"]) </shelf/c> ([` + etag("c") + `])`, 200},
		{"c", `</shelf/secret> ([` + etag("secret") + `])`, 200},
		{"c", `</shelf/dir/> (<` + syncToken("dir/") + `>)`, 200},
		{"c", `</shelf/dir/sub/> (<` + syncToken("dir/") + `>)`, 412},
		{"c", `</shelf/dir/> (<` + syncToken("dir/sub/") + `>)`, 412},
		{"c", `(`, 400},
	} {
		s.want(c.status, "", "ann", "GET", c.path, "If: "+c.header)
	}
	s.want(412, "", "bob", "GET", "c", "If: </shelf/secret> (["+strings.Trim(etag("secret"), " ")+"])") // nothing is told of what one may not read
	before := syncToken("")
	s.want(204, "", "ann", "PUT", "c", "y", "If: </shelf/> (<"+before+">)")
	s.want(412, "", "ann", "PUT", "c", "z", "If: </shelf/> (<"+before+">)")
	// The two headers hold together, and the token of a list that did not decide is submitted all the same.
	s.want(412, "", "ann", "PUT", "dir/a", "x", "If: (<"+token+">)", `If-Match: "x"`)
	s.want(412, "", "ann", "PUT", "dir/a", "x", `If: (["x"])`, "If-Match: "+etag("dir/a"))
	s.want(204, "", "ann", "PUT", "dir/a", "x", "If: </shelf/none> (<"+token+">) </shelf/c> (Not [\"x\"])", "If-Match: "+etag("dir/a"))
}

// Two servers over one file know the same locks, as two processes do.
func TestLock_HoldsInAllProcesses(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	one := newShelf(t, storetest.OpenAt(t, path, store.Options{}))
	two := newShelf(t, storetest.OpenAt(t, path, store.Options{}))
	one.want(201, "", "ann", "PUT", "c", "c")
	token := one.lock(200, "ann", "c", exclusive)
	two.want(423, noToken+"c<", "bob", "PUT", "c", "x")
	two.want(423, conflict+"c<", "bob", "LOCK", "c", exclusive)
	two.want(204, "", "ann", "PUT", "c", "x", with(token))
	two.want(204, "", "ann", "UNLOCK", "c", "Lock-Token: <"+token+">")
	one.want(204, "", "bob", "PUT", "c", "x")
	// Many at once for one URL: one gets it.
	results := make(chan *httptest.ResponseRecorder)
	for i, s := range []*shelf{one, two, one, two, one, two} {
		go func() { results <- s.do(fmt.Sprintf("user%d", i), "LOCK", "c", exclusive) }()
	}
	got := map[int]int{}
	for range 6 {
		got[(<-results).Code]++
	}
	if got[200] != 1 || got[423] != 5 {
		t.Errorf("six at once: %v", got)
	}
}

// Without a lock in the whole file nobody asks for one; with one elsewhere a write asks once a transaction, a read never.
func TestLock_CostsAStatementAtMost(t *testing.T) {
	t.Parallel()
	s := open(t)
	count := func(method, path string, more ...string) (n int) {
		s.Helper()
		s.do("ann", method, path, more...)
		lines := strings.Split(strings.TrimSpace(s.log.String()), "\n")
		fmt.Sscan(regexp.MustCompile(`statements=(\d+)`).FindStringSubmatch(lines[len(lines)-1])[1], &n)
		return n
	}
	requests := [][]string{
		{"GET", "c"}, {"PROPFIND", "dir/", "Depth: 1", `<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`}, {"PUT", "c", "x"}, {"PUT", "dir/sub/b", "x"},
		{"PROPPATCH", "c", `<propertyupdate xmlns="DAV:"><set><prop><x xmlns="u:x">1</x></prop></set></propertyupdate>`},
		{"COPY", "dir/sub/b", "Destination: /shelf/dir/b"}, {"MOVE", "dir/b", "Destination: /shelf/dir/sub/b"},
	}
	var before []int
	for range 2 {
		before = nil
		for _, r := range requests {
			before = append(before, count(r[0], r[1], r[2:]...))
		}
	}
	s.lock(201, "ann", "locked", exclusive)
	for i, r := range requests {
		want := before[i]
		if i >= 2 {
			want += 2 // the View and the Update
		}
		if got := count(r[0], r[1], r[2:]...); got != want {
			t.Errorf("%v: %d statements, before the lock %d, want %d", r[:2], got, before[i], want)
		}
	}
}
