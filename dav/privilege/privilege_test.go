package privilege

import "testing"

func TestTree_AnAggregateIsTheUnionOfItsParts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var walk func(p Privilege)
	walk = func(p Privilege) {
		if name := p.Space + p.Local; seen[name] {
			t.Errorf("%s stands twice in the tree", name)
		} else {
			seen[name] = true
		}
		if p.Text == "" {
			t.Errorf("%s has no description", p.Local)
		}
		var union Set
		for _, c := range p.Children {
			if !p.What.Has(c.What) {
				t.Errorf("%s does not hold its part %s", p.Local, c.Local)
			}
			union |= c.What
			walk(c)
		}
		if p.Local != "read" && len(p.Children) > 0 && union != p.What {
			t.Errorf("%s is more than its parts", p.Local) // RFC 3744 §3.2, RFC 6638 §6
		}
	}
	walk(Tree())
	for _, name := range []string{"read", "write", "write-properties", "write-content", "bind", "unbind", "unlock", "read-acl", "read-current-user-privilege-set", "write-acl", "share", "all"} {
		if !seen[dav+name] {
			t.Errorf("the tree lacks %s", name)
		}
	}
	for _, name := range []string{"read-free-busy", "schedule-deliver", "schedule-deliver-invite", "schedule-deliver-reply", "schedule-query-freebusy",
		"schedule-send", "schedule-send-invite", "schedule-send-reply", "schedule-send-freebusy"} {
		if !seen[caldav+name] {
			t.Errorf("the tree lacks %s", name)
		}
	}
}

func TestNames_AreGivenOneByOne(t *testing.T) {
	t.Parallel()
	names := func(s Set) map[string]bool {
		m := map[string]bool{}
		for _, p := range s.Names() {
			m[p.Local] = true
		}
		return m
	}
	all := names(All)
	for _, want := range []string{"all", "read", "write", "bind", "read-free-busy"} {
		if !all[want] {
			t.Errorf("all does not name %s", want)
		}
	}
	if some := names(Read | WriteContent); some["write"] || some["all"] || !some["write-content"] || !some["read-free-busy"] {
		t.Errorf("read and write-content give %v", some)
	}
	if n := len(Set(0).Names()); n != 0 {
		t.Errorf("nothing gives %d names", n)
	}
}

func TestNarrowest_IsWhatNeedPrivilegesNames(t *testing.T) {
	t.Parallel()
	for need, want := range map[Set]string{Read: "read", ReadFreeBusy: "read-free-busy", Bind: "bind", Bind | Unbind: "write", Read | Bind: "all", WriteACL: "write-acl",
		Share: "share", ScheduleSendReply: "schedule-send-reply", ScheduleDeliverInvite | ScheduleDeliverReply: "schedule-deliver", ScheduleSend: "schedule-send"} {
		if got := Narrowest(need).Local; got != want {
			t.Errorf("%b: %s, want %s", need, got, want)
		}
	}
}
