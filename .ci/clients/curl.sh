# curl: what HTTP itself asks of the server, under calendar requests.
packages_curl() { package curl have curl; }

client_curl() {
	local calendar=${home}curl-$mark/ tag one
	step "well-known, every method, redirects followed with the method"
	for method in GET PROPFIND OPTIONS HEAD; do
		case $(curl -sS -o /dev/null -w '%{http_code}' -X "$method" -I "$origin/.well-known/caldav") in 301 | 302 | 307 | 308) ;; *) fail "$method /.well-known/caldav does not redirect" ;; esac
	done
	curl -sS --fail -L --post301 -u "$CLIENT_USER:$CLIENT_PASSWORD" -X PROPFIND -H 'Depth: 0' -d '<propfind xmlns="DAV:"><prop><current-user-principal/></prop></propfind>' "$origin/.well-known/caldav" >found
	holds found "$principal"
	is "a request without login" "$(curl -sS -o /dev/null -w '%{http_code}' "$CLIENT_URL")" 401
	is "a wrong password" "$(curl -sS -o /dev/null -w '%{http_code}' -u "$CLIENT_USER:no" "$home")" 401

	step "a calendar with its properties"
	made+=("$calendar")
	is MKCALENDAR "$(code MKCALENDAR "$calendar" -H 'Content-Type: application/xml' -d "<C:mkcalendar xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav' xmlns:A='http://apple.com/ns/ical/'><set><prop><displayname>Küche &amp; Garten</displayname><A:calendar-color>#11AA22FF</A:calendar-color></prop></set></C:mkcalendar>")" 201
	is "MKCALENDAR again" "$(code MKCALENDAR "$calendar")" 403
	is displayname "$(property "$calendar" DAV: displayname)" "Küche &amp; Garten"
	is calendar-color "$(property "$calendar" http://apple.com/ns/ical/ calendar-color)" "#11AA22FF"

	step "PUT: chunked, expecting 100-continue, conditional"
	event "curl-$mark" "Grüße, 東京 und 🎂" "DESCRIPTION:$(printf 'x%.0s' $(seq 3000))" >event.ics
	one=$calendar$mark%20%C3%BC+%40.ics
	is "a chunked PUT" "$(code PUT "$one" -H 'Transfer-Encoding: chunked' -H 'If-None-Match: *' -H 'Content-Type: text/calendar' -T event.ics)" 201
	get "$one" | cmp - event.ics
	is "If-None-Match: *" "$(code PUT "$one" -H 'If-None-Match: *' -H 'Content-Type: text/calendar' -T event.ics)" 412
	tag=$(dav HEAD "$one" -I | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
	[ -n "$tag" ] || fail "HEAD shows no ETag"
	is "the ETag in PROPFIND" "$(property "$one" DAV: getetag | sed 's/&quot;/"/g;s/&#34;/"/g')" "$tag"
	sed 's/Grüße/Viele Grüße/' event.ics >event2.ics
	is "If-Match, current" "$(code PUT "$one" -H "If-Match: $tag" -H 'Expect: 100-continue' -H 'Content-Type: text/calendar' -T event2.ics)" 204
	is "If-Match, stale" "$(code PUT "$one" -H "If-Match: $tag" -H 'Content-Type: text/calendar' -T event.ics)" 412
	is "If-None-Match, stale" "$(code GET "$one" -H "If-None-Match: $tag")" 200
	tag=$(dav HEAD "$one" -I | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
	is "If-None-Match, current" "$(code GET "$one" -H "If-None-Match: $tag")" 304
	get "$one" | cmp - event2.ics
	is "other escapes of the same name" "$(code GET "$calendar$mark%20%c3%bc%2B@.ics")" 200

	step "a large object, compressed answers"
	event "curl-big-$mark" Groß "DESCRIPTION:$(head -c 1000000 /dev/zero | tr '\0' y)" >big.ics
	is "PUT of 1 MB" "$(code PUT "${calendar}big.ics" -H 'Content-Type: text/calendar' -T big.ics)" 201
	dav GET "${calendar}big.ics" --compressed | cmp - big.ics
	is "an export" "$(dav GET "$calendar" --compressed | grep -c '^BEGIN:VEVENT')" 2

	step "refusals that leave nothing behind"
	is "not iCalendar" "$(code PUT "${calendar}bad.ics" -H 'Content-Type: text/calendar' -d 'nothing of the kind')" 403
	is "an empty body" "$(code PUT "${calendar}bad.ics" -H 'Content-Type: text/calendar' -d '')" 403
	is "what was refused" "$(code GET "${calendar}bad.ics")" 404
	is "a truncated query" "$(code REPORT "$calendar" -H 'Content-Type: application/xml' -d '<C:calendar-query xmlns:C="urn:ietf')" 400

	step "DELETE"
	is "DELETE, stale" "$(code DELETE "$one" -H 'If-Match: "no"')" 412
	is "DELETE" "$(code DELETE "$one" -H "If-Match: $tag")" 204
	is "what was deleted" "$(code HEAD "$one" -I)" 404
	is "DELETE of the calendar" "$(code DELETE "$calendar")" 204
	is "the deleted calendar" "$(code PROPFIND "$calendar" -H 'Depth: 0')" 404
}
