#!/usr/bin/env bash
# Other people's clients against a running server, each with a home folder of its own, each judged by what it leaves on
# either side and not by its exit status alone.
#
#   .ci/clients.sh                                  ./caldav-fcgi, started here for the time of the run
#   .ci/clients.sh URL USER PASSWORD [CLIENT…]      a server below URL, such as https://cal.example.org/dav/
#
# Prints "ok NAME", "FAIL NAME" with the log, or "skip NAME: install PACKAGE" for each, then the sum. A client is a function
# client_NAME in .ci/clients/NAME.sh, with packages_NAME, which prints what is missing. They leave the account as it was.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
all="curl litmus cadaver davfs2 vdirsyncer khal khard todoman calcurse python-caldav tsdav evolution syncevolution"
limit=${CLIENT_SECONDS:-60} # for one client
export CLIENT_CACHE=${CLIENT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/caldav-fcgi-clients}

usage() {
	sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

# own starts ./caldav-fcgi with one account on a free port; sets url.
own() {
	local binary=$here/../caldav-fcgi i
	[ -x "$binary" ] || { echo "clients: there is no ./caldav-fcgi (make build), and no URL was given" >&2; exit 2; }
	echo 'ann@example.org:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=' >"$temp/htpasswd"
	: >"$temp/config.toml"
	"$binary" serve -config "$temp/config.toml" -db "$temp/db" -base /dav -files=on -http 127.0.0.1:0 -htpasswd "$temp/htpasswd" 2>"$temp/server.log" &
	server=$!
	for i in $(seq 100); do
		url=$(sed -n 's/.*listen=\(http:[^ ]*\).*/\1/p' "$temp/server.log")
		[ -n "$url" ] && break
		sleep 0.1
	done
	[ -n "$url" ] || { cat "$temp/server.log" >&2; exit 1; }
	url=${url}dav/
}

temp=$(mktemp -d)
server=
trap '[ -n "$server" ] && kill "$server" 2>/dev/null; rm -rf "$temp"' EXIT
case $# in
0) own; export CLIENT_USER=ann@example.org CLIENT_PASSWORD=secret ;;
1 | 2) usage ;;
*)
	url=$1
	export CLIENT_USER=$2 CLIENT_PASSWORD=$3
	shift 3
	;;
esac
case $url in http://* | https://*) ;; *) usage ;; esac
export CLIENT_URL=${url%/}/

passed=0 failed=0 skipped=0
for name in ${*:-$all}; do
	file=$here/clients/$name.sh
	[ -e "$file" ] || { echo "clients: there is no client $name; known: $all" >&2; exit 2; }
	# shellcheck disable=SC2016
	missing=$(bash -c '. "$0/lib.sh"; . "$0/$1.sh"; packages_"${1//-/_}"' "$here/clients" "$name")
	if [ -n "$missing" ]; then
		echo "skip $name: install" $missing
		skipped=$((skipped + 1))
		continue
	fi
	home=$temp/$name
	mkdir "$home"
	# -e holds inside because the function is not part of a condition.
	# shellcheck disable=SC2016
	if HOME=$home timeout -k 5 "$limit" bash -euo pipefail -c '. "$0/lib.sh"; . "$0/$1.sh"; cd; begin; client_"${1//-/_}"' "$here/clients" "$name" >"$home.log" 2>&1 </dev/null; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		status=$?
		echo "FAIL $name"
		[ $status = 124 ] && echo "    it took longer than $limit seconds"
		sed 's/^/    /' "$home.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
