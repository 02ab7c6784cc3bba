package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// share invites to ann's calendar "calendar".
func share(t testing.TB, tx *store.Tx, with *store.Principal, level privilege.Level) *store.Share {
	t.Helper()
	s := &store.Share{Collection: calendar(t, tx, "ann").ID, Address: "mailto:" + with.Name + "@example.org", Sharee: with.ID, Level: level}
	if err := tx.PutShare(s); err != nil {
		t.Fatal(err)
	}
	return s
}

// homeOf lists the collections in a user's home: the name, and of an accepted share its level.
func homeOf(t testing.TB, db *store.DB, user *store.Principal) string {
	t.Helper()
	var list []string
	view(t, db, func(tx *store.Tx) error {
		home, err := tx.Root(user.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		for c, err := range tx.Collections(home.ID) {
			if err != nil {
				return err
			}
			if c.Target != 0 {
				list = append(list, fmt.Sprintf("%s:%d", c.Name, c.Level))
			} else {
				list = append(list, c.Name)
			}
		}
		return nil
	})
	return strings.Join(list, " ")
}

// changesIn is what a home's sync says after a token: "-" before what is gone.
func changesIn(t testing.TB, db *store.DB, user *store.Principal, since *store.Token) string {
	t.Helper()
	var list []string
	view(t, db, func(tx *store.Tx) error {
		home, err := tx.Root(user.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		changes, next, _, err := tx.Changes(home, *since, 0)
		for _, c := range changes {
			list = append(list, map[bool]string{true: "-"}[c.Gone]+c.Name)
		}
		*since = next
		return err
	})
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestShare_ItsLife(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	ann, bob := users[0], users[1]
	var since store.Token
	changesIn(t, db, bob, &since)
	grants := func(want string) {
		t.Helper()
		view(t, db, func(tx *store.Tx) error {
			aces, err := tx.ACEs(calendar(t, tx, "ann").ID)
			var got []string
			for _, a := range aces {
				got = append(got, fmt.Sprintf("%d:%d:%d", a.Who, a.Allow, a.View))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("entries %q, want %q", got, want)
			}
			return err
		})
	}
	entry := func(l privilege.Level) string {
		return fmt.Sprintf("%d:%d:%d", bob.ID, l.Grants().Rights, l.Grants().View)
	}
	find := func(tx *store.Tx) *store.Share {
		list, err := tx.Shares(calendar(t, tx, "ann").ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("shares: %v, %v", list, err)
		}
		return list[0]
	}
	for _, step := range []struct {
		name                string
		do                  func(tx *store.Tx) error
		home, told, granted string
		status              store.ShareStatus
	}{
		{"invite", func(tx *store.Tx) error { share(t, tx, bob, privilege.ShareRead); return nil },
			"calendar tasks", "", entry(privilege.ShareRead), store.ShareInvited},
		{"accept", func(tx *store.Tx) error { _, err := tx.Accept(find(tx), "work"); return err },
			"calendar tasks work:2", "work", entry(privilege.ShareRead), store.ShareAccepted},
		{"accept again", func(tx *store.Tx) error { _, err := tx.Accept(find(tx), ""); return err },
			"calendar tasks work:2", "", entry(privilege.ShareRead), store.ShareAccepted},
		{"another level", func(tx *store.Tx) error { share(t, tx, bob, privilege.ShareBusyTime); return nil },
			"calendar tasks work:5", "work", entry(privilege.ShareBusyTime), store.ShareAccepted},
		{"an event in it", func(tx *store.Tx) error { return put(tx, calendar(t, tx, "ann"), "1.ics") },
			"calendar tasks work:5", "work", entry(privilege.ShareBusyTime), store.ShareAccepted},
		{"rename", func(tx *store.Tx) error {
			home, err := tx.Root(bob.ID, store.KindCalendarHome)
			return errors.Join(err, tx.MoveCollection(collectionNamed(t, tx, "bob", "work"), home, "ann"))
		}, "calendar tasks ann:5", "-work ann", entry(privilege.ShareBusyTime), store.ShareAccepted},
		{"delete the mount", func(tx *store.Tx) error { return tx.DeleteCollection(collectionNamed(t, tx, "bob", "ann")) },
			"calendar tasks", "-ann", "", store.ShareDeclined},
		{"think better of it", func(tx *store.Tx) error { _, err := tx.Accept(find(tx), ""); return err },
			"calendar tasks ann-calendar:5", "ann-calendar", entry(privilege.ShareBusyTime), store.ShareAccepted},
		{"decline", func(tx *store.Tx) error { return tx.Decline(find(tx)) },
			"calendar tasks", "-ann-calendar", "", store.ShareDeclined},
		{"invite again", func(tx *store.Tx) error { share(t, tx, bob, privilege.ShareReadWrite); return nil },
			"calendar tasks", "", entry(privilege.ShareReadWrite), store.ShareInvited},
		{"accept", func(tx *store.Tx) error { _, err := tx.Accept(find(tx), "tasks"); return err },
			"calendar tasks tasks-2:1", "tasks-2", entry(privilege.ShareReadWrite), store.ShareAccepted},
		{"move the shared one", func(tx *store.Tx) error {
			home, err := tx.Root(ann.ID, store.KindCalendarHome)
			c := calendar(t, tx, "ann")
			return errors.Join(err, tx.MoveCollection(c, home, "other"), tx.MoveCollection(c, home, "calendar"))
		}, "calendar tasks tasks-2:1", "", entry(privilege.ShareReadWrite), store.ShareAccepted},
	} {
		update(t, db, step.do)
		if got := homeOf(t, db, bob); got != step.home {
			t.Errorf("%s: home has %q, want %q", step.name, got, step.home)
		}
		if got := changesIn(t, db, bob, &since); got != step.told {
			t.Errorf("%s: sync tells %q, want %q", step.name, got, step.told)
		}
		grants(step.granted)
		view(t, db, func(tx *store.Tx) error {
			if s := find(tx); s.Status != step.status {
				t.Errorf("%s: status %d, want %d", step.name, s.Status, step.status)
			}
			return nil
		})
		sound(t, db)
	}
	update(t, db, func(tx *store.Tx) error { return tx.DeleteShare(find(tx)) })
	if got := homeOf(t, db, bob); got != "calendar tasks" || changesIn(t, db, bob, &since) != "-tasks-2" {
		t.Errorf("after the end the home has %q", got)
	}
	grants("")
	sound(t, db)
}

func TestShare_FollowsTheMembershipOfItsGroup(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob", "carl")
	ann, bob, carl := users[0], users[1], users[2]
	g := groups(t, db, "all", "team")
	all, team := g[0], g[1]
	homeless := &store.Principal{Kind: store.User, Name: "dora"} // has never logged in
	update(t, db, func(tx *store.Tx) error {
		return errors.Join(tx.CreatePrincipal(homeless), tx.AddMember(all.ID, team.ID, store.ByHand), tx.AddMember(all.ID, ann.ID, store.ByHand),
			tx.AddMember(all.ID, homeless.ID, store.ByHand), tx.AddMember(team.ID, all.ID, store.ByHand)) // they are in each other
	})
	for _, step := range []struct {
		name      string
		do        func(tx *store.Tx) error
		bob, carl string
	}{
		{"share with an empty group", func(tx *store.Tx) error { share(t, tx, all, privilege.ShareRead); return nil }, "", ""},
		{"one joins a group in it", func(tx *store.Tx) error { return tx.AddMember(team.ID, bob.ID, store.ByHand) }, " ann-calendar:2", ""},
		{"one is in it by login", func(tx *store.Tx) error { return tx.SetGroups(carl.ID, store.ByLogin, []int64{team.ID}) }, " ann-calendar:2", " ann-calendar:2"},
		{"a better share of his own", func(tx *store.Tx) error {
			_, err := tx.Accept(share(t, tx, bob, privilege.ShareReadWrite), "")
			return err
		}, " ann-calendar:1", " ann-calendar:2"},
		{"another level", func(tx *store.Tx) error { share(t, tx, all, privilege.ShareBusyTitle); return nil }, " ann-calendar:1", " ann-calendar:4"},
		{"one does not want it", func(tx *store.Tx) error { return tx.DeleteCollection(collectionNamed(t, tx, "carl", "ann-calendar")) }, " ann-calendar:1", ""},
		{"and is not asked again", func(tx *store.Tx) error {
			return tx.SetMembers(team.ID, store.ByHand, []int64{bob.ID, carl.ID, all.ID})
		}, " ann-calendar:1", ""},
		{"but may think better of it", func(tx *store.Tx) error {
			list, err := tx.SharesTo(carl.ID, store.ShareDeclined)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			_, err = tx.Accept(list[0], "ann")
			return err
		}, " ann-calendar:1", " ann:4"},
		{"one leaves but has his own", func(tx *store.Tx) error { return tx.RemoveMember(team.ID, bob.ID) }, " ann-calendar:1", " ann:4"},
		{"one leaves by login and stays by hand", func(tx *store.Tx) error { return tx.SetGroups(carl.ID, store.ByLogin, nil) }, " ann-calendar:1", " ann:4"},
		{"one leaves", func(tx *store.Tx) error { return tx.RemoveMember(team.ID, carl.ID) }, " ann-calendar:1", ""},
		{"one comes back", func(tx *store.Tx) error { return tx.AddMember(all.ID, carl.ID, store.ByFile) }, " ann-calendar:1", " ann-calendar:4"},
	} {
		update(t, db, step.do)
		if got, want := homeOf(t, db, bob), "calendar tasks"+step.bob; got != want {
			t.Errorf("%s: bob has %q, want %q", step.name, got, want)
		}
		if got, want := homeOf(t, db, carl), "calendar tasks"+step.carl; got != want {
			t.Errorf("%s: carl has %q, want %q", step.name, got, want)
		}
		sound(t, db)
	}
	if got := homeOf(t, db, ann); got != "calendar tasks" {
		t.Errorf("the owner has %q", got)
	}
	update(t, db, func(tx *store.Tx) error {
		return tx.CreateCollection(&store.Collection{Owner: homeless.ID, Kind: store.KindCalendarHome, Name: "dora"})
	})
	if got := homeOf(t, db, homeless); got != "ann-calendar:4" {
		t.Errorf("who logs in for the first time has %q", got)
	}
	update(t, db, func(tx *store.Tx) error { return tx.DeletePrincipal(all) })
	if a, b := homeOf(t, db, bob), homeOf(t, db, carl); a != "calendar tasks ann-calendar:1" || b != "calendar tasks" {
		t.Errorf("after the end of the group: %q, %q", a, b)
	}
	sound(t, db)
}

// Whatever can be shared comes into the home that is for its kind.
func TestShare_WithAGroupReachesEveryKindOfHome(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	ann, bob := users[0], users[1]
	update(t, db, func(tx *store.Tx) error {
		team := &store.Principal{Kind: store.Group, Name: "team"}
		if err := errors.Join(tx.CreatePrincipal(team), tx.AddMember(team.ID, bob.ID, store.ByHand)); err != nil {
			return err
		}
		for _, kind := range []store.Kind{store.KindCalendar, store.KindBirthdays, store.KindAddressBook} {
			for _, p := range users {
				if _, err := tx.Root(p.ID, kind.In()); errors.Is(err, store.ErrNotFound) {
					if err := tx.CreateCollection(&store.Collection{Owner: p.ID, Kind: kind.In(), Name: p.Name}); err != nil {
						return err
					}
				}
			}
			home, err := tx.Root(ann.ID, kind.In())
			if err != nil {
				return err
			}
			c := &store.Collection{Parent: home.ID, Owner: ann.ID, Kind: kind, Name: fmt.Sprintf("kind-%d", kind)}
			if err := tx.CreateCollection(c); err != nil {
				return err
			}
			if err := tx.PutShare(&store.Share{Collection: c.ID, Address: "team", Sharee: team.ID, Level: privilege.ShareRead}); err != nil {
				return err
			}
			m, err := tx.Mount(c.ID, bob.ID)
			if err != nil {
				t.Errorf("kind %d: %v", kind, err)
				continue
			}
			if at, err := tx.Root(bob.ID, kind.In()); err != nil || m.Parent != at.ID {
				t.Errorf("kind %d lies in collection %d, not %d: %v", kind, m.Parent, at.ID, err)
			}
		}
		return nil
	})
}

func TestShare_WithWhomItCannotBe(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	team := groups(t, db, "team")[0]
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann").ID
		if err := tx.PutShare(&store.Share{Collection: c, Sharee: users[0].ID, Level: 1}); !errors.Is(err, store.ErrOwnShare) {
			t.Errorf("with the owner: %v", err)
		}
		if err := tx.PutShare(&store.Share{Collection: 4711, Sharee: users[1].ID, Level: 1}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("of nothing: %v", err)
		}
		stranger := &store.Share{Collection: c, Address: "MAILTO:Eve@Example.org", Level: 2}
		if err := tx.PutShare(stranger); err != nil || stranger.Status != store.ShareInvalid || stranger.Address != "mailto:eve@example.org" {
			t.Errorf("with somebody unknown: %+v, %v", stranger, err)
		}
		again := &store.Share{Collection: c, Address: "mailto:eve@example.org", Level: 1}
		if err := tx.PutShare(again); err != nil || again.ID != stranger.ID || again.UID != stranger.UID {
			t.Errorf("again: %+v, %v", again, err)
		}
		for _, s := range []*store.Share{stranger, share(t, tx, team, 2)} {
			if _, err := tx.Accept(s, ""); err == nil {
				t.Errorf("%s can accept", s.Address)
			}
		}
		if found, err := tx.ShareByUID(stranger.UID); err != nil || found.ID != stranger.ID {
			t.Errorf("%+v, %v", found, err)
		}
		if err := tx.DeleteShare(again); err != nil {
			return err
		}
		_, err := tx.ShareByUID(stranger.UID)
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an invitation that was taken back: %v", err)
		}
		return nil
	})
	sound(t, db)
}

func TestShare_WaitsForWhoGetsTheAddress(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	team := groups(t, db, "team")[0]
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann").ID
		invite := func(address string) *store.Share {
			s := &store.Share{Collection: c, Address: address, Level: privilege.ShareRead}
			if err := tx.PutShare(s); err != nil || s.Status != store.ShareInvalid {
				t.Fatalf("%+v, %v", s, err)
			}
			return s
		}
		for _, a := range []string{"b@example.org", "bobby@example.org", "a@example.org", "team@example.org", "late@example.org"} {
			invite(a)
		}
		err := errors.Join(
			tx.AddMember(team.ID, users[1].ID, store.ByHand),
			tx.SetAddresses(users[1].ID, []string{"B@example.org", "bobby@example.org"}),
			tx.SetAddresses(users[0].ID, []string{"a@example.org"}),
			tx.SetAddresses(team.ID, []string{"team@example.org"}))
		list, e := tx.Shares(c)
		var got []string
		for _, s := range list {
			got = append(got, fmt.Sprintf("%d:%d:%t", s.Sharee, s.Status, s.Via != 0))
		}
		slices.Sort(got)
		want := []string{"0:4:false", fmt.Sprintf("%d:1:false", users[1].ID), fmt.Sprintf("%d:2:true", users[1].ID), fmt.Sprintf("%d:2:false", team.ID)}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		return errors.Join(err, e)
	})
	sound(t, db)
}

// An address that has passed from one to another finds the share of who has it now, and leaves that of who had it.
func TestShare_OfAnAddressThatHasPassedOn(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob", "carl")
	bob, carl := users[1], users[2]
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann").ID
		put := func(address string, who *store.Principal, level privilege.Level) {
			t.Helper()
			if err := tx.PutShare(&store.Share{Collection: c, Address: address, Sharee: who.ID, Level: level}); err != nil {
				t.Error(err)
			}
		}
		put("mailto:x@example.org", bob, privilege.ShareRead)
		put("principal:3", carl, privilege.ShareRead)
		put("mailto:x@example.org", carl, privilege.ShareReadWrite)
		all, err := tx.Shares(c)
		got := map[int64]privilege.Level{}
		for _, s := range all {
			got[s.Sharee] = s.Level
		}
		if len(all) != 2 || got[bob.ID] != privilege.ShareRead || got[carl.ID] != privilege.ShareReadWrite {
			t.Errorf("%d shares: %v", len(all), got)
		}
		return err
	})
}

func TestShare_EndsWithWhatItHangsOn(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(tx *store.Tx, ann, bob *store.Principal) error{
		"the collection": func(tx *store.Tx, ann, bob *store.Principal) error {
			return tx.DeleteCollection(collectionNamed(t, tx, "ann", "calendar"))
		},
		"the home": func(tx *store.Tx, ann, bob *store.Principal) error {
			h, err := tx.Root(ann.ID, store.KindCalendarHome)
			return errors.Join(err, tx.DeleteCollection(h))
		},
		"the owner":  func(tx *store.Tx, ann, bob *store.Principal) error { return tx.DeletePrincipal(ann) },
		"the sharee": func(tx *store.Tx, ann, bob *store.Principal) error { return tx.DeletePrincipal(bob) },
		"a gift": func(tx *store.Tx, ann, bob *store.Principal) error {
			home, err := tx.Root(bob.ID, store.KindCalendarHome)
			return errors.Join(err, tx.MoveCollection(collectionNamed(t, tx, "ann", "calendar"), home, "given"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t)
			users := storetest.Seed(t, db, "ann", "bob", "carl")
			ann, bob, carl := users[0], users[1], users[2]
			update(t, db, func(tx *store.Tx) error {
				for _, p := range users[1:] {
					if _, err := tx.Accept(share(t, tx, p, privilege.ShareRead), ""); err != nil {
						return err
					}
				}
				return put(tx, calendar(t, tx, "ann"), "1.ics")
			})
			var since store.Token
			changesIn(t, db, carl, &since)
			update(t, db, func(tx *store.Tx) error { return end(tx, ann, bob) })
			sound(t, db)
			kept := name == "the sharee" || name == "a gift"
			if got, told := homeOf(t, db, carl), changesIn(t, db, carl, &since); kept != (got == "calendar tasks ann-calendar:2") || !kept && told != "-ann-calendar" {
				t.Errorf("carl has %q, sync tells %q", got, told)
			}
			if name == "a gift" {
				if got := homeOf(t, db, bob); got != "given calendar tasks" {
					t.Errorf("bob has %q", got)
				}
			}
		})
	}
}

func TestMount_IsItsOwnersAffair(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob", "carl")
	update(t, db, func(tx *store.Tx) error {
		m, err := tx.Accept(share(t, tx, users[1], privilege.ShareRead), "")
		if err != nil {
			return err
		}
		if *m.Display != "calendar" || !m.Transparent || m.Components != 1 || m.Kind != store.KindCalendar || m.Owner != users[1].ID {
			t.Errorf("%+v", m)
		}
		if _, err := tx.Mount(m.Target, users[2].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the mount of who has none: %v", err)
		}
		carls, err := tx.Root(users[2].ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		if err := tx.MoveCollection(m, carls, "stolen"); !errors.Is(err, store.ErrBadName) {
			t.Errorf("a share is given away: %v", err)
		}
		display := "Ann at work"
		m.Display, m.Transparent = &display, false
		return tx.SaveCollection(m)
	})
	view(t, db, func(tx *store.Tx) error {
		if c := calendar(t, tx, "ann"); c.Display != nil && *c.Display == "Ann at work" {
			t.Error("a name of the sharee's own is the owner's too")
		}
		return nil
	})
	sound(t, db)
}

// What a change of membership costs does not grow with who and what is there already.
func TestSettleShares_Statements(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	names := []string{"ann"}
	for i := range 30 {
		names = append(names, fmt.Sprint("u", i))
	}
	users := storetest.Seed(t, db, names...)
	team := groups(t, db, "team")[0]
	update(t, db, func(tx *store.Tx) error {
		home, err := tx.Root(users[0].ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		for i := range 30 {
			c := &store.Collection{Parent: home.ID, Owner: users[0].ID, Kind: store.KindCalendar, Name: fmt.Sprint("c", i)}
			if err := errors.Join(tx.CreateCollection(c), tx.PutShare(&store.Share{Collection: c.ID, Address: "team", Sharee: team.ID, Level: 2})); err != nil {
				return err
			}
		}
		var members []int64
		for _, u := range users[1:20] {
			members = append(members, u.ID)
		}
		return tx.SetMembers(team.ID, store.ByHand, members)
	})
	update(t, db, func(tx *store.Tx) error {
		before := tx.Statements()
		err := tx.AddMember(team.ID, users[3].ID, store.ByHand)
		if n := tx.Statements() - before; n > 5 {
			t.Errorf("%d statements for who is in the group already", n)
		}
		before = tx.Statements()
		err = errors.Join(err, tx.AddMember(team.ID, users[25].ID, store.ByHand))
		if n := tx.Statements() - before; n > 5+8*30 {
			t.Errorf("%d statements for 30 collections", n)
		}
		return err
	})
	sound(t, db)
}
