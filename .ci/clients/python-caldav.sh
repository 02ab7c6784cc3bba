# python-caldav: the library under many Python programs.
packages_python_caldav() { package curl have curl; package python3-caldav python -c 'import caldav, icalendar'; }

client_python_caldav() { python "$(dirname "${BASH_SOURCE[0]}")/python-caldav.py" "python-$mark"; }
