#!/usr/bin/env bash
# Every check of `make test`, cheapest first; go test's own lines close it.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}

bad=$(gofmt -l $(git ls-files '*.go') 2>/dev/null || true)
if [ -n "$bad" ]; then
	echo "check: not formatted (gofmt -w): $bad" >&2
	exit 1
fi
"$GO" vet ./...
"$GO" tool staticcheck ./...

# Packages with goroutines of their own, under the race detector.
"$GO" test -race -short ./fcgi ./store ./dav/webdav ./dav

# Skips are counted and named: a skipped check is no check.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"$GO" test -v ./... >"$log" 2>&1 || status=$?
skips=$(grep -c '^ *--- SKIP' "$log" || true)
if [ "$skips" != 0 ]; then
	echo "check: $skips tests were skipped:"
	grep -A2 '^ *--- SKIP' "$log" | sed 's/^/  /'
fi
if [ $status != 0 ]; then
	# Of each package that failed, what is not about a test that passed or a request that was answered.
	awk '
		/^(=== |PASS$|[[:space:]]*--- (PASS|SKIP))/ { next }
		/level=(INFO|DEBUG)/ { next }
		/^(ok|FAIL|\?)[[:space:]]/ { if ($1 == "FAIL") for (i = (n > 400 ? n - 400 : 0); i < n; i++) print line[i]; n = 0; next }
		{ line[n++] = substr($0, 1, 400) }' "$log"
fi
printf '%s passed, %s failed, %s skipped\n' "$(grep -c '^ *--- PASS' "$log")" "$(grep -c '^ *--- FAIL' "$log")" "$skips"
grep -E '^(ok|FAIL|\?|---)[[:space:]]' "$log" | grep -v '^---' || true
exit $status
