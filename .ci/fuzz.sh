#!/usr/bin/env bash
# Each fuzz target for FUZZTIME (a minute by default), one after the other; then the long runs of the sync and recur tests.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u | while read -r target; do
		echo "fuzz $dir $target"
		"$GO" test "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}"
	done
done
echo "sync: a million steps of writers and paging readers"
CALDAV_FCGI_SYNC_STEPS=${SYNC_STEPS:-1000000} "$GO" test ./dav -run '^TestSync_ReadersHaveWhatPropfindShows$' -timeout 1h
echo "recur: a hundred thousand random rules and windows against brute force, and plain ones against libical"
CALDAV_FCGI_RECUR_PAIRS=${RECUR_PAIRS:-100000} "$GO" test ./dav/recur -run '^TestRule_(RandomAgainstNaive|PlainAgainstLibical)$' -timeout 1h
