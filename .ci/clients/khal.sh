# khal: a calendar in a terminal, on folders that vdirsyncer keeps.
. "$(dirname "${BASH_SOURCE[0]}")/vdirsyncer.sh"
packages_khal() { packages_vdirsyncer; package khal have khal; }

client_khal() {
	collections=("khal-$mark")
	local calendar=${home}khal-$mark/
	made+=("$calendar")
	dav MKCALENDAR "$calendar"
	object VEVENT "weekly-$mark" "Chorprobe" 'DTSTART;TZID=Europe/Berlin:20270304T193000' DURATION:PT2H RRULE:FREQ=WEEKLY 'EXDATE;TZID=Europe/Berlin:20270311T193000' | put "${calendar}weekly.ics"
	vdir_config
	vdir_discover
	vdir sync
	mkdir -p .config/khal
	cat >.config/khal/config <<-END
		[calendars]
		[[all]]
		path = $HOME/vdir/khal-$mark/
		[locale]
		local_timezone = Europe/Berlin
		default_timezone = Europe/Berlin
		timeformat = %H:%M
		dateformat = %Y-%m-%d
		longdateformat = %Y-%m-%d
		datetimeformat = %Y-%m-%d %H:%M
		longdatetimeformat = %Y-%m-%d %H:%M
	END

	step "what the server has is listed, the series with its gap"
	khal list --format '{start} {title}' 2027-03-01 2027-03-31 >out
	holds out "2027-03-04 19:30 Chorprobe"
	lacks out "2027-03-11 19:30"
	holds out "2027-03-18 19:30 Chorprobe"

	step "a new event reaches the server"
	khal new -a all 2027-03-02 09:00 10:00 "Zahnärztin :: Gebiß prüfen"
	vdir sync
	dav GET "$calendar" >got
	holds got "SUMMARY:Zahnärztin"
	holds got "DESCRIPTION:Gebiß prüfen"

	step "a change there is seen here"
	object VEVENT "weekly-$mark" "Orchesterprobe" 'DTSTART;TZID=Europe/Berlin:20270304T193000' DURATION:PT2H | put "${calendar}weekly.ics"
	vdir sync
	khal list --format '{start} {title}' 2027-03-01 2027-03-31 >out
	holds out "2027-03-04 19:30 Orchesterprobe"
	holds out "Zahnärztin"
	lacks out Chorprobe
}
