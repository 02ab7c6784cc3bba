# todoman: a list of tasks in a terminal, on folders that vdirsyncer keeps.
. "$(dirname "${BASH_SOURCE[0]}")/vdirsyncer.sh"
packages_todoman() { packages_vdirsyncer; package todoman have todoman; }

client_todoman() {
	collections=("todo-$mark")
	local calendar=${home}todo-$mark/
	made+=("$calendar")
	dav MKCALENDAR "$calendar" -H 'Content-Type: application/xml' -d "<C:mkcalendar xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><set><prop><C:supported-calendar-component-set><C:comp name='VTODO'/></C:supported-calendar-component-set></prop></set></C:mkcalendar>"
	todo "a-$mark" "Fenster putzen" STATUS:NEEDS-ACTION X-KEEP:me | put "${calendar}a.ics"
	vdir_config
	vdir_discover
	vdir sync
	mkdir -p .config/todoman
	cat >.config/todoman/config.py <<-END
		path = "$HOME/vdir/*"
		date_format = "%Y-%m-%d"
		default_list = "todo-$mark"
		color = "never"
	END

	step "listed, made, done"
	todoman list >out
	holds out "Fenster putzen"
	todoman new "Öl wechseln" >/dev/null
	todoman done 1
	vdir sync
	get "${calendar}a.ics" >got
	holds got "STATUS:COMPLETED"
	holds got "X-KEEP:me"
	dav GET "$calendar" >got
	holds got "SUMMARY:Öl wechseln"
}
