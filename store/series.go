package store

import (
	"database/sql"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// Index is what a query can be decided by without the body. The layer that knows the format computes it.
type Index struct {
	Version     int64  // of the code that computed it
	Bucket      int64  // set by PutObject
	First, Last int64  // widened so far that no time zone makes it too narrow; MinTime and MaxTime are open ends
	Kind, Flags uint32 // bits
	UID         string // "" when the format has none
	Series      []byte
	Keys        []Key // of an address object; written only
}

// Open ends of Index and Candidates.
const (
	MinTime int64 = -(1 << 62)
	MaxTime int64 = 1 << 62
)

// Buckets of lengths make a search for what overlaps a window a range of the index: what lasts at most 2^n days and reaches into the
// window began at most 2^n days before it. Without them, one long event would have every search begin at the first of all events.
const (
	maxBucket = 24 // 2^24 days are 46,000 years
	endless   = 99
	day       = 86400
)

func bucketOf(first, last int64) int64 {
	if first <= MinTime || last >= MaxTime {
		return endless
	}
	for n := range int64(maxBucket + 1) {
		if last-first <= day<<n { // no overflow: both ends are within ±1<<62
			return n
		}
	}
	return endless
}

// Search is what Outlines looks for. Rows that were indexed by other code (Options.IndexVersion) are found whatever it says.
type Search struct {
	Kinds    uint32 // bits; 0 for all
	From, To int64  // Unix seconds; MinTime and MaxTime are open
	ByUID    bool   // whatever the UID is, it is wanted
	UID      string // a part of the UID, "" for any
	FoldUID  bool   // … in upper case, compared without regard to the case of ASCII letters
	Series   SeriesOf
}

// SeriesOf says whose Series are read.
type SeriesOf uint8

const (
	NoSeries SeriesOf = iota
	SeriesAcross
	EverySeries
)

// Outline is what of an object a search is decided by.
type Outline struct {
	ID     int64
	Lies   Lies
	UID    string // in a search by UID
	Series []byte // valid until the next step
}

// Lies is how the bounds of an object lie to the time searched.
type Lies uint8

const (
	Unknown Lies = iota // the row was indexed by other code
	Within              // it has an instance, and they are all within
	Across
)

const (
	// ?1 collection, ?2 from, ?3 to, ?4 kinds, ?5 version (0: any), ?6 series, ?7 UID, ?8 fold.
	within         = `o.first>=?2 AND o.last<=?3 AND o.first<4611686018427387904`
	outlineLies    = `o.id, CASE WHEN ?5<>0 AND o.indexed<>?5 THEN 0 WHEN ` + within + ` THEN 1 ELSE 2 END, `
	outlineBlob    = `CASE WHEN ?5<>0 AND o.indexed<>?5 OR ?6=0 OR ?6=1 AND ` + within + ` THEN NULL ELSE o.series END`
	outlinesUID    = `SELECT ` + outlineLies + `o.uid, ` + outlineBlob + ` FROM object o WHERE o.collection=?1 AND `
	outlinesUIDAnd = ` AND instr(CASE ?8 WHEN 0 THEN o.uid ELSE upper(o.uid) END, ?7)
		AND (?4=0 OR o.kind&?4<>0 OR ?5<>0 AND o.indexed<>?5)
		AND (?5<>0 AND o.indexed<>?5 OR o.first<=?3 AND o.last>=?2)`
	others = ` UNION ALL SELECT o.id, 0, o.uid, NULL FROM object o WHERE o.collection=?1 AND o.indexed<?5
	UNION ALL SELECT o.id, 0, o.uid, NULL FROM object o WHERE o.collection=?1 AND o.indexed>?5`
)

var (
	outlines      = outlineQuery("")
	outlinesTrust = outlineQuery(` AND o.indexed=+?5`) + others
	// object_uid: what has the text as its UID, then those of the longer ones that have it as a part.
	outlinesByUID = outlinesUID + `length(o.uid)=length(?7) AND o.uid=?7 COLLATE NOCASE` + outlinesUIDAnd +
		` UNION ALL ` + outlinesUID + `length(o.uid)>length(?7) AND o.uid IS NOT NULL` + outlinesUIDAnd
)

// longBucket is where what lasts long begins: 16 days and more, which series do. Those are in object_long with all that a
// search reads of them, since they are among its candidates wherever they lie in the table.
const longBucket = 5

// outlineQuery reads one range of object_time, or of object_long, for each kind that occurs and each bucket.
func outlineQuery(and string) string {
	var buckets strings.Builder
	for n := range maxBucket + 1 {
		fmt.Fprintf(&buckets, "(%d, %d), ", n, int64(day)<<n)
	}
	fmt.Fprintf(&buckets, "(%d, NULL)", endless)
	part := func(index, side string) string {
		return `SELECT ` + outlineLies + `NULL, ` + outlineBlob + ` FROM k CROSS JOIN bucket CROSS JOIN object o INDEXED BY ` + index + `
		ON o.collection=+?1 AND o.kind=k.kind AND o.bucket=bucket.n AND o.first>=ifnull(?2-bucket.length, ` + strconv.FormatInt(MinTime, 10) + `) AND o.first<=?3
	WHERE k.kind IS NOT NULL AND (?4=0 OR k.kind&?4<>0) AND o.last>=?2 AND bucket.n` + side + ` AND o.bucket` + side + and
	}
	long := strconv.Itoa(longBucket)
	return `WITH RECURSIVE
	k(kind) AS (SELECT min(kind) FROM object WHERE collection=+?1
		UNION ALL SELECT (SELECT min(kind) FROM object WHERE collection=+?1 AND kind>k.kind) FROM k WHERE k.kind IS NOT NULL),
	bucket(n, length) AS (VALUES ` + buckets.String() + `)
	` + part("object_time", `<`+long) + ` UNION ALL ` + part("object_long", `>=`+long)
}

// Outlines are all objects that can be what is searched, and some that are not.
func (tx *Tx) Outlines(collection int64, q Search) iter.Seq2[*Outline, error] {
	return func(yield func(*Outline, error) bool) {
		from, to := min(max(q.From, MinTime), MaxTime), min(max(q.To, MinTime), MaxTime)
		fold := int64(0)
		if q.FoldUID {
			fold = 1
		}
		query, args := outlines, []any{collection, from, to, int64(q.Kinds), tx.db.index, int64(q.Series), q.UID, fold}
		switch {
		case q.UID != "" || q.ByUID:
			query = outlinesByUID
		case tx.db.index != 0:
			query, args = outlinesTrust, args[:6]
		default:
			args = args[:6]
		}
		var o Outline
		var series sql.RawBytes
		step := func() bool {
			o.Series = series
			return yield(&o, nil)
		}
		if err := tx.each([]any{num(&o.ID), num(&o.Lies), text{&o.UID}, &series}, step, query, args...); err != nil {
			yield(nil, fmt.Errorf("search by time: %w", err))
		}
	}
}

// Stale are objects in collections of a kind that were indexed by code of another version, with their bodies: so many of them, in
// the order of their rows, after one.
func (tx *Tx) Stale(kind Kind, version, after int64, most int) iter.Seq2[*Object, error] {
	return tx.objects("list stale rows", objectsStale, Body, after, version, int64(most), int64(kind))
}

var objectsStale = newShapes(func(list string) string { // by the rows themselves: nobody waits for it
	return `SELECT ` + list + ` FROM object o WHERE o.id>?1 AND o.indexed<>?2 AND (SELECT kind FROM collection c WHERE c.id=o.collection)=?4 ORDER BY o.id LIMIT ?3`
})

// Reindex writes what is computed of an object anew. Nothing of it is a change that a client would have to hear of. The UID stays.
func (tx *Tx) Reindex(o *Object, ix Index) error {
	if len(ix.Keys) > 0 {
		if err := tx.putKeys(o.Collection, o.ID, false, ix.Keys); err != nil {
			return err
		}
	}
	return tx.mustTouch(`UPDATE object SET kind=?, flags=?, indexed=?, bucket=?, first=?, last=?, series=? WHERE id=? AND etag=?`,
		int64(ix.Kind), int64(ix.Flags), ix.Version, bucketOf(ix.First, ix.Last), ix.First, ix.Last, ix.Series, o.ID, o.ETag)
}
