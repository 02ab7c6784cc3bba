# vdirsyncer: two folders of .ics files kept equal with the server, in both directions.
packages_vdirsyncer() { package curl have curl; package vdirsyncer have vdirsyncer; }

# vdir_config [more lines for the pair]: a pair of ~/vdir and the account, found from the host alone (well-known).
vdir_config() {
	mkdir -p vdir
	cat >vdirsyncer.conf <<-END
		[general]
		status_path = "$HOME/status"
		[pair all]
		a = "local"
		b = "server"
		collections = [$(printf '"%s", ' "${collections[@]}" | sed 's/, $//')]
		metadata = ["displayname", "color"]
		$*
		[storage local]
		type = "filesystem"
		path = "$HOME/vdir"
		fileext = ".ics"
		[storage server]
		type = "caldav"
		url = "$origin/"
		username = "$CLIENT_USER"
		password = "$CLIENT_PASSWORD"
	END
}
vdir() { timeout 40 vdirsyncer -c vdirsyncer.conf "$@"; }
# vdir_discover answers "y" to each question whether to make a collection.
vdir_discover() { for _ in 1 2 3 4 5 6; do echo y; done | vdir discover; }

client_vdirsyncer() {
	local own=vdir-$mark new=neu-$mark
	collections=(calendar tasks "$own" "$new")
	made+=("$home$own/" "$home$new/")
	dav MKCALENDAR "$home$own/"
	vdir_config

	step "discovery from the host; a collection made by vdirsyncer"
	vdir_discover
	for c in "${collections[@]}"; do [ -d "vdir/$c" ] || fail "no local folder for $c"; done
	is "the new collection" "$(code PROPFIND "$home$new/" -H 'Depth: 0')" 207

	step "up and down"
	event "up-$mark" "Frühstück 🥐 für Jürgen; um 8, früh" >"vdir/$own/up.ics"
	event "cal-$mark" "im Kalender" >"vdir/calendar/cal-$mark.ics"
	todo "todo-$mark" "Blumen gießen" STATUS:NEEDS-ACTION >"vdir/tasks/todo-$mark.ics"
	event "down-$mark" "東京 Überflug" "X-UNKNOWN;X-P=1:kept" | put "$home${own}/name%20with%20%C3%BC%2B%40.ics"
	event "new-$mark" "in der neuen" >"vdir/$new/new.ics"
	vdir sync
	get "$(find_uid "$home$own/" "up-$mark")" | cmp - "vdir/$own/up.ics"
	get "$(find_uid "${home}calendar/" "cal-$mark")" | cmp - "vdir/calendar/cal-$mark.ics"
	get "$(find_uid "${home}tasks/" "todo-$mark" VTODO)" | cmp - "vdir/tasks/todo-$mark.ics"
	get "$(find_uid "$home$new/" "new-$mark")" | cmp - "vdir/$new/new.ics"
	made+=("$(find_uid "${home}calendar/" "cal-$mark")" "$(find_uid "${home}tasks/" "todo-$mark" VTODO)")
	is "files of the first collection" "$(ls "vdir/$own" | grep -c 'ics$')" 2
	cat "vdir/$own"/*.ics >all
	holds all "東京 Überflug"
	holds all "X-UNKNOWN;X-P=1:kept"

	step "nothing to do"
	before=$(for c in "${collections[@]}"; do token "$home$c/"; done)
	vdir -v DEBUG sync >quiet.log 2>&1
	grep -E 'Copying|Deleting' quiet.log && fail "a sync without changes transfers something"
	lacks quiet.log "PUT "
	is "the sync tokens" "$(for c in "${collections[@]}"; do token "$home$c/"; done)" "$before"

	step "changes on both sides"
	sed -i 's/früh/spät/' "vdir/$own/up.ics"
	down=$(grep -l "down-$mark" "vdir/$own"/*.ics)
	event "down-$mark" "京都 geändert" | put "$home${own}/name%20with%20%C3%BC%2B%40.ics"
	vdir sync
	get "$(find_uid "$home$own/" "up-$mark")" >got
	holds got spät
	holds "$down" "京都 geändert"

	step "a conflict is reported and nothing is lost"
	sed -i 's/spät/hier/' "vdir/$own/up.ics"
	up=$(find_uid "$home$own/" "up-$mark")
	event "up-$mark" "dort" | put "$up"
	! vdir sync >conflict.log 2>&1 || fail "a conflict went unnoticed"
	holds conflict.log conflict
	get "$up" >got
	holds got dort
	holds "vdir/$own/up.ics" hier
	vdir_config 'conflict_resolution = "a wins"'
	vdir sync
	get "$up" >got
	holds got hier

	step "names and colours"
	printf 'Mäuse & <Katzen>' >"vdir/$own/displayname"
	printf '#ff8800' >"vdir/$own/color"
	dav PROPPATCH "$home$new/" -H 'Content-Type: application/xml' -d "<propertyupdate xmlns='DAV:'><set><prop><displayname>Vom Server</displayname><c:calendar-color xmlns:c='http://apple.com/ns/ical/'>#0088FFFF</c:calendar-color></prop></set></propertyupdate>" >/dev/null
	before=$(token "$home$own/")
	vdir metasync
	is displayname "$(property "$home$own/" DAV: displayname)" "Mäuse &amp; &lt;Katzen&gt;"
	is color "$(property "$home$own/" http://apple.com/ns/ical/ calendar-color | tr a-f A-F)" "#FF8800"
	is "the local name" "$(cat "vdir/$new/displayname")" "Vom Server"
	is "the local colour" "$(cut -c1-7 "vdir/$new/color" | tr a-f A-F)" "#0088FF"

	step "deletions on both sides"
	rm "vdir/$own/up.ics" "vdir/calendar/cal-$mark.ics" "vdir/tasks/todo-$mark.ics"
	dav DELETE "$home${own}/name%20with%20%C3%BC%2B%40.ics"
	vdir sync --force-delete # a folder may be empty now
	is "the deleted object" "$(code GET "$up")" 404
	is "the deleted event" "$(find_uid "${home}calendar/" "cal-$mark")" ""
	is "the deleted task" "$(find_uid "${home}tasks/" "todo-$mark" VTODO)" ""
	[ ! -e "$down" ] || fail "what was deleted on the server is still here"
	vdir sync
}
