# cadaver: a person's shell on a WebDAV folder. It sends no content type, and asks for properties of versioning.
packages_cadaver() { package curl have curl; package cadaver have cadaver; }

client_cadaver() {
	local calendar=${home}cadaver-$mark/ host one two
	host=${origin#*://}
	host=${host%%:*}
	printf 'machine %s\nlogin %s\npassword %s\n' "$host" "$CLIENT_USER" "$CLIENT_PASSWORD" >.netrc
	chmod 600 .netrc
	made+=("$calendar")
	dav MKCALENDAR "$calendar"
	event "cadaver-1-$mark" "Zahnärztin" >one.ics
	event "cadaver-2-$mark" "Kino" >two.ics

	step "put, get, move, properties"
	cadaver "$calendar" >out <<-END
		put one.ics
		put two.ics
		ls
		get one.ics back.ics
		move two.ics zwei.ics
		ls
		propnames one.ics
		propset one.ics farbe blau
		propget one.ics farbe
		quit
	END
	cat out
	cmp one.ics back.ics
	is "succeeded uploads" "$(grep -c 'Uploading.*succeeded' out)" 2
	holds out "two.ics"
	holds out "zwei.ics"
	holds out "getetag"
	holds out "blau"
	is "the moved object's old name" "$(code GET "${calendar}two.ics")" 404
	get "${calendar}zwei.ics" | cmp - two.ics

	step "copy within a calendar is refused for its UID, mkcol for its place"
	cadaver "$calendar" >out <<-END
		copy one.ics kopie.ics
		mkcol ordner
		cd ..
		mkcol ordner-$mark
		quit
	END
	cat out
	is "refusals" "$(grep -c failed out)" 3
	is "the copy" "$(code GET "${calendar}kopie.ics")" 404
	is "the folder in the calendar" "$(code PROPFIND "${calendar}ordner/" -H 'Depth: 0')" 404
	is "the folder in the home" "$(code PROPFIND "${home}ordner-$mark/" -H 'Depth: 0')" 404

	step "copy to another calendar, delete"
	made+=("${home}cadaver-other-$mark/")
	dav MKCALENDAR "${home}cadaver-other-$mark/"
	cadaver "$calendar" >out <<-END
		copy one.ics ../cadaver-other-$mark/one.ics
		delete one.ics
		ls
		quit
	END
	cat out
	get "${home}cadaver-other-$mark/one.ics" | cmp - one.ics
	is "the deleted object" "$(code GET "${calendar}one.ics")" 404

	plain_files || return 0
	step "plain files: folders, copies, locks"
	local folder=${files}cadaver-$mark/
	made+=("$folder")
	dav MKCOL "$folder"
	head -c 300000 /dev/urandom >big
	cadaver "$folder" >out <<-END
		mkcol sub
		put big
		put one.ics sub/one.txt
		copy sub other
		move other/one.txt zwei.txt
		lock big
		put big
		discover big
		unlock big
		get big big.back
		rmcol other
		ls
		quit
	END
	cat out
	lacks out failed
	cmp big big.back
	get "${folder}zwei.txt" | cmp - one.ics
	get "${folder}sub/one.txt" | cmp - one.ics
	is "the removed folder" "$(code PROPFIND "${folder}other/" -H 'Depth: 0')" 404
}
