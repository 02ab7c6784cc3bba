package main

import (
	"context"
	"fmt"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/store"
)

const reindexHelp = `Beside each event and task, the database holds when it happens, and beside each contact the names and addresses that it is found by, so that searches need not read its text. A new version of the program may compute that in another way; until it has done so for an object, searches read the text, which is slower and as right. A running server does it by itself in the background: this is for doing it at once.
It works beside a running server. Nothing that clients see changes.`

func reindex(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		n, err := reindexAll(ctx, s.db)
		fmt.Fprintf(c.Stdout, "indexed %s anew\n", plural(int64(n), "object"))
		return err
	})
}

func reindexAll(ctx context.Context, db *store.DB) (int, error) {
	n, err := caldav.Reindex(ctx, db)
	if err != nil {
		return n, err
	}
	cards, err := carddav.Reindex(ctx, db)
	return n + cards, err
}
