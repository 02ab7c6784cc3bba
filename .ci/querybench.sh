#!/usr/bin/env bash
# Measures what hostile objects cost, then calendar-query and free-busy-query over calendars of 1,000 to 100,000 objects, and
# writes the figures of these into README.md between their markers. Fails, and says which, where a limit is missed.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$GO" test ./dav/recur ./dav/ical -run '^$' -bench 'Hostile$' -benchtime 10x
"$GO" test ./dav/carddav -run '^$' -bench 'BenchmarkBook$' -benchtime 20x
"$GO" test ./dav/caldav -run '^$' -bench 'BenchmarkQuery$' -benchmem -benchtime "${BENCHTIME:-200ms}" -timeout 60m | tee "$work/go" || {
	echo "querybench.sh: a limit is missed: see above. README.md is as it was." >&2
	exit 1
}
machine="$(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $("$GO" env GOVERSION)"
awk -v machine="$machine; commit $(git rev-parse --short HEAD), $(date -u +%F)" '
	/^BenchmarkQuery\// {
		split($1, n, "/"); sub(/-[0-9]+$/, "", n[5]); key = n[3] "/" n[2] "/" n[4]
		if (!(key in seen)) { seen[key] = 1; order[++rows] = key; calendar[key] = n[3]; size[key] = n[2]; span[key] = n[4] }
		for (i = 3; i < NF; i += 2) { v[$(i + 1)] = $i }
		matches[key] = v["matches"]; endless[key] = v["endless"]
		if (v["held-MB"] > held) { held = v["held-MB"] }
		cell[key, n[5]] = sprintf("%.2f ms", v["cpu-ms"])
		if (n[3] == "usual") { cell[key, n[5]] = cell[key, n[5]] sprintf(" (%.1f)", v["x-floor"]) }
	}
	function table(name, columns,   i, k) {
		for (i = 1; i <= rows; i++) {
			k = order[i]
			if (calendar[k] != name) { continue }
			printf "| %s | %s | %d |", size[k], span[k], matches[k]
			if (name == "same") { printf " %d |", endless[k] }
			printf " %s | %s | %s | %s |\n", cell[k, "tags"], cell[k, "data"], cell[k, "expand"], cell[k, "busy"]
		}
	}
	END {
		print "Processor time of a calendar-query by time and of a free-busy-query, by the length of the window. Of 100 events 8 recur, half of them without an end, since up to 20 years ago. In parentheses the ratio to a floor of the same run: the same rows read from SQLite each by its key, the same octets written (limits for a month: 2.5, expanded and free-busy 6). In process; no request held more than " sprintf("%.1f", held) " MB (limit 10). " machine "."
		print ""
		print "| objects | time | matches | ETags | with data | expanded | free-busy |"
		print "|--:|---|--:|--:|--:|--:|--:|"
		table("usual")
		print ""
		print "Calendars that have the same matches, however many objects lie around them (limit: 1.5 times that of 1,000 objects, and 3 µs for each series without an end):"
		print ""
		print "| objects | time | matches | endless | ETags | with data | expanded | free-busy |"
		print "|--:|---|--:|--:|--:|--:|--:|--:|"
		table("same")
	}' "$work/go" >"$work/table.md"
awk -v table="$work/table.md" '
	index($0, "<!-- query bench end") { skip = 0 }
	!skip { print }
	index($0, "<!-- query bench: ") { while ((getline line < table) > 0) print line; skip = 1 }' README.md >"$work/README.md"
cat "$work/README.md" >README.md
