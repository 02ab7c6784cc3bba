#!/usr/bin/env bash
# Measures calendar-query and free-busy-query over calendars of several sizes (BIG=1: 100,000 objects too) and writes the
# figures into dav/caldav/bench.md between their markers.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$GO" test ./dav/caldav -run '^$' -bench 'BenchmarkQuery$' -benchmem -benchtime "${BENCHTIME:-1s}" -timeout 30m | tee "$work/go"
machine="$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $("$GO" env GOVERSION)"
{
	echo "Processor time of a calendar-query by time, for ETags, with data, expanded, and of a free-busy-query. Of 100 events 8 recur, half of them without an end, since up to 20 years ago. In process. In parentheses the ratio to a floor of the same run: the same rows read from SQLite each by its key, the same octets written. $machine; commit $(git rev-parse --short HEAD), $(date -u +%F)."
	echo
	echo "| objects | time | matches | ETags | with data | expanded | free-busy |"
	echo "|--:|---|--:|--:|--:|--:|--:|"
	awk '
	/^BenchmarkQuery\// {
		split($1, n, "/"); sub(/-[0-9]+$/, "", n[4]); key = n[2] "/" n[3]
		if (!(key in seen)) { seen[key] = ++rows; order[rows] = key; size[key] = n[2]; span[key] = n[3] }
		for (i = 3; i < NF; i += 2) { v[$(i + 1)] = $i }
		matches[key] = v["matches"]
		cell[key, n[4]] = sprintf("%.2f ms (%.1f)", v["cpu-ms"], v["x-floor"])
	}
	END {
		for (i = 1; i <= rows; i++) {
			k = order[i]
			printf "| %s | %s | %d | %s | %s | %s | %s |\n", size[k], span[k], matches[k], cell[k, "tags"], cell[k, "data"], cell[k, "expand"], cell[k, "busy"]
		}
	}' "$work/go"
} >"$work/table.md"
awk -v table="$work/table.md" '
	index($0, "<!-- query bench end") { skip = 0 }
	!skip { print }
	index($0, "<!-- query bench: ") { while ((getline line < table) > 0) print line; skip = 1 }' dav/caldav/bench.md >"$work/bench.md"
cat "$work/bench.md" >dav/caldav/bench.md
