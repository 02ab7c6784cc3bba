#!/usr/bin/env bash
# Measures what users wait for and writes the figures into README.md between their markers:
#   bench.sh           the benchmarks in process, and the site behind nginx (BIG=1: 100,000 objects too; BIG=50000: as many)
#   bench.sh peers     other servers beside ours, with the load harness DAVLOAD
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# insert NAME: puts $work/NAME.md between the markers "<!-- NAME: … -->" and "<!-- NAME end -->" of README.md.
insert() {
	awk -v name="$1" -v table="$work/$1.md" '
		index($0, "<!-- " name " end") { skip = 0 }
		!skip { print }
		index($0, "<!-- " name ": ") { while ((getline line < table) > 0) print line; skip = 1 }' README.md >"$work/README.md"
	cat "$work/README.md" >README.md
}

# show: what a test says of its progress, and everything when it fails.
show() {
	tee "$work/log" | grep --line-buffered -E '^ +bench[a-z]*_test\.go|^ +peers[a-z]*_test\.go|^(---|ok|FAIL)|SKIP' || true
	[ "${PIPESTATUS[0]}" = 0 ] || { tail -n 100 "$work/log" >&2; exit 1; }
}

if [ "${1:-}" = peers ]; then
	: "${DAVLOAD:?name the load harness: make bench-peers DAVLOAD=path/to/davload}"
	CALDAV_PEERS="$work/peers.md" DAVLOAD=$(realpath "$DAVLOAD") "$GO" test ./nginx -run 'TestPeers$' -count=1 -v -timeout 40m | show
	[ -s "$work/peers.md" ] && cat "$work/peers.md" && insert peers
	exit
fi

"$GO" test ./dav -run '^$' -bench . -benchmem -benchtime "${BENCHTIME:-1s}" | tee "$work/go"
machine="$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(free -g | awk '/^Mem/{print $2}') GB, $("$GO" env GOVERSION)"
{
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
		label["HomeWith500Shares"] = "PROPFIND Depth 1 of a home with 500 shares"
	}
	/^Benchmark/ {
		for (i = 3; i < NF; i += 2) figure[$(i + 1)] = $i
		printf "| %s | %.2f ms | %.0f kB |\n", name($1), figure["ns/op"] / 1e6, figure["B/op"] / 1e3
	}' "$work/go"
} >"$work/bench.md"
insert bench

CALDAV_BENCH="$work/site.md" "$GO" test ./nginx -run 'TestBench$' -count=1 -v -timeout 30m | show
[ -s "$work/site.md" ] && cat "$work/site.md" && insert site
