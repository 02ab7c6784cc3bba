package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// start runs a child process; said gets its lines. With kill > 0 it is killed after so many of them.
func start(t *testing.T, path, name string, count, kill int, said func(string)) (wait func() error) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"="+path, childNameEnv+"="+name, fmt.Sprintf("%s=%d", childCountEnv, count))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() error {
		n := 0
		for s := bufio.NewScanner(out); s.Scan(); {
			if strings.HasSuffix(s.Text(), ".ics") { // a killed child may leave half a line
				said(s.Text())
			}
			if n++; n == kill {
				cmd.Process.Kill()
			}
		}
		return cmd.Wait()
	}
}

func acknowledged(t *testing.T, db *store.DB, names []string) {
	t.Helper()
	view(t, db, func(tx *store.Tx) error {
		found := 0
		for _, err := range tx.Objects(calendar(t, tx, "ann").ID, 0, names...) {
			if err != nil {
				return err
			}
			found++
		}
		if found != len(names) {
			t.Errorf("%d of %d acknowledged objects are there", found, len(names))
		}
		return nil
	})
	sound(t, db)
}

func sound(t *testing.T, db *store.DB) {
	t.Helper()
	problems, err := db.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
	if problems != nil {
		t.Log(storetest.Dump(t, db))
	}
}

func TestProcesses_WriteTogether(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	db := storetest.OpenAt(t, path, store.Options{})
	storetest.Seed(t, db, "ann")
	const count = 40
	var names []string
	var mu sync.Mutex
	said := func(s string) { mu.Lock(); names = append(names, s); mu.Unlock() }
	var wg sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		wait := start(t, path, name, count, 0, said)
		wg.Go(func() {
			if err := wait(); err != nil {
				t.Error(err)
			}
		})
	}
	for i := range count {
		name := fmt.Sprintf("own-%d.ics", i)
		update(t, db, func(tx *store.Tx) error {
			return tx.PutObject(calendar(t, tx, "ann"), &store.Object{Name: name}, []byte("x"), store.Index{})
		})
		said(name)
	}
	wg.Wait()
	if len(names) != 3*count {
		t.Errorf("%d acknowledged, want %d", len(names), 3*count)
	}
	acknowledged(t, db, names)
}

func TestProcesses_KilledLoseNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	db := storetest.OpenAt(t, path, store.Options{})
	storetest.Seed(t, db, "ann")
	var names []string
	var mu sync.Mutex
	for round := range 4 {
		var wg sync.WaitGroup
		for _, name := range []string{"one", "two"} {
			wait := start(t, path, fmt.Sprintf("%s%d", name, round), 1_000_000, 5+3*round, func(s string) { mu.Lock(); names = append(names, s); mu.Unlock() })
			wg.Go(func() {
				if wait() == nil {
					t.Error("the child ended by itself")
				}
			})
		}
		wg.Wait()
	}
	if err := db.Close(); err != nil { // nobody has it open: what comes back comes from the files
		t.Error(err)
	}
	acknowledged(t, storetest.OpenAt(t, path, store.Options{}), names)
}

func TestOpen_ManyAtOnceCreateOne(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := store.Open(path, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
