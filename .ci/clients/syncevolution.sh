# SyncEvolution: a synchroniser that takes series apart into their instances and writes them back as one object. Here
# between the account and a folder of files.
packages_syncevolution() { package curl have curl; package syncevolution have syncevolution; }

client_syncevolution() {
	local calendar=${home}syncevolution-$mark/ run="timeout 50 syncevolution --daemon=no"
	made+=("$calendar")
	dav MKCALENDAR "$calendar"
	mkdir files
	object VEVENT "weekly-$mark" "Chor größer" 'DTSTART;TZID=Europe/Berlin:20270304T193000' 'DTEND;TZID=Europe/Berlin:20270304T213000' RRULE:FREQ=WEEKLY | put "${calendar}weekly.ics"

	step "discovery"
	$run --print-databases backend=caldav username="$CLIENT_USER" password="$CLIENT_PASSWORD" syncURL="$CLIENT_URL" >out
	holds out "/calendar/"

	step "items"
	items="$run backend=caldav database=$calendar username=$CLIENT_USER password=$CLIENT_PASSWORD"
	object VEVENT "weekly-$mark" "Ausnahme" 'RECURRENCE-ID;TZID=Europe/Berlin:20270311T193000' 'DTSTART;TZID=Europe/Berlin:20270311T203000' 'DTEND;TZID=Europe/Berlin:20270311T213000' >exception.ics
	$items --import exception.ics
	get "${calendar}weekly.ics" >got
	holds got "RRULE:FREQ=WEEKLY"
	holds got "RECURRENCE-ID;TZID=Europe/Berlin:20270311T193000"
	holds got "SUMMARY:Ausnahme"
	$items --print-items >out
	is "items" "$(grep -c "weekly" out)" 2

	step "two-way sync"
	$run --keyring=no --configure --template webdav syncURL="$calendar" username="$CLIENT_USER" password="$CLIENT_PASSWORD" backend=caldav database="$calendar" target-config@web calendar
	$run --keyring=no --configure --template SyncEvolution_Client syncURL=local://@web username= password= sync=two-way backend=file database="file://$HOME/files" databaseFormat=text/calendar web calendar
	$run --sync slow web calendar >out
	is "files" "$(ls files | wc -l)" 2
	grep -h SUMMARY files/* >got
	holds got "Chor größer"
	holds got "Ausnahme"

	step "changes on both sides"
	event "down-$mark" "vom Server 東京" | put "${calendar}down.ics"
	event "up-$mark" "von hier" >files/9
	$run web calendar >out
	holds out "completed successfully"
	dav GET "$(find_uid "$calendar" "up-$mark")" >got
	holds got "von hier"
	grep -h SUMMARY files/* >got
	holds got "vom Server 東京"

	step "nothing to do"
	before=$(token "$calendar")
	$run web calendar >out
	is "the sync token" "$(token "$calendar")" "$before"

	step "deletions on both sides"
	rm files/9
	dav DELETE "${calendar}down.ics"
	$run web calendar >out
	is "the deleted event" "$(find_uid "$calendar" "up-$mark")" ""
	is "files" "$(ls files | wc -l)" 2
}
