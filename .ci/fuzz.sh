#!/usr/bin/env bash
# Each fuzz target for FUZZTIME (a minute by default), one after the other.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u | while read -r dir; do
	grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u | while read -r target; do
		echo "fuzz $dir $target"
		"$GO" test "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}"
	done
done
