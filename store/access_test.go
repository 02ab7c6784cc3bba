package store

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
)

// accessQueries calls whatever decides who may see what, once, for TestStatements.
func accessQueries(t testing.TB, db *DB) {
	t.Helper()
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	must(db.Update(t.Context(), func(tx *Tx) error {
		owner, err := tx.Principal(User, "ann")
		must(err)
		home, err := tx.Root(owner.ID, KindCalendarHome)
		must(err)
		c := &Collection{Parent: home.ID, Owner: owner.ID, Kind: KindCalendar, Name: "shared"}
		o := &Object{Name: "1.ics"}
		must(tx.CreateCollection(c), tx.PutObject(c, o, []byte("x"), Index{}))
		carl, team := &Principal{Kind: User, Name: "carl"}, &Principal{Kind: Group, Name: "team"}
		must(tx.CreatePrincipal(carl), tx.CreatePrincipal(team), tx.SetMembers(team.ID, ByHand, []int64{carl.ID}), tx.SetGroups(carl.ID, ByLogin, []int64{team.ID}))
		_, err = tx.Proxy(owner.ID, ProxyRead)
		must(err, tx.SetACEs(c.ID, 0, []privilege.ACE{{Subject: privilege.ToPrincipal, Who: carl.ID, Allow: privilege.Read}}), tx.SetACEs(c.ID, o.ID, nil))
		for _, kind := range []Kind{KindCalendarHome, KindFiles} {
			must(tx.CreateCollection(&Collection{Owner: carl.ID, Kind: kind, Name: "carl"}))
		}
		group, own := &Share{Collection: c.ID, Address: "team", Sharee: team.ID, Level: 2}, &Share{Collection: c.ID, Address: "carl", Sharee: carl.ID, Level: 1}
		must(tx.PutShare(group), tx.PutShare(own))
		mount, err := tx.Accept(own, "")
		must(err)
		_, e1 := tx.ACEs(c.ID)
		_, e2 := tx.ACEsOfHome(mount.Parent)
		_, _, e3 := tx.Reach(KindCalendarHome, "ann", []int64{carl.ID, team.ID}, false)
		_, e4 := tx.Memberships(carl.ID)
		_, e5 := tx.GroupsOf(carl.ID)
		_, e6 := tx.Members(team.ID)
		_, e7 := tx.Shares(c.ID)
		_, e8 := tx.SharesTo(carl.ID, ShareAccepted)
		_, e9 := tx.ShareByUID(own.UID)
		_, e10 := tx.Target(mount)
		_, e11 := tx.Targets(mount.Parent)
		must(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, tx.Decline(own))
		mount, err = tx.Mount(c.ID, carl.ID)
		must(err, tx.DeleteCollection(mount))
		own.Level = 3
		must(tx.PutShare(own))
		_, err = tx.Accept(own, "")
		own.Level = 4
		must(err, tx.PutShare(own), tx.DeleteShare(own), tx.RemoveMember(team.ID, carl.ID), tx.AddMember(team.ID, carl.ID, ByHand), tx.PutShare(own))
		carls, err := tx.Root(carl.ID, KindCalendarHome)
		must(err, tx.MoveCollection(c, carls, "given"), tx.MoveCollection(c, home, "shared"), tx.DeleteCollection(c))
		secret, err := tx.NewToken(DeviceToken, carl.ID, 0, "phone", Never)
		must(err)
		token, err := tx.SecretToken(DeviceToken, secret)
		must(err, tx.TokenUsed(token))
		_, e1 = tx.Tokens(carl.ID)
		_, e2 = tx.Allowed("x")
		return errors.Join(e1, e2, tx.Fail("x"), tx.Succeed("x"), tx.RevokeToken(DeviceToken, carl.ID, "phone"), tx.DeletePrincipal(team), tx.DeletePrincipal(carl))
	}))
}

func TestCheck_FindsWhatIsWrongWithShares(t *testing.T) {
	t.Parallel()
	for problem, breaks := range map[string]string{
		"accepted share of a collection that is gone":           `UPDATE collection SET deleted=1 WHERE name='shared'`,
		"accepted share that nobody shares":                     `UPDATE collection SET level=5 WHERE target IS NOT NULL`,
		"accepted share that is not in its sharee's home":       `DELETE FROM collection WHERE target IS NOT NULL`,
		"share of a deleted collection, or with its owner":      `UPDATE share SET sharee=(SELECT owner FROM collection WHERE name='shared')`,
		"share without its access control entry":                `DELETE FROM ace WHERE share IS NOT NULL`,
		"share of a member with no share of the group":          `INSERT INTO share(uid, collection, address, sharee, via, level, status, at) SELECT 'u', collection, 'x', sharee, id, 5, 3, 0 FROM share`,
		"access control entry of an object that does not exist": `INSERT INTO ace(collection, object, position, subject, invert, allow, deny) SELECT id, 4711, 0, 2, 0, 1, 0 FROM collection WHERE name='shared'`,
		"access control entry for nobody":                       `INSERT INTO ace(collection, position, subject, invert, allow, deny) SELECT id, 9, 1, 0, 1, 0 FROM collection WHERE name='shared'`,
		"member of what is no group":                            `INSERT INTO member SELECT a.id, b.id, 1 FROM principal a, principal b WHERE a.name='ann' AND b.name='bob'`,
		"delegates of nobody":                                   `UPDATE principal SET kind=5 WHERE name='bob'`,
	} {
		t.Run(problem, func(t *testing.T) {
			t.Parallel()
			db := openTemp(t, Options{})
			if err := db.Update(t.Context(), func(tx *Tx) error {
				ann, bob := &Principal{Kind: User, Name: "ann"}, &Principal{Kind: User, Name: "bob"}
				if err := errors.Join(tx.CreatePrincipal(ann), tx.CreatePrincipal(bob)); err != nil {
					return err
				}
				home := &Collection{Owner: ann.ID, Kind: KindCalendarHome, Name: "ann"}
				if err := errors.Join(tx.CreateCollection(home), tx.CreateCollection(&Collection{Owner: bob.ID, Kind: KindCalendarHome, Name: "bob"})); err != nil {
					return err
				}
				c := &Collection{Parent: home.ID, Owner: ann.ID, Kind: KindCalendar, Name: "shared"}
				if err := tx.CreateCollection(c); err != nil {
					return err
				}
				s := &Share{Collection: c.ID, Address: "bob", Sharee: bob.ID, Level: 2}
				if err := tx.PutShare(s); err != nil {
					return err
				}
				_, err := tx.Accept(s, "mount")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if found, err := db.Check(t.Context()); err != nil || found != nil {
				t.Fatal(found, err)
			}
			raw, err := sql.Open("sqlite3", "file:"+db.Path())
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if _, err := raw.Exec(breaks); err != nil {
				t.Fatal(err)
			}
			found, err := db.Check(t.Context())
			if err != nil || !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, problem+": ") }) {
				t.Errorf("%v, %v", found, err)
			}
		})
	}
}
