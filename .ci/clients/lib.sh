# What the clients' scripts have in common. They run with -e: a check that fails ends the script.

# package NAME TEST…: prints NAME where TEST fails.
package() {
	local name=$1
	shift
	"$@" >/dev/null 2>&1 || echo "$name"
}
have() { command -v "$1"; }
python() { PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$@"; } # Debian's, whatever stands first in PATH

# begin finds the account's calendars as a client does and prepares the home folder.
begin() {
	export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share XDG_CACHE_HOME=$HOME/.cache XDG_STATE_HOME=$HOME/.local/state LC_ALL=C.UTF-8 TZ=Europe/Berlin
	export no_proxy=${no_proxy:+$no_proxy,}localhost,127.0.0.1
	export NO_PROXY=$no_proxy
	mkdir -p "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_CACHE_HOME" "$XDG_STATE_HOME"
	origin=$(printf %s "$CLIENT_URL" | sed -E 's,^(https?://[^/]*).*,\1,')
	principal=$(property "$CLIENT_URL" DAV: current-user-principal)
	home=$(property "$origin$principal" urn:ietf:params:xml:ns:caldav calendar-home-set)
	[ -n "$home" ] || fail "no calendar home at $CLIENT_URL for $CLIENT_USER"
	home=$origin$home
	mark=$$-$RANDOM # in the name of everything made here
	trap 'status=$?; clean; exit $status' EXIT
}

# clean deletes the collections made here, also after a failure.
clean() {
	local c
	for c in ${made[@]+"${made[@]}"}; do dav DELETE "$c" >/dev/null 2>&1 || :; done
}
made=()

fail() { echo "WRONG: $*"; exit 1; }
step() { echo "-- $*"; }

# request METHOD URL [curl's arguments…]: prints the body; curl's exit status 22 for 400 and above.
dav() {
	local method=$1 url=$2
	shift 2
	curl -sS --fail-with-body --max-time 20 -u "$CLIENT_USER:$CLIENT_PASSWORD" -X "$method" "$@" "$url"
}
# code METHOD URL [curl's arguments…]: prints the status code.
code() {
	local method=$1 url=$2
	shift 2
	curl -sS -o /dev/null -w '%{http_code}' --max-time 20 -u "$CLIENT_USER:$CLIENT_PASSWORD" -X "$method" "$@" "$url"
}

# property URL NAMESPACE NAME: its text, or the href in it.
property() {
	dav PROPFIND "$1" -H 'Depth: 0' -H 'Content-Type: application/xml' -d "<propfind xmlns='DAV:'><prop><x:$3 xmlns:x='$2'/></prop></propfind>" |
		tr -d '\n' | sed -nE "s,.*<([a-z]+:)?$3[^>]*>(<([a-z]+:)?href>)?([^<]*)<.*,\4,p"
}
token() { property "$1" DAV: sync-token; }

# is WHAT GOT WANTED; holds FILE TEXT; lacks FILE TEXT
is() { [ "$2" = "$3" ] || fail "$1 is '$2', not '$3'"; }
holds() { grep -qF -- "$2" "$1" || { cat "$1"; fail "$1 has no '$2'"; }; }
lacks() { ! grep -qF -- "$2" "$1" || { cat "$1"; fail "$1 has '$2'"; }; }

# plain_files finds the account's folder of plain files; false, with a word, where the site has none.
plain_files() {
	files=${home/\/calendars\//\/files\/}
	[ "$(code PROPFIND "$files" -H 'Depth: 0')" = 207 ] || { echo "no plain files (-files=on)"; return 1; }
}

# event UID SUMMARY [more lines]; todo likewise: an object with CRLF.
event() { object VEVENT "$1" "$2" 'DTSTART;TZID=Europe/Berlin:20270301T093000' 'DURATION:PT1H' "${@:3}"; }
todo() { object VTODO "$1" "$2" 'DUE;VALUE=DATE:20270305' "${@:3}"; }
object() {
	printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 'PRODID:-//example//clients//EN' "BEGIN:$1" "UID:$2" DTSTAMP:20261101T120000Z "SUMMARY:$3" "${@:4}" "END:$1" END:VCALENDAR
}

# put URL: from standard input. get URL: fails where there is nothing.
put() { dav PUT "$1" -H 'Content-Type: text/calendar; charset=utf-8' --data-binary @- "${@:2}"; }
get() { dav GET "$1"; }
# find_uid COLLECTION UID: the address of the object with that UID; empty where there is none.
find_uid() {
	local href
	href=$(dav REPORT "$1" -H 'Depth: 1' -H 'Content-Type: application/xml' -d "<C:calendar-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><prop><getetag/></prop>
<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='${3:-VEVENT}'><C:prop-filter name='UID'><C:text-match collation='i;octet'>$2</C:text-match></C:prop-filter></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>" |
		tr -d '\n' | sed -nE 's,.*<([a-z]+:)?response><([a-z]+:)?href>([^<]*)<.*,\3,p')
	[ -z "$href" ] || printf '%s\n' "$origin$href"
}
