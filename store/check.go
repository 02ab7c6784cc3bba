package store

import (
	"context"
	"fmt"
)

// Check reads the whole database and says what is wrong with it, in sentences; nil when nothing is. It runs beside a server.
func (db *DB) Check(ctx context.Context) (problems []string, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		for _, r := range rules {
			found, err := tx.broken(r)
			if err != nil {
				return fmt.Errorf("%s: %w", r.text, err)
			}
			problems = append(problems, found...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", db.path, err)
	}
	return problems, nil
}

// rule is broken by every row of its query, which has one column.
type rule struct{ text, query string }

var rules = []rule{
	{"damaged file", `SELECT quick_check FROM pragma_quick_check WHERE quick_check<>'ok'`},
	{"row refers to one that does not exist", `SELECT "table" || ' ' || ifnull(rowid, '') || ' → ' || parent FROM pragma_foreign_key_check`},
	{"body without owner", `SELECT id FROM body WHERE id NOT IN (SELECT body FROM object WHERE body IS NOT NULL UNION ALL SELECT body FROM change WHERE body IS NOT NULL)`},
	{"body with two owners", `SELECT body FROM (SELECT body FROM object WHERE body IS NOT NULL UNION ALL SELECT body FROM change WHERE body IS NOT NULL) GROUP BY body HAVING count(*)>1`},
	{"history names a body that does not exist", `SELECT rev FROM change WHERE body IS NOT NULL AND body NOT IN (SELECT id FROM body)`},
	{"object without content", `SELECT id FROM object WHERE body IS NULL AND content IS NULL`},
	{"object whose size is not that of its body", `SELECT object.id FROM object JOIN body ON body.id=object.body WHERE length(data)<>size`},
	{"large file whose size is not that of its rows", `SELECT o.id FROM object o JOIN content c ON c.id=o.content WHERE o.size<>c.size OR c.size<>(SELECT ifnull(sum(length(data)), 0) FROM chunk WHERE content=c.id)`},
	{"large body without owner", `SELECT id FROM content WHERE id NOT IN (SELECT content FROM object WHERE content IS NOT NULL) AND NOT EXISTS(SELECT 1 FROM job WHERE kind='content' AND key=CAST(content.id AS TEXT))`},
	{"object whose revision is not its newest change", `SELECT id FROM object WHERE rev IS NOT (SELECT max(rev) FROM change WHERE object=object.id AND name IS NULL AND collection=object.collection)`},
	{"collection whose revision is not in the log", `SELECT id FROM collection WHERE rev NOT IN (SELECT rev FROM change) OR own NOT IN (SELECT rev FROM change)`},
	{"collection with a member newer than itself", `SELECT id FROM collection WHERE deleted=0 AND rev<(SELECT max(rev) FROM object WHERE collection=collection.id)`},
	{"change of a collection that does not exist", `SELECT rev FROM change WHERE collection<>0 AND collection NOT IN (SELECT id FROM collection)`},
	{"wrong count of objects or bytes in collection", `SELECT id FROM collection c WHERE (objects, bytes) IS NOT (SELECT count(*), ifnull(sum(size), 0) FROM object WHERE collection=c.id)
		AND (deleted=0 OR NOT EXISTS(SELECT 1 FROM job WHERE kind='purge'))`},
	{"wrong count of bytes of principal", `SELECT id FROM principal p WHERE bytes<>(SELECT ifnull(sum(bytes), 0) FROM collection WHERE owner=p.id AND deleted=0)`},
	{"property of an object that lies in another collection", `SELECT property.id FROM property JOIN object ON object.id=property.object WHERE object.collection<>property.collection`},
	{"accepted share of a collection that is gone", `SELECT id FROM collection m WHERE deleted=0 AND target IS NOT NULL AND NOT EXISTS(SELECT 1 FROM collection t WHERE t.id=m.target AND t.deleted=0)`},
	{"accepted share that nobody shares", `SELECT id FROM collection m WHERE deleted=0 AND target IS NOT NULL AND level IS NOT (SELECT min(level) FROM share s WHERE s.collection=m.target AND s.sharee=m.owner AND s.status=2)`},
	{"accepted share that is not in its sharee's home", `SELECT s.id FROM share s JOIN principal p ON p.id=s.sharee AND p.kind<>2 WHERE status=2 AND NOT EXISTS(SELECT 1 FROM collection m WHERE m.target=s.collection AND m.owner=s.sharee AND m.deleted=0)`},
	{"share of a deleted collection, or with its owner", `SELECT s.id FROM share s JOIN collection c ON c.id=s.collection WHERE c.deleted<>0 OR c.owner=s.sharee`},
	{"share without its access control entry", `SELECT id FROM share s WHERE sharee IS NOT NULL AND via IS NULL AND (status=3)=EXISTS(SELECT 1 FROM ace WHERE share=s.id AND collection=s.collection AND who=s.sharee)`},
	{"share of a member with no share of the group", `SELECT s.id FROM share s JOIN share g ON g.id=s.via WHERE g.collection<>s.collection OR g.level<>s.level OR g.via IS NOT NULL`},
	{"access control entry of an object that does not exist", `SELECT object FROM ace a WHERE object<>0 AND NOT EXISTS(SELECT 1 FROM object o WHERE o.id=a.object AND o.collection=a.collection)`},
	{"access control entry for nobody", `SELECT collection FROM ace WHERE (subject=1)<>(who IS NOT NULL)`},
	{"member of what is no group", `SELECT m.grp FROM member m JOIN principal g ON g.id=m.grp WHERE g.kind NOT IN (2, 5, 6)`},
	{"delegates of nobody", `SELECT id FROM principal WHERE (kind IN (5, 6))<>(owner IS NOT NULL)`},
	{"deleted collection that no job empties", `SELECT id FROM collection c WHERE deleted<>0 AND NOT EXISTS(SELECT 1 FROM job WHERE kind='purge' AND due<>1<<62)`},
}

// maxBroken rows of one kind are enough to know.
const maxBroken = 20

func (tx *Tx) broken(r rule) (found []string, err error) {
	var what anything
	step := func() bool {
		found = append(found, fmt.Sprintf("%s: %v", r.text, what.value))
		return len(found) < maxBroken
	}
	err = tx.each([]any{&what}, step, r.query)
	return found, err
}

// anything takes a column of any type.
type anything struct{ value any }

func (a *anything) Scan(src any) error { a.value = src; return nil }
