package acl

import (
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

func covered(what privilege.Set) string {
	var names []string
	text := string(webdav.Render("", webdav.DAV("x"), func(w *webdav.Writer) { cover(what, privilege.Tree(), w) }))
	for _, part := range strings.Split(text, "<d:privilege><")[1:] {
		name, _, _ := strings.Cut(part, "/>")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func TestCover_NamesTheFewest(t *testing.T) {
	t.Parallel()
	for what, want := range map[privilege.Set]string{
		privilege.All:  "d:all",
		privilege.Read: "d:read",
		privilege.Read | privilege.Write&^privilege.Bind:       "d:read d:write-properties d:write-content d:unbind",
		privilege.ReadFreeBusy:                                 "c:read-free-busy",
		privilege.ProxyRead:                                    "d:read d:read-current-user-privilege-set",
		privilege.Write | privilege.ScheduleSendInvite:         "d:write c:schedule-send-invite",
		privilege.Unlock | privilege.WriteACL | privilege.Bind: "d:bind d:unlock d:write-acl",
	} {
		if got := covered(what); got != want {
			t.Errorf("%b: %s, want %s", what, got, want)
		}
	}
}

// What is shown of a set is the set again when it is read back.
func TestCover_ReadsBack(t *testing.T) {
	t.Parallel()
	for bit := range 32 {
		for _, what := range []privilege.Set{privilege.Set(1<<bit) & privilege.All, privilege.All &^ (1 << bit)} {
			var back privilege.Set
			for _, name := range strings.Fields(covered(what)) {
				space := webdav.NSDAV
				if strings.HasPrefix(name, "c:") {
					space = webdav.NSCalDAV
				}
				set, ok := privilege.Named(space, name[2:])
				if !ok {
					t.Errorf("%s is no privilege", name)
				}
				back |= set
			}
			if back|privilege.Read != what|privilege.Read || what&privilege.Read == privilege.Read && back&privilege.Read != privilege.Read { // reading has a part without a name
				t.Errorf("%b comes back as %b", what, back)
			}
		}
	}
}

func TestEntry_AgainstWhatIsProtected(t *testing.T) {
	t.Parallel()
	const owner = 7
	at := func(name string) webdav.Path { return webdav.P("principals", "users", name) }
	kept := entry{ACE: privilege.ACE{Subject: privilege.ToPrincipal, Who: owner, Allow: privilege.All}, who: at("ann"), protected: true}
	shared := entry{ACE: privilege.ACE{Subject: privilege.ToPrincipal, Who: 8, Allow: privilege.Read}, who: at("bob"), protected: true}
	to := func(name string, who int64, deny privilege.Set) entry {
		return entry{ACE: privilege.ACE{Subject: privilege.ToPrincipal, Who: who, Deny: deny}, who: at(name)}
	}
	inverted := to("ann", owner, privilege.Read)
	inverted.Invert = true
	for _, row := range []struct {
		name     string
		old, new entry
		want     bool
	}{
		{"the owner by address", kept, to("ann", owner, privilege.Unlock), true},
		{"the owner as such", kept, entry{ACE: privilege.ACE{Subject: privilege.ToOwner, Deny: privilege.Read}}, true},
		{"all but the owner", kept, inverted, false},
		{"everybody", kept, entry{ACE: privilege.ACE{Subject: privilege.ToAll, Deny: privilege.All}}, false},
		{"a sharee, what he has", shared, to("bob", 8, privilege.Read), true},
		{"a sharee, what he has not", shared, to("bob", 8, privilege.Write), false},
		{"somebody else", shared, to("cat", 9, privilege.Read), false},
		{"a grant", kept, entry{ACE: privilege.ACE{Subject: privilege.ToPrincipal, Who: owner, Allow: privilege.Read}, who: at("ann")}, false},
	} {
		if got := row.old.against(row.new, owner); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
