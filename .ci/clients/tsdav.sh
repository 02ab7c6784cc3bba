# tsdav: the library under many calendars written in JavaScript. It comes from npm, once, into a cache.
packages_tsdav() {
	package curl have curl
	package nodejs have node
	package npm have npm
	[ -n "$(have node)" ] && [ -n "$(have npm)" ] || return 0
	local here
	here=$(dirname "${BASH_SOURCE[0]}")/tsdav
	cmp -s "$here/package-lock.json" "$CLIENT_CACHE/tsdav/package-lock.json" && [ -d "$CLIENT_CACHE/tsdav/node_modules/tsdav" ] && return 0
	mkdir -p "$CLIENT_CACHE/tsdav" && cp "$here/package.json" "$here/package-lock.json" "$CLIENT_CACHE/tsdav/"
	(cd "$CLIENT_CACHE/tsdav" && timeout 60 npm ci --ignore-scripts --no-audit --no-fund) >/dev/null 2>&1 ||
		{ rm -rf "$CLIENT_CACHE/tsdav"; echo "tsdav from npm (its registry gives no answer)"; }
}

client_tsdav() {
	ln -s "$CLIENT_CACHE/tsdav/node_modules" node_modules
	cp "$(dirname "${BASH_SOURCE[0]}")/tsdav/tsdav.mjs" .
	made+=("${home}tsdav-$mark/")
	node tsdav.mjs "tsdav-$mark"
}
