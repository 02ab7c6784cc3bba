#!/bin/sh
# Installs what building ("build"), testing ("test"), trying other people's clients ("clients") or measuring other servers
# ("peers") needs, when it is missing and we are root on a Debian-like system; else says which packages to install.
set -eu
want=${1:-build}

command -v "${GO:-go}" >/dev/null 2>&1 || {
	echo "deps: there is no Go here: install Go 1.26 or newer from https://go.dev/dl/, or name it: make GO=/path/to/go" >&2
	exit 1
}

missing=
need() { # need PACKAGE TEST…: PACKAGE is missing when TEST fails
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
have() { command -v "$1" || [ -x "/usr/sbin/$1" ]; }

need gcc have gcc
need libc6-dev test -e /usr/include/stdio.h
if [ "$want" = peers ]; then
	need nginx-light have nginx
	need radicale have radicale
	need cyrus-imapd test -x /usr/lib/cyrus/bin/master
	need cyrus-caldav test -x /usr/lib/cyrus/bin/httpd
	need sasl2-bin have saslpasswd2
	need php-sabre-dav test -e /usr/share/php/Sabre/autoload.php
	need php-fpm sh -c 'ls /usr/sbin/php-fpm*'
	need php-sqlite3 sh -c 'php -m | grep -x pdo_sqlite'
	need php-xml sh -c 'php -m | grep -x xmlreader'
	need php-mbstring sh -c 'php -m | grep -x mbstring'
elif [ "$want" != build ]; then
	need git have git
	need apache2 have apache2
	need libapache2-mod-fcgid test -e /usr/lib/apache2/modules/mod_fcgid.so
	need nginx-light have nginx
	need cadaver have cadaver
	need davfs2 have mount.davfs
	need vdirsyncer have vdirsyncer
	need khal have khal
	need khard have khard
	need todoman have todoman
	need calcurse have calcurse-caldav
	# Debian's python3, whatever stands first in PATH.
	need python3-httplib2 /usr/bin/python3 -c 'import httplib2'
	need python3-caldav /usr/bin/python3 -c 'import caldav'
	need python3-gi /usr/bin/python3 -c 'import gi'
	need gir1.2-ecal-2.0 /usr/bin/python3 -c 'import gi; gi.require_version("ECal", "2.0")'
	need evolution-data-server test -x /usr/libexec/evolution-calendar-factory
	need dbus-daemon have dbus-run-session
	need syncevolution have syncevolution
	need litmus have litmus
	need curl have curl
	need nodejs have node
	need npm have npm
	need libical-dev test -e /usr/include/libical/ical.h
fi
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "deps: installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq || echo "deps: apt-get update failed; trying with the lists there are" >&2
	# No service may start: the tests start their own, on ports of their own.
	guard=
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		guard=yes
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
		chmod 755 /usr/sbin/policy-rc.d
	fi
	status=0
	# shellcheck disable=SC2086
	apt-get install -y -qq --no-install-recommends $missing >/dev/null || status=$?
	if [ $status != 0 ]; then # one name that is not known here keeps apt-get from installing any
		status=0
		for package in $missing; do
			apt-get install -y -qq --no-install-recommends "$package" >/dev/null || status=$?
		done
	fi
	[ -n "$guard" ] && rm -f /usr/sbin/policy-rc.d
	if [ $status != 0 ]; then
		echo "deps: apt-get could not install$missing" >&2
		[ "$want" = build ] && exit 1
	fi
	exit 0
fi
echo "deps: missing packages:$missing (as root: apt-get install$missing)" >&2
[ "$want" = build ] && exit 1
echo "deps: the tests that need them are skipped, counted and named" >&2
exit 0
