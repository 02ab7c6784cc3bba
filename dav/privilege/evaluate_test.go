package privilege

import "testing"

func TestEvaluate_TheFirstEntryThatNamesAPrivilegeDecides(t *testing.T) {
	t.Parallel()
	const bob, team = 7, 8
	to := func(who int64, allow, deny Set) ACE {
		return ACE{Subject: ToPrincipal, Who: who, Allow: allow, Deny: deny}
	}
	seen := func(e ACE, v View) ACE { e.View = v; return e }
	notTo := func(e ACE) ACE { e.Invert = true; return e }
	for _, row := range []struct {
		name string
		aces []ACE
		want Access
	}{
		{"nothing", nil, Access{0, BusyTime}},
		{"somebody else's", []ACE{to(99, All, 0)}, Access{0, BusyTime}},
		{"grant, then deny", []ACE{to(bob, Read|Bind, 0), to(team, 0, All)}, Access{Read | Bind, Full}},
		{"deny, then grant", []ACE{to(bob, 0, Bind), to(team, Read|Write, 0)}, Access{(Read | Write) &^ Bind, Full}},
		{"deny of a part", []ACE{to(bob, 0, ReadFreeBusy), to(team, Read, 0)}, Access{Read &^ ReadFreeBusy, Full}},
		{"everybody but others", []ACE{notTo(to(99, Read, 0))}, Access{Read, Full}},
		{"everybody but me", []ACE{notTo(to(bob, Read, 0))}, Access{0, BusyTime}},
		{"the widest view counts", []ACE{seen(to(bob, Read, 0), BusyTime), seen(to(team, Read, 0), NoPrivate)}, Access{Read, NoPrivate}},
		{"in any order", []ACE{seen(to(bob, Read, 0), Full), seen(to(team, Read, 0), BusyTitle)}, Access{Read, Full}},
		{"a grant after a deny shows nothing", []ACE{seen(to(bob, ReadFreeBusy, 0), BusyTime), to(bob, 0, Read), to(team, Read, 0)}, Access{ReadFreeBusy, BusyTime}},
		{"what does not let read shows nothing", []ACE{seen(to(bob, Read, 0), BusyTitle), to(team, WriteContent, 0)}, Access{Read | WriteContent, BusyTitle}},
	} {
		got := Evaluate(row.aces, func(e ACE) bool { return (e.Who == bob || e.Who == team) != e.Invert })
		if got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestLevel_ALowerOneGivesMore(t *testing.T) {
	t.Parallel()
	last := Access{All, Full}
	for i, l := range Levels() {
		g := l.Grants()
		if int(l) != i+1 || LevelNamed(l.Name()) != l || l.Name() == "" {
			t.Errorf("level %d is called %q", l, l.Name())
		}
		if !last.Rights.Has(g.Rights) || g.View < last.View || g == last || !g.Rights.Has(Read) || g.Rights&(WriteACL|Share) != 0 {
			t.Errorf("%s: %+v after %+v", l.Name(), g, last)
		}
		last = g
	}
	if g := Level(0).Grants(); g.Rights != 0 || Level(9).Grants() != g || Level(9).Name() != "" || LevelNamed("x") != 0 {
		t.Errorf("a level that there is not: %+v", g)
	}
}
