# davfs2: a folder of plain files mounted as a file system. Only root may mount, and only where there is /dev/fuse.
packages_davfs2() {
	package curl have curl
	package davfs2 have mount.davfs
	package "(as root, where mounting is allowed, with /dev/fuse)" may_mount
}
may_mount() { # CAP_SYS_ADMIN is bit 21
	[ "$(id -u)" = 0 ] && : </dev/fuse && [ $((0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status) >> 21 & 1)) = 1 ]
}

client_davfs2() {
	plain_files || return 0
	folder=${files}davfs2-$mark/ place=$(mktemp -d)
	mount=$place/mount
	made+=("$folder")
	dav MKCOL "$folder"
	chmod 711 "$place" # mount.davfs becomes a user of its own, who cannot come to this home
	mkdir -m 775 "$mount" "$place/cache"
	chgrp davfs2 "$place/cache"
	printf '%s\n' "use_locks 1" "ask_auth 0" "delay_upload 0" "cache_dir $place/cache" >davfs2.conf
	printf '%s "%s" "%s"\n' "$folder" "$CLIENT_USER" "$CLIENT_PASSWORD" >secrets
	chmod 600 secrets
	printf 'secrets %s\n' "$HOME/secrets" >>davfs2.conf

	step "mount"
	mount.davfs "$folder" "$mount" -o "conf=$HOME/davfs2.conf"
	trap 'status=$?; cd; umount "$mount"; rm -rf "$place"; clean; exit $status' EXIT

	step "write, read, rename, copy, delete"
	head -c 1000000 /dev/urandom >big
	mkdir "$mount/Ordner"
	cp big "$mount/Ordner/groß"
	echo eins >"$mount/eins"
	mv "$mount/eins" "$mount/Ordner/zwei"
	cp "$mount/Ordner/zwei" "$mount/drei"
	rm "$mount/drei"
	cmp big "$mount/Ordner/groß"
	cd
	umount "$mount" # what waits is written now
	trap 'status=$?; rm -rf "$place"; clean; exit $status' EXIT

	step "what the server has"
	get "${folder}Ordner/gro%C3%9F" | cmp - big
	is "the renamed file" "$(get "${folder}Ordner/zwei")" eins
	is "the old name" "$(code GET "${folder}eins")" 404
	is "the deleted file" "$(code GET "${folder}drei")" 404
}
