package fcgi

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/store"
)

func TestIdentity_GroupsOfTheLogin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, param string
		give        []string
		want        string // "" where the login says nothing of groups
	}{
		{"nothing", "", nil, ""},
		{"commas", "", []string{"OIDC_CLAIM_groups", "staff,Domain Users ,team"}, `["staff" "Domain Users " "team"]`},
		{"semicolons", "", []string{"OIDC_CLAIM_groups", "staff;team"}, `["staff" "team"]`},
		{"blanks", "", []string{"OIDC_CLAIM_groups", "staff  team"}, `["staff" "team"]`},
		{"LDAP", "AUTHENTICATE_MEMBEROF", []string{"AUTHENTICATE_MEMBEROF", "CN=Staff,OU=groups,DC=example; cn=team,dc=example;x"}, `["Staff" "team" ""]`},
		{"by setting", "AUTHORIZE_groups", []string{"OIDC_CLAIM_groups", "a", "AUTHORIZE_groups", "b"}, `["b"]`},
		{"empty", "", []string{"OIDC_CLAIM_groups", ""}, "[]"},
		{"left out by the module that would have them", "", []string{"OIDC_CLAIM_sub", "1"}, "[]"},
		{"another module", "", []string{"AUTHENTICATE_CN", "Ann"}, ""},
		{"a name of one word, absent", "GROUPS", []string{"OIDC_CLAIM_groups", "a"}, ""},
		{"a name of one word", "GROUPS", []string{"GROUPS", "a"}, `["a"]`},
		{"a header of the client", "", []string{"HTTP_OIDC_CLAIM_GROUPS", "wheel", "HTTP_OIDC_CLAIM_groups", "wheel"}, ""},
		{"a header as setting", "HTTP_X_GROUPS", []string{"HTTP_X_GROUPS", "wheel"}, ""},
		{"too long", "", []string{"OIDC_CLAIM_groups", strings.Repeat("x,", maxGroups)}, "[]"},
		{"not text", "", []string{"OIDC_CLAIM_groups", "\xff"}, "[]"},
	} {
		_, got := ask(t, &Identity{Base: "/dav", Log: quiet(), GroupsParam: tt.param}, append(tt.give, "REMOTE_USER", "ann", "AUTH_TYPE", "Basic")...)
		list, said := got.Groups[store.ByLogin]
		if s := fmt.Sprintf("%q", list); said != (tt.want != "") || said && s != tt.want {
			t.Errorf("%s: got %s (%t), want %s", tt.name, s, said, tt.want)
		}
		if list, said := got.Groups[store.ByFile]; !said || len(list) > 0 {
			t.Errorf("%s: groups of a file that there is not: %q, %t", tt.name, list, said)
		}
		if _, got := ask(t, &Identity{Base: "/dav", Log: quiet()}, tt.give...); got.Groups != nil {
			t.Errorf("%s: nobody is in %v", tt.name, got.Groups)
		}
	}
}

func TestHtgroup_IsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "groups")
	put := func(text string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NewHtgroup(file, quiet()); err == nil {
		t.Error("a file that there is not is taken")
	}
	if _, err := NewHtgroup(t.TempDir(), quiet()); err == nil {
		t.Error("a folder is taken")
	}
	var log strings.Builder
	put("# the office\nstaff: ann bob\n\n team:ann\r\nno group here\nempty:\n: ann\nstaff: cat\n", time.Hour)
	h, err := NewHtgroup(file, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "ignored"); n != 2 {
		t.Errorf("%d lines complained of: %s", n, log.String())
	}
	check := func(user, want string) {
		t.Helper()
		_, got := ask(t, &Identity{Base: "/dav", Log: quiet(), Htgroup: h}, "REMOTE_USER", user, "AUTH_TYPE", "Basic")
		if s := fmt.Sprint(got.Groups[store.ByFile]); s != want {
			t.Errorf("%s: got %s, want %s", user, s, want)
		}
	}
	check("ann", "[staff team]")
	check("bob", "[staff]")
	check("cat", "[staff]")
	check("dan", "[]")
	check(".*", "[]")
	put("team: dan\n", 30*time.Minute)
	check("ann", "[]")
	check("dan", "[team]")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	check("dan", "[team]") // while it is being replaced
	put("\xff: dan\n", time.Minute)
	check("dan", "[team]")
}

func FuzzHtgroup(f *testing.F) {
	for _, s := range []string{"", "a: b c\n", ":\n", "a:b:c", "# x\n\r\n a : b", "\x00: \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := &Htgroup{log: slog.New(slog.DiscardHandler)}
		for user, groups := range h.parse(text) {
			if user == "" || strings.ContainsAny(user, " \n") || len(groups) == 0 {
				t.Errorf("%q is in %q", user, groups)
			}
			for _, g := range groups {
				if strings.TrimSpace(g) == "" {
					t.Errorf("%q is in %q", user, groups)
				}
			}
		}
	})
}
