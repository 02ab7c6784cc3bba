package store

import (
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

// candidates reads one range of object_time for each kind that occurs and each bucket; ?4 is 0 or the bits of kinds.
var (
	candidates      = newShapes(func(list, join string) string { return candidateQuery(list, join, "") })
	candidatesTrust = newShapes(func(list, join string) string {
		return candidateQuery(list, join, ` AND o.indexed=?5`) + `
	UNION ALL SELECT ` + list + ` FROM object o` + join + ` WHERE o.collection=?1 AND o.indexed<?5
	UNION ALL SELECT ` + list + ` FROM object o` + join + ` WHERE o.collection=?1 AND o.indexed>?5`
	})
)

func candidateQuery(list, join, and string) string {
	var buckets strings.Builder
	for n := range maxBucket + 1 {
		fmt.Fprintf(&buckets, "(%d, %d), ", n, int64(day)<<n)
	}
	fmt.Fprintf(&buckets, "(%d, NULL)", endless)
	return `WITH RECURSIVE
	k(kind) AS (SELECT min(kind) FROM object WHERE collection=?1
		UNION ALL SELECT (SELECT min(kind) FROM object WHERE collection=?1 AND kind>k.kind) FROM k WHERE k.kind IS NOT NULL),
	bucket(n, length) AS (VALUES ` + buckets.String() + `)
	SELECT ` + list + ` FROM k CROSS JOIN bucket CROSS JOIN object o
		ON o.collection=?1 AND o.kind=k.kind AND o.bucket=bucket.n AND o.first>=ifnull(?2-bucket.length, ` + strconv.FormatInt(MinTime, 10) + `) AND o.first<=?3` + join + `
	WHERE k.kind IS NOT NULL AND (?4=0 OR k.kind&?4<>0) AND o.last>=?2` + and
}

// Candidates are all objects that can overlap from … to (unix seconds; MinTime and MaxTime are open), and some that do not. kinds are
// bits, 0 for all. Rows indexed by other code (Options.IndexVersion) are always among them, of whatever kind.
func (tx *Tx) Candidates(collection int64, kinds uint32, from, to int64, want Want) iter.Seq2[*Object, error] {
	from, to = min(max(from, MinTime), MaxTime), min(max(to, MinTime), MaxTime)
	if tx.db.index == 0 {
		return tx.objects("search by time", candidates, want, collection, from, to, int64(kinds))
	}
	return tx.objects("search by time", candidatesTrust, want, collection, from, to, int64(kinds), tx.db.index)
}
