# calcurse-caldav: a calendar in a terminal with a synchroniser of its own, which is given the calendar's address.
packages_calcurse() {
	package curl have curl
	package calcurse have calcurse-caldav
	package python3-httplib2 python -c 'import httplib2'
}

client_calcurse() {
	local calendar=${home}calcurse-$mark/ authority=${origin#*://} path
	made+=("$calendar")
	dav MKCALENDAR "$calendar"
	path=${calendar#"$origin"}
	mkdir -p .config/calcurse/caldav .local/share/calcurse/caldav
	cat >.config/calcurse/caldav/config <<-END
		[General]
		Hostname = $authority
		Path = $path
		HTTPS = $(case $origin in https:*) echo Yes ;; *) echo No ;; esac)
		DryRun = No
		[Auth]
		Username = $CLIENT_USER
		Password = $CLIENT_PASSWORD
	END
	sync() { python "$(command -v calcurse-caldav)" -v "$@"; }
	event "down-$mark" "vom Server" | put "${calendar}down.ics"

	step "down"
	sync --init keep-remote
	calcurse -Q --filter-type cal --input-datefmt 4 --from 2027-03-01 --days 3 >out
	holds out "vom Server"

	step "up"
	printf 'BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nDTSTART:20270302T100000\nDURATION:PT1H\nSUMMARY:von hier\nEND:VEVENT\nEND:VCALENDAR\n' >up.ics
	calcurse -i up.ics
	sync
	dav GET "$calendar" >got
	holds got "SUMMARY:von hier"

	step "deletion there"
	dav DELETE "${calendar}down.ics"
	sync
	calcurse -Q --filter-type cal --input-datefmt 4 --from 2027-03-01 --days 3 >out
	lacks out "vom Server"
	holds out "von hier"

	step "deletion here"
	calcurse -P --filter-type cal
	sync
	dav GET "$calendar" >got
	lacks got "von hier"
}
