package fcgi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The password of all is "password": bcrypt, {SHA}, apr1.
const htpasswdText = `# users
ann:$2y$05$tOpuUToEtlq.O92fcwwsqehitmsDaAv0qzujn7cmqqmDYZThwbaMi
bob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=

cem:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00
plain:password
nocolon
`

func newTestBasic(t *testing.T, text string) *Basic {
	t.Helper()
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := NewBasic(file, "calendar", quiet())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func login(b *Basic, user, password string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	if user != "" || password != "" {
		r.SetBasicAuth(user, password)
	}
	w := httptest.NewRecorder()
	b.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "user=", r.Context().Value(verifiedKey{}))
	})).ServeHTTP(w, r)
	return w
}

func TestBasic(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, htpasswdText)
	for _, tt := range []struct {
		user, password string
		status         int
		want           string
	}{
		{"", "", 200, "user=<nil>"},
		{"ann", "password", 200, "user=ann"},
		{"ann", "password", 200, "user=ann"}, // remembered
		{"bob", "password", 200, "user=bob"},
		{"cem", "password", 200, "user=cem"},
		{"ann", "wrong", 401, "Unauthorized\n"},
		{"bob", "", 401, "Unauthorized\n"},
		{"nobody", "password", 401, "Unauthorized\n"},
		{"", "password", 401, "Unauthorized\n"},
		{"plain", "password", 401, "Unauthorized\n"}, // no plain text passwords
		{"ANN", "password", 401, "Unauthorized\n"},
		{strings.Repeat("a", 300), "password", 401, "Unauthorized\n"},
		{"ann", strings.Repeat("a", 5000), 401, "Unauthorized\n"},
	} {
		w := login(b, tt.user, tt.password)
		if w.Code != tt.status || w.Body.String() != tt.want {
			t.Errorf("%.20s:%.20s: got %d %q, want %d %q", tt.user, tt.password, w.Code, w.Body, tt.status, tt.want)
		}
		wantAuth := ""
		if tt.status == 401 {
			wantAuth = `Basic realm="calendar", charset="UTF-8"`
		}
		if got := w.Header().Get("WWW-Authenticate"); got != wantAuth {
			t.Errorf("%.20s: WWW-Authenticate %q", tt.user, got)
		}
	}
}

func TestBasic_OtherSchemeIs401(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, htpasswdText)
	for _, auth := range []string{"Bearer x", "Basic", "Basic !!!", "Basic YW5u"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		b.Handler(http.HandlerFunc(showCaller)).ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%q: got %d, want 401", auth, w.Code)
		}
	}
}

func TestBasic_FileChange(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, htpasswdText)
	write := func(text string) {
		t.Helper()
		tmp := b.file + ".new"
		if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, b.file); err != nil {
			t.Fatal(err)
		}
	}
	if w := login(b, "ann", "password"); w.Code != 200 {
		t.Fatal(w.Code)
	}
	write("dora:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
	if w := login(b, "ann", "password"); w.Code != 401 {
		t.Errorf("a user taken out is still remembered: %d", w.Code)
	}
	if w := login(b, "dora", "password"); w.Code != 200 {
		t.Errorf("a new user: %d", w.Code)
	}
	if err := os.Remove(b.file); err != nil {
		t.Fatal(err)
	}
	if w := login(b, "dora", "password"); w.Code != 200 {
		t.Errorf("while the file is missing: %d, want the old one to count", w.Code)
	}
}

func TestBasic_RememberedForSomeMinutes(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, htpasswdText)
	now := time.Now()
	b.nowFunc = func() time.Time { return now }
	ok, err := b.verify(context.Background(), "ann", "password")
	if !ok || err != nil || len(b.known) != 1 {
		t.Fatal(ok, err, len(b.known))
	}
	for range cap(b.slots) {
		b.slots <- struct{}{} // no password can be checked now
	}
	if ok, _ := b.verify(context.Background(), "ann", "password"); !ok {
		t.Error("not remembered")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if ok, err := b.verify(ctx, "ann", "wrong"); ok || err == nil {
		t.Error("another password is taken for the one remembered")
	}
	now = now.Add(rememberFor)
	if ok, err := b.verify(ctx, "ann", "password"); ok || err == nil {
		t.Error("remembered for ever")
	}
}

func TestBasic_RememberedIsBounded(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, htpasswdText)
	for i := range 3 * maxKnown {
		b.remember(b.key, keyed(b.key, "u", fmt.Sprint(i)))
	}
	if len(b.known) > maxKnown {
		t.Errorf("%d remembered, want at most %d", len(b.known), maxKnown)
	}
	if keyed(b.key, "a", "\x00b") == keyed(b.key, "a\x00", "b") {
		t.Error("two pairs have one mark")
	}
}

func TestNewBasic_Errors(t *testing.T) {
	t.Parallel()
	if _, err := NewBasic(filepath.Join(t.TempDir(), "none"), "x", quiet()); err == nil || !strings.Contains(err.Error(), "password file") {
		t.Error(err)
	}
	if _, err := NewBasic(t.TempDir(), "x", quiet()); err == nil {
		t.Error("a folder was taken")
	}
	var log logBuffer
	file := filepath.Join(t.TempDir(), "htpasswd")
	if err := os.WriteFile(file, []byte(htpasswdText), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewBasic(file, "x", log.logger()); err != nil {
		t.Fatal(err)
	}
	if s := log.String(); strings.Count(s, "line of the password file ignored") != 2 || !strings.Contains(s, "line=6") || strings.Contains(s, "plain:password") {
		t.Errorf("log %q: want lines 6 and 7 named and not shown", s)
	}
}
