# Evolution's data server: what Evolution, GNOME's Calendar and To Do read and write through, on a session bus of its own.
packages_evolution() {
	package curl have curl
	package dbus-daemon have dbus-run-session
	package evolution-data-server test -x /usr/libexec/evolution-calendar-factory
	package python3-gi python -c 'import gi'
	package gir1.2-ecal-2.0 python -c 'import gi; gi.require_version("ECal", "2.0")'
}

# evolution_source UID KIND PATH: a calendar or task list, as the program for settings would write it.
evolution_source() {
	local authority=${origin#*://} security=none port=80
	case $origin in https:*) security=tls port=443 ;; esac
	case $authority in *:*) port=${authority##*:} ;; esac
	cat >".config/evolution/sources/$1.source" <<-END
		[Data Source]
		DisplayName=$1
		Enabled=true
		Parent=caldav-stub
		[$2]
		BackendName=caldav
		Selected=true
		[Authentication]
		Host=${authority%%:*}
		Method=plain/password
		Port=$port
		User=$CLIENT_USER
		[Security]
		Method=$security
		[WebDAV Backend]
		ResourcePath=$3
		[Offline]
		StaySynchronized=true
	END
}

client_evolution() {
	local calendar=${home}evolution-$mark/ tasks=${home}evolution-tasks-$mark/
	made+=("$calendar" "$tasks")
	dav MKCALENDAR "$calendar"
	dav MKCALENDAR "$tasks" -H 'Content-Type: application/xml' -d "<C:mkcalendar xmlns='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><set><prop><displayname>Aufgaben</displayname><C:supported-calendar-component-set><C:comp name='VTODO'/></C:supported-calendar-component-set></prop></set></C:mkcalendar>"
	event "down-$mark" "vom Server 東京" X-UNKNOWN:kept | put "${calendar}down.ics"
	mkdir -p .config/evolution/sources run services
	cp /usr/share/dbus-1/services/org.gnome.evolution.dataserver.* services/ # not the keyring
	chmod 700 run
	evolution_source events Calendar "${calendar#"$origin"}"
	evolution_source tasks "Task List" "${tasks#"$origin"}"
	cat >bus.conf <<-END
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		  <type>session</type>
		  <listen>unix:dir=$HOME/run</listen>
		  <auth>EXTERNAL</auth>
		  <servicedir>$HOME/services</servicedir>
		  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
		</busconfig>
	END
	PYTHONDONTWRITEBYTECODE=1 XDG_RUNTIME_DIR=$HOME/run GSETTINGS_BACKEND=memory GIO_USE_NETWORK_MONITOR=base \
		dbus-run-session --config-file=bus.conf /usr/bin/python3 -u "$(dirname "${BASH_SOURCE[0]}")/evolution.py" "$mark" "$calendar" "$tasks"
}
