"""Evolution's data server against $CLIENT_URL: the sources "events" and "tasks" are set up before this starts."""

import base64
import os
import sys
import time
import urllib.request

import gi

gi.require_version("EDataServer", "1.2")
gi.require_version("ECal", "2.0")
from gi.repository import ECal, EDataServer, GLib, ICalGLib  # noqa: E402

MARK, CALENDAR, TASKS = sys.argv[1:]
ALL = ECal.ObjModType.ALL
NO_FLAGS = ECal.OperationFlags.NONE


def step(text):
    print("--", text, flush=True)


def same(what, got, wanted):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def dav(method, url, body=None):
    """One request of our own, besides Evolution's."""
    rq = urllib.request.Request(url, method=method, data=body.encode() if body else None)
    login = f"{os.environ['CLIENT_USER']}:{os.environ['CLIENT_PASSWORD']}"
    rq.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    rq.add_header("Content-Type", "text/calendar; charset=utf-8")
    with urllib.request.urlopen(rq, timeout=20) as answer:
        return answer.read().decode()


def credentials():
    c = EDataServer.NamedParameters.new()
    c.set(EDataServer.SOURCE_CREDENTIAL_USERNAME, os.environ["CLIENT_USER"])
    c.set(EDataServer.SOURCE_CREDENTIAL_PASSWORD, os.environ["CLIENT_PASSWORD"])
    return c


def open_client(registry, uid, kind):
    """Opens a source. The back end asks for a password, which a running Evolution would ask its user for."""
    source = registry.ref_source(uid)
    client = ECal.Client.connect_sync(source, kind, GLib.MAXUINT32, None)  # do not wait until it is connected
    status = EDataServer.SourceConnectionStatus
    asked = []  # when the password was given
    opened = time.monotonic()

    def authenticated():
        # It is "connected" for a moment before it asks, where OPTIONS is answered without a login. Its asking, or the
        # answer to it, can be lost in that moment, and then it waits for ever: so it is told again.
        lost = time.monotonic() - (asked or [opened])[-1] > 4
        if source.get_connection_status() == status.AWAITING_CREDENTIALS or lost:
            asked.append(time.monotonic())
            source.invoke_authenticate_sync(credentials(), None)
        return asked and source.get_connection_status() == status.CONNECTED and not client.is_readonly()

    until(f"{uid} to be connected and writable", authenticated)
    return client


def until(what, done):
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        while GLib.MainContext.default().iteration(False):
            pass
        time.sleep(0.05)


def refreshed(client):
    # Its own first look at the server can be lost when it falls into the moment of logging in.
    client.refresh_sync(None)
    time.sleep(0.5)
    return client


def summaries(client, query="#t"):
    return sorted(c.get_summary().get_value() for c in client.get_object_list_as_comps_sync(query, None)[1])


def component(kind, uid, *lines):
    text = "\r\n".join([f"BEGIN:{kind}", f"UID:{uid}-{MARK}", "DTSTAMP:20261101T120000Z", *lines, f"END:{kind}", ""])
    return text


def calendar(*parts):
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//clients//EN\r\n" + "".join(parts) + "END:VCALENDAR\r\n"


def discover(registry):
    ok, _, _, found, addresses = EDataServer.webdav_discover_sources_sync(
        registry.ref_source("events"), os.environ["CLIENT_URL"], EDataServer.WebDAVDiscoverSupports.NONE, credentials(), None
    )
    assert ok, "discovery failed"
    return {f.href: f for f in found}, addresses


def main():
    registry = EDataServer.SourceRegistry.new_sync(None)
    step("discovery")
    found, addresses = discover(registry)
    for url in (CALENDAR, TASKS):
        assert url in found, f"{url} is not among {list(found)}"
    supports = EDataServer.WebDAVDiscoverSupports
    same("kinds in the task list", found[TASKS].supports & (supports.EVENTS | supports.TASKS), supports.TASKS)
    same("its name", found[TASKS].display_name, "Aufgaben")
    print("addresses of the user:", addresses)

    step("open, read")
    events = open_client(registry, "events", ECal.ClientSourceType.EVENTS)
    until("the first listing", lambda: summaries(refreshed(events)) == ["vom Server 東京"])

    step("new, changed, deleted here")
    text = component("VEVENT", "up", "DTSTART:20270302T100000Z", "DTEND:20270302T110000Z", "SUMMARY:Zahnärztin 🦷")
    events.create_object_sync(ICalGLib.Component.new_from_string(text), NO_FLAGS, None)
    text = component("VEVENT", "weekly", "DTSTART:20270304T193000Z", "DURATION:PT2H", "RRULE:FREQ=WEEKLY", "SUMMARY:Chor")
    events.create_object_sync(ICalGLib.Component.new_from_string(text), NO_FLAGS, None)
    there = dav("GET", CALENDAR)
    assert "SUMMARY:Zahnärztin 🦷" in there and "RRULE:FREQ=WEEKLY" in there, there
    _, one = events.get_object_sync(f"down-{MARK}", None, None)
    one.set_summary("von hier geändert")
    events.modify_object_sync(one, ALL, NO_FLAGS, None)
    there = dav("GET", CALENDAR + "down.ics")
    assert "SUMMARY:von hier geändert" in there and "X-UNKNOWN:kept" in there, there
    events.remove_object_sync(f"up-{MARK}", None, ALL, NO_FLAGS, None)
    assert "Zahnärztin" not in dav("GET", CALENDAR), "what was deleted here is still there"
    series = '(occur-in-time-range? (make-time "20280301T000000Z") (make-time "20280314T000000Z"))'
    same("a year later", summaries(events, series), ["Chor"])

    step("new, changed, deleted there")
    text = component("VEVENT", "there", "DTSTART:20270305T100000Z", "SUMMARY:neu")
    dav("PUT", CALENDAR + "there.ics", calendar(text))
    dav("PUT", CALENDAR + "down.ics", calendar(component("VEVENT", "down", "DTSTART:20270305T100000Z", "SUMMARY:dort")))
    events.refresh_sync(None)
    until("changes from there", lambda: summaries(events) == ["Chor", "dort", "neu"])
    dav("DELETE", CALENDAR + "there.ics")
    events.refresh_sync(None)
    until("a deletion from there", lambda: summaries(events) == ["Chor", "dort"])

    step("tasks")
    tasks = open_client(registry, "tasks", ECal.ClientSourceType.TASKS)
    text = component("VTODO", "todo", "SUMMARY:Steuererklärung", "STATUS:NEEDS-ACTION")
    tasks.create_object_sync(ICalGLib.Component.new_from_string(text), NO_FLAGS, None)
    until("the task", lambda: summaries(tasks) == ["Steuererklärung"])
    assert "SUMMARY:Steuererklärung" in dav("GET", TASKS), "the task is not there"


main()
