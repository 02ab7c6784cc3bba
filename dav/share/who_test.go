package share

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestWho_EverybodyAndWhy(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob", "carl", "dora", "eve", "fay", "gus")
	ann := users[0]
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		home, err := tx.Root(ann.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		c, err := tx.Collection(home.ID, "calendar")
		if err != nil {
			return err
		}
		team, crew := &store.Principal{Kind: store.Group, Name: "team"}, &store.Principal{Kind: store.Group, Name: "crew"}
		proxy, err := tx.Proxy(ann.ID, store.ProxyRead)
		must := []error{err, tx.CreatePrincipal(team), tx.CreatePrincipal(crew), tx.SetMembers(team.ID, store.ByHand, []int64{users[2].ID, crew.ID}),
			tx.SetMembers(crew.ID, store.ByHand, []int64{users[3].ID, team.ID}), tx.SetMembers(proxy.ID, store.ByHand, []int64{users[4].ID})}
		b := Broker{Tx: tx, Accept: true}
		must = append(must,
			b.Invite(c, ann, &store.Share{Collection: c.ID, Sharee: users[1].ID, Address: "mailto:bob@example.org", Level: privilege.ShareBusyTitle}),
			b.Invite(c, ann, &store.Share{Collection: c.ID, Sharee: team.ID, Address: "team", Level: privilege.ShareReadWrite}),
			tx.SetACEs(c.ID, 0, []privilege.ACE{
				{Subject: privilege.ToPrincipal, Who: users[3].ID, Deny: privilege.WriteContent},
				{Subject: privilege.ToPrincipal, Who: users[6].ID, Deny: privilege.All},
				{Subject: privilege.ToAuthenticated, Allow: privilege.ReadFreeBusy, View: privilege.BusyTime}}),
			tx.SetACEs(home.ID, 0, []privilege.ACE{{Subject: privilege.ToPrincipal, Who: users[6].ID, Allow: privilege.Read}}))
		if err := errors.Join(must...); err != nil {
			return err
		}
		list, err := Who(tx, c, []string{"fay", "@nobody", "nobody"})
		var got []string
		for _, s := range list {
			name, mount := "everybody", ""
			if s.User != nil {
				name = s.User.Name
			}
			if s.Mount != nil {
				mount = s.Mount.Name
			}
			got = append(got, fmt.Sprintln(name, Describe(s.Access), s.Reasons, mount))
		}
		want := []string{
			"ann all [owner] \n",
			"bob busy-title [share busy-title] ann-calendar\n",
			"carl read-write [share read-write through @team] ann-calendar\n",
			"dora read [share read-write through @team, @crew] ann-calendar\n",
			"eve read [delegate for reading] \n",
			"fay all [administrator] \n",
			"everybody free-busy [entry for everybody with a login] \n",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
