# litmus: a suite of WebDAV, on a folder of plain files. Every test has to pass, and without a warning; over HTTPS it
# leaves one out.
packages_litmus() { package curl have curl; package litmus have litmus; }

client_litmus() {
	plain_files || return 0
	local suite
	for suite in basic copymove props locks http; do
		step "$suite"
		TESTS=$suite litmus "$files" "$CLIENT_USER" "$CLIENT_PASSWORD" | tr '\r' '\n' >out
		cat out
		lacks out WARNING
		lacks out FAIL
		holds out "100.0%"
	done
}
