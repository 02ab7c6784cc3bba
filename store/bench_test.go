package store_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

const day = 86400

// filled is a calendar of n events of 1.4 kB, an hour each, one a day; every 25th recurs for ever.
func filled(b *testing.B, n int) *store.DB {
	b.Helper()
	db := storetest.Open(b)
	storetest.Seed(b, db, "ann")
	body := make([]byte, 1400)
	for begin := 0; begin < n; begin += 500 {
		update(b, db, func(tx *store.Tx) error {
			c := calendar(b, tx, "ann")
			for i := begin; i < min(n, begin+500); i++ {
				name := fmt.Sprintf("%08x-0000-4000-8000-%012d", uint32(i)*2654435761, i)
				first := int64(i) * day
				ix := store.Index{Version: 1, Kind: 1, UID: name, First: first, Last: first + 3600, Series: make([]byte, 60)}
				if i%25 == 0 {
					ix.Last = store.MaxTime
				}
				if err := tx.PutObject(c, &store.Object{Name: name + ".ics"}, body, ix); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return db
}

func BenchmarkPutObject(b *testing.B) {
	for _, kind := range []string{"new", "replace"} {
		b.Run(kind, func(b *testing.B) {
			db := filled(b, 1)
			body := make([]byte, 1400)
			var id int64
			view(b, db, func(tx *store.Tx) error { id = calendar(b, tx, "ann").ID; return nil })
			n := 0
			for b.Loop() {
				n++
				update(b, db, func(tx *store.Tx) error {
					c, err := tx.CollectionByID(id)
					if err != nil {
						return err
					}
					o := &store.Object{Name: fmt.Sprintf("%d.ics", n)}
					if kind == "replace" {
						if o, err = tx.Object(id, "00000000-0000-4000-8000-000000000000.ics", 0); err != nil {
							return err
						}
					}
					return tx.PutObject(c, o, body, store.Index{Version: 1, Kind: 1, UID: o.Name, First: int64(n), Last: int64(n)})
				})
			}
		})
	}
}

func BenchmarkPutObject_Parallel(b *testing.B) {
	db := filled(b, 1)
	body := make([]byte, 1400)
	names := make(chan string)
	go func() {
		for n := 0; ; n++ {
			select {
			case names <- fmt.Sprintf("%d.ics", n):
			case <-b.Context().Done():
				return
			}
		}
	}()
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			name := <-names
			view(b, db, func(tx *store.Tx) error { calendar(b, tx, "ann"); return nil }) // as a request does
			update(b, db, func(tx *store.Tx) error {
				return tx.PutObject(calendar(b, tx, "ann"), &store.Object{Name: name}, body, store.Index{Kind: 1, UID: name})
			})
		}
	})
}

func BenchmarkRead(b *testing.B) {
	db := filled(b, 10_000)
	var id int64
	var recent store.Token
	view(b, db, func(tx *store.Tx) error {
		c := calendar(b, tx, "ann")
		id = c.ID
		_, _, _, err := tx.Changes(c, store.Token{}, 0)
		return err
	})
	view(b, db, func(tx *store.Tx) (err error) {
		c := calendar(b, tx, "ann")
		_, recent, _, err = tx.Changes(c, store.Token{}, 9_990)
		return err
	})
	count := func(want int, fn func(tx *store.Tx) func(func(*store.Object, error) bool)) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				view(b, db, func(tx *store.Tx) error {
					n := 0
					for _, err := range fn(tx) {
						if err != nil {
							return err
						}
						n++
					}
					if n != want {
						b.Fatalf("%d, want %d", n, want)
					}
					return nil
				})
			}
		}
	}
	b.Run("Objects", count(10_000, func(tx *store.Tx) func(func(*store.Object, error) bool) { return tx.Objects(id, 0) }))
	b.Run("Objects_Body", count(10_000, func(tx *store.Tx) func(func(*store.Object, error) bool) { return tx.Objects(id, store.Body) }))
	b.Run("Outlines_Month", func(b *testing.B) {
		for b.Loop() {
			view(b, db, func(tx *store.Tx) error {
				n := 0
				for _, err := range tx.Outlines(id, store.Search{Kinds: 1, From: 9_960 * day, To: 9_990 * day, Series: store.EverySeries}) {
					if err != nil {
						return err
					}
					n++
				}
				if n != 430 {
					b.Fatalf("%d, want 430", n)
				}
				return nil
			})
		}
	})
	for name, part := range map[string]string{"whole": "00000000-0000-4000-8000-000000000000", "part": "4000-8000-00000000000"} {
		b.Run("Outlines_UID/"+name, func(b *testing.B) {
			for b.Loop() {
				view(b, db, func(tx *store.Tx) error {
					n := 0
					for _, err := range tx.Outlines(id, store.Search{From: store.MinTime, To: store.MaxTime, UID: part, Series: store.EverySeries}) {
						if n++; err != nil {
							return err
						}
					}
					if n != map[string]int{"whole": 1, "part": 10}[name] {
						b.Fatalf("%d", n)
					}
					return nil
				})
			}
		})
	}
	b.Run("Object", func(b *testing.B) {
		for b.Loop() {
			view(b, db, func(tx *store.Tx) error {
				_, err := tx.Object(id, "00000000-0000-4000-8000-000000000000.ics", store.Body)
				return err
			})
		}
	})
	for name, since := range map[string]store.Token{"Changes_All": {}, "Changes_Ten": recent} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				view(b, db, func(tx *store.Tx) error {
					c, err := tx.CollectionByID(id)
					if err != nil {
						return err
					}
					_, _, _, err = tx.Changes(c, since, 0)
					return err
				})
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	db := filled(b, 1_000)
	for b.Loop() {
		other, err := store.Open(db.Path(), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := other.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPurgeCollection empties a deleted calendar of 10,000 objects, each put by a change of its own.
func BenchmarkPurgeCollection(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		db := filled(b, 10_000)
		var id int64
		update(b, db, func(tx *store.Tx) error {
			c := calendar(b, tx, "ann")
			id = c.ID
			return tx.DeleteCollection(c)
		})
		b.StartTimer()
		before := cpu(b)
		parts, longest := 0, time.Duration(0)
		for more := true; more; parts++ {
			began := time.Now()
			update(b, db, func(tx *store.Tx) (err error) {
				for part := time.Now(); more && err == nil && time.Since(part) < 15*time.Millisecond; { // as package job does it
					more, err = tx.PurgeCollection(id, 500)
				}
				return err
			})
			longest = max(longest, time.Since(began))
		}
		b.ReportMetric(float64((cpu(b)-before).Microseconds())/1e3, "cpu-ms")
		b.ReportMetric(float64(parts), "commits")
		b.ReportMetric(float64(longest.Microseconds())/1e3, "longest-ms")
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
