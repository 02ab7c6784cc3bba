#!/usr/bin/env bash
# Runs the benchmarks of what users wait for and writes their figures into README.md between its markers.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$GO" test ./dav -run '^$' -bench . -benchmem -benchtime "${BENCHTIME:-1s}" | tee "$log"
machine="$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(free -g | awk '/^Mem/{print $2}') GB, $("$GO" env GOVERSION)"
{
	echo "<!-- bench: written by make bench -->"
	echo "One calendar of 10,000 objects, in process, every write durable (WAL, synchronous=FULL). $machine; commit $(git rev-parse --short HEAD), $(date -u +%F)."
	echo
	echo "| operation | time a request | memory allocated |"
	echo "|---|---|---|"
	awk '
	function name(s) { sub(/^Benchmark/, "", s); sub(/-[0-9]+$/, "", s); return (s in label) ? label[s] : s }
	BEGIN {
		label["Get"] = "GET one object"; label["PutNew"] = "PUT a new object"; label["PutUpdate"] = "PUT a changed object"
		label["PropfindETags"] = "PROPFIND Depth 1, ETags of 10,000"; label["SyncFirst"] = "first sync-collection, 10,000"
		label["SyncTenChanges"] = "sync-collection after 10 changes"; label["QueryMonth"] = "calendar-query of a month, with data"
		label["QueryMonthExpand"] = "calendar-query of a month, expanded"; label["FreeBusyMonth"] = "free-busy-query of a month"
		label["Multiget100"] = "calendar-multiget of 100"; label["QueryUID"] = "calendar-query by UID"; label["Export"] = "the whole calendar as one file"
	}
	/^Benchmark/ { printf "| %s | %.2f ms | %.0f kB |\n", name($1), $3 / 1e6, $5 / 1e3 }' "$log"
	echo "<!-- bench end -->"
} >"$log.md"
awk -v table="$log.md" '
	/^<!-- bench: /  { while ((getline line < table) > 0) print line; skip = 1 }
	!skip            { print }
	/^<!-- bench end/ { skip = 0 }' README.md >"$log.new"
cat "$log.new" >README.md
rm -f "$log.md" "$log.new"
