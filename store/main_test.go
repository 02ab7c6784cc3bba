package store_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"caldav-fcgi/store"
)

// childEnv names the database a child process writes to until it is killed or has written childCount objects.
const childEnv, childCountEnv, childNameEnv = "STORE_TEST_CHILD", "STORE_TEST_COUNT", "STORE_TEST_NAME"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		run := func() error { return child(path, os.Getenv(childNameEnv), os.Getenv(childCountEnv)) }
		if token := os.Getenv(lockEnv); token != "" {
			run = func() error { return childLock(path, token) }
		}
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child says the name of every object that is acknowledged.
func child(path, name, count string) error {
	var n int
	if _, err := fmt.Sscan(count, &n); err != nil {
		return err
	}
	db, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	for i := range n {
		object := fmt.Sprintf("%s-%d.ics", name, i)
		err := db.Update(context.Background(), func(tx *store.Tx) error {
			p, err := tx.Principal(store.User, "ann")
			if err != nil {
				return err
			}
			home, err := tx.Root(p.ID, store.KindCalendarHome)
			if err != nil {
				return err
			}
			c, err := tx.Collection(home.ID, "calendar")
			if err != nil {
				return err
			}
			return tx.PutObject(c, &store.Object{Name: object}, make([]byte, 800), store.Index{UID: object, Kind: 1})
		})
		if err != nil {
			return err
		}
		if _, err := fmt.Println(object); err != nil {
			return err
		}
	}
	return nil
}
