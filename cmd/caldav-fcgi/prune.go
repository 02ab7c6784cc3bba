package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const pruneHelp = `Every change keeps what it replaced or removed, so that clients can synchronise from any state. This gives the space of old changes back: what was replaced or deleted before that time is gone for good. What is in the calendars stays, however old it is.
A client that has not synchronised since then, in a calendar that has changed, has to read that calendar anew; some clients recover badly from that. So nothing younger than five years is cut unless -yes is given.
It works beside a running server. The database file does not shrink: SQLite uses the space for what comes.`

// pruneYears is what is kept unless somebody insists.
const pruneYears = 5

// pruneRows in one transaction: a client waits for no more.
const pruneRows = 500

func prune(ctx context.Context, c *call) error {
	given := c.options["older"]
	if given == "" {
		given = fmt.Sprintf("%dy", pruneYears)
	}
	now := time.Now()
	before, err := readAge(given, now)
	if err != nil {
		return err
	}
	if before.After(now.AddDate(-pruneYears, 0, 0)) && !c.on("yes") {
		return hint(fmt.Errorf("-older %s: clients that were away for longer would have to begin anew, and some recover badly from that", given), "to cut what is younger than %d years all the same: %s prune -older %s -yes", pruneYears, program, given)
	}
	return c.with(mustHave, func(s *service) error {
		var cut, bodies int64
		err := s.db.Prune(ctx, before, pruneRows, func(n, m int64) { cut, bodies = n, m })
		fmt.Fprintf(c.Stdout, "cut %s and %s from before %s\n", plural(cut, "change"), plural(bodies, "old version"), before.Format(time.DateOnly))
		return err
	})
}

// readAge reads 5y, 18m (months), 90d: the time that long before now.
func readAge(s string, now time.Time) (time.Time, error) {
	bad := usagef("-older %q: want an age such as 5y, 18m (months) or 90d", s)
	if s == "" {
		return now, bad
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 0 || n > 100_000 {
		return now, bad
	}
	switch strings.ToLower(s[len(s)-1:]) {
	case "y":
		return now.AddDate(-n, 0, 0), nil
	case "m":
		return now.AddDate(0, -n, 0), nil
	case "d":
		return now.AddDate(0, 0, -n), nil
	}
	return now, bad
}
