package share

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// table is ann's calendar, and homes with a place for notifications.
type table struct {
	ann, bob *store.Principal
	c        *store.Collection
}

func tableIn(t *testing.T, tx *store.Tx, users []*store.Principal) table {
	t.Helper()
	for _, u := range users {
		home, err := tx.Root(u.ID, store.KindCalendarHome)
		if err == nil {
			err = tx.CreateCollection(&store.Collection{Parent: home.ID, Owner: u.ID, Kind: store.KindNotifications, Name: folder})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	home, err := tx.Root(users[0].ID, store.KindCalendarHome)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tx.Collection(home.ID, "calendar")
	if err != nil {
		t.Fatal(err)
	}
	return table{users[0], users[1], c}
}

// notes lists somebody's notifications: the kind of each, and the last word of its state.
func notes(t *testing.T, tx *store.Tx, p *store.Principal) string {
	t.Helper()
	place, err := Broker{Tx: tx}.place(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for o, err := range tx.Objects(place.ID, store.Body) {
		if err != nil {
			t.Fatal(err)
		}
		for _, state := range []string{"noresponse", "accepted", "declined", "deleted"} {
			if strings.Contains(string(o.Body), "<cs:invite-"+state+"/>") {
				list = append(list, fmt.Sprintf("%d:%s", o.Kind, state))
			}
		}
	}
	return strings.Join(list, " ")
}

func TestBroker_WhatEachIsTold(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		w := tableIn(t, tx, users)
		b := Broker{Tx: tx}
		invite := func(level privilege.Level) *store.Share {
			s := &store.Share{Collection: w.c.ID, Sharee: w.bob.ID, Address: "mailto:bob@example.org", Level: level}
			if err := b.Invite(w.c, w.ann, s); err != nil {
				t.Fatal(err)
			}
			return s
		}
		told := func(step, bob, ann string) {
			t.Helper()
			if gotBob, gotAnn := notes(t, tx, w.bob), notes(t, tx, w.ann); gotBob != bob || gotAnn != ann {
				t.Errorf("%s: bob is told %q, ann %q; want %q, %q", step, gotBob, gotAnn, bob, ann)
			}
		}
		s := invite(privilege.ShareRead)
		told("invited", "1:noresponse", "")
		invite(privilege.ShareBusyTitle)
		told("at another level", "1:noresponse", "")
		if err := b.Remove(w.c, w.ann, s); err != nil {
			return err
		}
		told("taken back before an answer", "", "")
		s = invite(privilege.ShareRead)
		mount, err := b.Answer(s, true, "Hers")
		if err != nil {
			return err
		}
		if *mount.Display != "Hers" {
			t.Errorf("the mount is called %q", *mount.Display)
		}
		told("accepted", "", "2:accepted")
		invite(privilege.ShareRead)
		told("nothing new", "", "2:accepted")
		invite(privilege.ShareReadWrite)
		told("at another level", "1:accepted", "2:accepted")
		if mount, err = tx.Mount(w.c.ID, w.bob.ID); err != nil {
			return err
		}
		if err := errors.Join(b.Removing(mount, w.c, w.ann), tx.DeleteCollection(mount)); err != nil {
			return err
		}
		told("deleted by the sharee", "", "2:declined")
		s = invite(privilege.ShareReadWrite)
		told("asked again", "1:noresponse", "2:declined")
		if _, err := b.Answer(s, true, ""); err != nil {
			return err
		}
		if w.c, err = tx.CollectionByID(w.c.ID); err != nil {
			return err
		}
		if err := errors.Join(b.Removing(w.c, w.c, w.ann), tx.DeleteCollection(w.c)); err != nil {
			return err
		}
		told("deleted by the owner", "1:deleted", "2:accepted")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if problems, err := db.Check(t.Context()); err != nil || problems != nil {
		t.Error(problems, err)
	}
}

func TestBroker_WhoIsNotAskedHasItAtOnce(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		w := tableIn(t, tx, users)
		homeless := &store.Principal{Kind: store.User, Name: "dora"}
		if err := tx.CreatePrincipal(homeless); err != nil {
			return err
		}
		b := Broker{Tx: tx, Accept: true}
		s := &store.Share{Collection: w.c.ID, Sharee: w.bob.ID, Address: "mailto:bob@example.org", Level: privilege.ShareRead}
		if err := b.Invite(w.c, w.ann, s); err != nil || s.Status != store.ShareAccepted || notes(t, tx, w.bob) != "1:accepted" {
			t.Errorf("%+v, %v; told %q", s, err, notes(t, tx, w.bob))
		}
		if _, err := tx.Mount(w.c.ID, w.bob.ID); err != nil {
			t.Error(err)
		}
		s = &store.Share{Collection: w.c.ID, Sharee: homeless.ID, Address: "mailto:dora@example.org", Level: privilege.ShareRead}
		if err := b.Invite(w.c, w.ann, s); err != nil || s.Status != store.ShareInvited {
			t.Errorf("who was never here: %+v, %v", s, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if problems, err := db.Check(t.Context()); err != nil || problems != nil {
		t.Error(problems, err)
	}
}

// What others do must not fill somebody's account, nor fail because it is full.
func TestBroker_NoRoomForANotification(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		w := tableIn(t, tx, users)
		w.bob.Quota = new(int64(100))
		s := &store.Share{Collection: w.c.ID, Sharee: w.bob.ID, Address: "mailto:bob@example.org", Level: privilege.ShareRead}
		if err := errors.Join(tx.SavePrincipal(w.bob), Broker{Tx: tx}.Invite(w.c, w.ann, s)); err != nil {
			return err
		}
		if got := notes(t, tx, w.bob); got != "" {
			t.Errorf("told %q", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
