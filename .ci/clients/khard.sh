# khard: an address book in a terminal, on a folder that vdirsyncer keeps with the server, in both directions.
packages_khard() { package curl have curl; package vdirsyncer have vdirsyncer; package khard have khard; }

# card UID NAME [more lines]: a vCard with CRLF.
card() {
	printf '%s\r\n' BEGIN:VCARD VERSION:3.0 "UID:$1" "FN:$2" "N:$2;;;;" "${@:3}" END:VCARD
}
put_card() { dav PUT "$1" -H 'Content-Type: text/vcard; charset=utf-8' --data-binary @- "${@:2}"; }

client_khard() {
	local books=${home/\/calendars\//\/addressbooks\/} name=khard-$mark
	local book=$books$name/
	made+=("$book")
	cat >vdirsyncer.conf <<-END
		[general]
		status_path = "$HOME/status"
		[pair contacts]
		a = "local"
		b = "server"
		collections = ["$name", "addressbook"]
		metadata = ["displayname"]
		[storage local]
		type = "filesystem"
		path = "$HOME/contacts"
		fileext = ".vcf"
		[storage server]
		type = "carddav"
		url = "$origin/"
		username = "$CLIENT_USER"
		password = "$CLIENT_PASSWORD"
	END
	vdir() { timeout 40 vdirsyncer -c vdirsyncer.conf "$@"; }

	step "discovery from the host; an address book made by vdirsyncer"
	for _ in 1 2 3 4; do echo y; done | vdir discover
	is "the new address book" "$(code PROPFIND "$book" -H 'Depth: 0')" 207
	[ -d contacts/addressbook ] || fail "no local folder for the account's own book"

	step "what the server has is found, by khard"
	card "down-$mark" "Jürgen Grün" 'EMAIL;TYPE=home:juergen@example.org' 'item1.TEL:+49 30 5550100' 'item1.X-ABLabel:Garten' 'X-UNKNOWN;X-P=1:kept' \
		"PHOTO;ENCODING=b;TYPE=JPEG:$(head -c 200000 /dev/urandom | base64 -w 0)" | put_card "${book}name%20with%20%C3%BC.vcf"
	vdir sync
	cat contacts/"$name"/*.vcf >all
	holds all "X-UNKNOWN;X-P=1:kept"
	holds all "item1.X-ABLabel:Garten"
	mkdir -p .config/khard
	cat >.config/khard/khard.conf <<-END
		[addressbooks]
		[[contacts]]
		path = $HOME/contacts/$name/
		[general]
		default_action = list
		[vcard]
		preferred_version = 4.0
	END
	khard list >out
	holds out "Jürgen Grün"
	khard email --parsable juergen >out
	holds out "juergen@example.org"

	step "a new contact of khard's reaches the server, in vCard 4.0"
	printf 'First name : Carla\nLast name : Núñez\nEmail :\n    work : carla@example.com\nPhone :\n    cell : +34 600 555 010\n' >new.yaml
	khard new --addressbook contacts -i new.yaml
	vdir sync
	dav GET "$book" >got
	holds got "carla@example.com"
	holds got "VERSION:4.0"
	dav REPORT "$book" -H 'Depth: 1' -H 'Content-Type: application/xml' -d "<C:addressbook-query xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><prop><C:address-data content-type='text/vcard' version='3.0'/></prop><C:filter><C:prop-filter name='FN'><C:text-match>NÚÑEZ</C:text-match></C:prop-filter></C:filter></C:addressbook-query>" >found
	holds found "carla@example.com"
	holds found "VERSION:3.0"

	step "nothing to do"
	before=$(token "$book")
	vdir -v DEBUG sync >quiet.log 2>&1
	! grep -E 'Copying|Deleting' quiet.log || fail "a sync without changes transfers something"
	is "the sync token" "$(token "$book")" "$before"

	step "changes on both sides"
	card "down-$mark" "Jürgen Grüner" 'EMAIL;TYPE=home:gruener@example.org' | put_card "${book}name%20with%20%C3%BC.vcf"
	sed -i 's/carla@example.com/carla@example.net/' contacts/"$name"/*.vcf
	vdir sync
	dav GET "$book" >got
	holds got "carla@example.net"
	khard email --parsable gruener >out
	holds out "gruener@example.org"

	step "a contact deleted by khard goes from the server"
	khard remove --force Carla
	vdir sync
	dav GET "$book" >got
	lacks got "carla@example.net"
	holds got "Jürgen Grüner"
}
