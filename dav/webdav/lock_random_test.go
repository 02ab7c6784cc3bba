package webdav_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/store/storetest"
)

// lockModel is what RFC 4918 says of locks, by URLs alone and without any care for cost. A path of a folder ends in "/";
// "" is the root.
type lockModel struct {
	tree  map[string]bool // what is there
	locks map[string]modelLock
}

type modelLock struct {
	who, root    string // the root without its slash
	deep, shared bool
}

func bare(p string) string { return strings.TrimSuffix(p, "/") }

func within(p, root string) bool {
	p, root = bare(p), bare(root)
	return root == "" || p == root || strings.HasPrefix(p, root+"/")
}

func parentOf(p string) string {
	p = bare(p)
	return p[:strings.LastIndex(p, "/")+1]
}

// at finds what is at a URL, with or without its slash.
func (m *lockModel) at(p string) (string, bool) {
	for _, form := range []string{bare(p), bare(p) + "/"} {
		if m.tree[form] || form == "/" {
			return form, true
		}
	}
	return "", false
}

func (m *lockModel) reaching(p string) map[string]modelLock {
	out := map[string]modelLock{}
	for token, l := range m.locks {
		if bare(p) == l.root || l.deep && within(p, l.root) {
			out[token] = l
		}
	}
	return out
}

// passes says whether who, with these tokens, may change what is at p.
func (m *lockModel) passes(p, who string, tokens []string) bool {
	shared, mine := false, false
	for token, l := range m.reaching(p) {
		ok := l.who == who && slices.Contains(tokens, token)
		if !l.shared && !ok {
			return false
		}
		shared, mine = shared || l.shared, mine || l.shared && ok
	}
	return !shared || mine
}

// passesTree is passes for p, the collection it is in, and all that is locked below it.
func (m *lockModel) passesTree(p, who string, tokens []string) bool {
	ok := m.passes(parentOf(p), who, tokens) && m.passes(p, who, tokens)
	for _, l := range m.locks {
		ok = ok && (!within(l.root, p) || m.passes(l.root, who, tokens))
	}
	return ok
}

func (m *lockModel) conflicts(p string, deep, shared bool) (above, below bool) {
	for _, l := range m.reaching(p) {
		above = above || !shared || !l.shared
	}
	for _, l := range m.locks {
		below = below || deep && l.root != bare(p) && within(l.root, p) && (!shared || !l.shared)
	}
	return above, below
}

// clear takes away a tree; locks below it go, and that of its root if it is not to be replaced.
func (m *lockModel) clear(p string, replaced bool) {
	maps.DeleteFunc(m.tree, func(q string, _ bool) bool { return within(q, p) })
	maps.DeleteFunc(m.locks, func(_ string, l modelLock) bool {
		return within(l.root, p) && !(replaced && l.root == bare(p))
	})
}

// In a long random dialogue of two users each request is refused for a lock exactly when the model refuses it, and in
// the end the locks are the model's.
func TestLock_AsTheModelSays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 4918))
			s := newShelf(t, storetest.Open(t))
			m := &lockModel{tree: map[string]bool{}, locks: map[string]modelLock{}}
			segment := func() string { return string("ab"[rnd.IntN(2)]) }
			url := func() string {
				p := segment()
				for rnd.IntN(3) > 0 && len(p) < 5 {
					p += "/" + segment()
				}
				return p
			}
			for step := range 400 {
				who := []string{"ann", "bob"}[rnd.IntN(2)]
				var tokens []string
				for _, token := range slices.Sorted(maps.Keys(m.locks)) {
					if rnd.IntN(3) > 0 {
						tokens = append(tokens, token)
					}
				}
				var more []string
				if len(tokens) > 0 {
					more = append(more, with(slices.Clone(tokens)...))
				}
				p := url()
				here, there := m.at(p)
				_, parent := m.at(parentOf(p))
				parent = parent && (parentOf(p) == "" || m.tree[parentOf(p)])
				said := fmt.Sprintf("step %d", step)
				check := func(want bool, method string, more ...string) int {
					t.Helper()
					w := s.do(who, method, p, more...)
					if got := w.Code == 423 || w.Code == 207 && method == "LOCK"; got == want || w.Code >= 500 {
						t.Fatalf("%s: %s %s %s %q: %d, to be refused for a lock: %v\nlocks: %v\ntree: %v\n%s", said, who, method, p, more, w.Code, !want, m.locks, m.tree, w.Body)
					}
					return w.Code
				}
				switch op := rnd.IntN(12); {
				case op < 3 && parent:
					if there && strings.HasSuffix(here, "/") {
						continue
					}
					ok := m.passes(p, who, tokens) && (there || m.passes(parentOf(p), who, tokens))
					if check(ok, "PUT", append(more, "x")...); ok {
						m.tree[p] = true
					}
				case (op == 3 || op == 4) && parent && !there:
					ok := m.passesTree(p, who, tokens)
					if check(ok, "MKCOL", more...); ok {
						m.tree[p+"/"] = true
					}
				case op == 5 && there:
					ok := m.passesTree(p, who, tokens)
					if check(ok, "DELETE", more...); ok {
						m.clear(p, false)
					}
				case (op == 6 || op == 7) && there:
					dst := url()
					_, into := m.at(parentOf(dst))
					if !into || parentOf(dst) != "" && !m.tree[parentOf(dst)] || within(dst, p) || within(p, dst) {
						continue
					}
					_, replaced := m.at(dst)
					method := []string{"COPY", "MOVE"}[op-6]
					ok := m.passesTree(dst, who, tokens) && (method == "COPY" || m.passesTree(p, who, tokens))
					if check(ok, method, append(more, "Destination: /shelf/"+dst)...); !ok {
						continue
					}
					moved := map[string]bool{}
					for q := range m.tree {
						if rest, below := strings.CutPrefix(q, bare(p)); below && within(q, p) && (method == "MOVE" || strings.Count(bare(rest), "/") < 1 || strings.Count(bare(rest), "/") == 1 && !strings.HasSuffix(rest, "/")) { // a shelf copies one level
							moved[bare(dst)+rest] = true
						}
					}
					if method == "MOVE" {
						m.clear(p, false)
					}
					if replaced {
						m.clear(dst, true)
					}
					maps.Copy(m.tree, moved)
				case op >= 8 && op < 11 && parent:
					deep, sharing := rnd.IntN(2) == 0, rnd.IntN(3) > 0
					above, below := m.conflicts(p, deep, sharing)
					ok := !above && !below && (there || m.passes(parentOf(p), who, tokens))
					depth, body := "0", exclusive
					if deep {
						depth = "infinity"
					}
					if sharing {
						body = shared
					}
					w := s.do(who, "LOCK", p, append(more, "Depth: "+depth, body)...)
					want := map[bool]int{true: 200, false: 201}[there]
					switch {
					case above || !ok && !below:
						want = 423
					case below:
						want = 207
					}
					if w.Code != want {
						t.Fatalf("%s: %s LOCK %s: %d, want %d\nlocks: %v\ntree: %v\n%s", said, who, p, w.Code, want, m.locks, m.tree, w.Body)
					}
					if ok {
						m.locks[strings.Trim(w.Header().Get("Lock-Token"), "<>")] = modelLock{who, bare(p), deep, sharing}
						if !there {
							m.tree[p] = true
						}
					}
				case op == 11 && parent && len(m.locks) > 0:
					token := slices.Sorted(maps.Keys(m.locks))[rnd.IntN(len(m.locks))]
					_, inScope := m.reaching(p)[token]
					want := 409
					if inScope && (who == "ann" || m.locks[token].who == who) {
						want = 204
					} else if inScope {
						want = 403
					}
					if w := s.do(who, "UNLOCK", p, "Lock-Token: <"+token+">"); w.Code != want {
						t.Fatalf("%s: %s UNLOCK %s %s: %d, want %d\nlocks: %v", said, who, p, token, w.Code, want, m.locks)
					}
					if want == 204 {
						delete(m.locks, token)
					}
				}
				if step%20 == 0 {
					for q := range m.tree {
						got, want := strings.Fields(s.discovered(q)), slices.Sorted(maps.Keys(m.reaching(q)))
						if slices.Sort(got); !slices.Equal(got, want) {
							t.Fatalf("%s: %s shows %v, want %v\nlocks: %v", said, q, got, want, m.locks)
						}
					}
				}
			}
		})
	}
}
