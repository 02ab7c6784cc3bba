"""python-caldav against $CLIENT_URL, in a calendar named by the argument, which is deleted at the end."""

import os
import re
import sys
from datetime import date, datetime, timezone
from urllib.parse import unquote

import caldav
from caldav.lib import error

NAME = sys.argv[1]
UTC = timezone.utc


def at(day, hour=0):
    return datetime(2027, 3, day, hour, tzinfo=UTC)


def step(text):
    print("--", text, flush=True)


def same(what, got, wanted):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def summaries(objects):
    """The SUMMARY of each instance in each object, sorted."""
    found = []
    for o in objects:
        for c in o.icalendar_instance.subcomponents:
            if c.name != "VTIMEZONE":
                found.append(str(c["SUMMARY"]))
    return sorted(found)


def starts(objects):
    """The start of each instance, as written."""
    found = []
    for o in objects:
        for c in o.icalendar_instance.subcomponents:
            if c.name != "VTIMEZONE":
                assert "RRULE" not in c, "an expanded answer has an RRULE"
                found.append(c["DTSTART"].dt)
    return sorted(found)


def component(kind, uid, *lines):
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//clients//EN", f"BEGIN:{kind}", f"UID:{uid}-{NAME}"]
        + ["DTSTAMP:20261101T120000Z", *lines, f"END:{kind}", "END:VCALENDAR", ""]
    )


def refused(call):
    try:
        call()
    except error.DAVError:
        return
    raise AssertionError("was not refused")


def main():
    client = caldav.DAVClient(
        os.environ["CLIENT_URL"], username=os.environ["CLIENT_USER"], password=os.environ["CLIENT_PASSWORD"]
    )
    step("principal and calendars")
    me = client.principal()
    assert me.calendar_home_set, "no home"
    addresses = me.calendar_user_address_set()
    assert addresses, "no address of the user"
    names = {unquote(str(c.url)).rstrip("/").rsplit("/", 1)[1]: c for c in me.calendars()}
    assert {"calendar", "tasks"} <= set(names), names
    same("kinds in tasks", names["tasks"].get_supported_components(), ["VTODO"])
    assert "VEVENT" in names["calendar"].get_supported_components()

    step("a calendar of its own")
    cal = me.make_calendar(
        name="Prüfung & <Probe>", cal_id=NAME, supported_calendar_component_set=["VEVENT", "VTODO", "VJOURNAL"]
    )
    try:
        use(me, cal)
    finally:
        cal.delete()
    assert cal.url not in [c.url for c in me.calendars()], "the deleted calendar is listed"


def use(me, cal):
    assert cal.url in [c.url for c in me.calendars()], "the new calendar is not listed"
    same("name", me.calendar(cal_id=NAME).get_display_name(), "Prüfung & <Probe>")
    same("its kinds", sorted(cal.get_supported_components()), ["VEVENT", "VJOURNAL", "VTODO"])

    step("events")
    begin = cal.objects(load_objects=True)
    same("an empty calendar", len(list(begin)), 0)
    ev = cal.save_event(
        component("VEVENT", "one", "DTSTART:20270302T100000Z", "DTEND:20270302T110000Z", "SUMMARY:Zahnärztin 🦷")
    )
    cal.save_event(
        component(
            "VEVENT",
            "weekly",
            "DTSTART;TZID=Europe/Berlin:20270304T193000",
            "DURATION:PT2H",
            "RRULE:FREQ=WEEKLY",
            "EXDATE;TZID=Europe/Berlin:20270311T193000",
            "SUMMARY:Chor",
            "CATEGORIES:Musik,Freizeit",
        )
    )
    cal.save_event(dtstart=date(2027, 3, 20), dtend=date(2027, 3, 22), summary="Ausflug")
    same("events", summaries(cal.events()), ["Ausflug", "Chor", "Zahnärztin 🦷"])
    same("by UID", summaries([cal.event_by_uid(f"one-{NAME}")]), ["Zahnärztin 🦷"])
    try:
        cal.event_by_uid("nowhere")
        raise AssertionError("an event with an unknown UID")
    except error.NotFoundError:
        pass
    refused(lambda: cal.save_event(component("VEVENT", "bad", "DTSTART:sometime", "SUMMARY:Bad")))

    step("searches")
    same("March 2", summaries(cal.date_search(at(2), at(3), expand=False)), ["Zahnärztin 🦷"])
    same("nothing on March 3", cal.date_search(at(3), at(4), expand=False), [])
    same("an exception of the series", cal.date_search(at(11), at(12), expand=False), [])
    found = cal.date_search(at(1), at(26), expand=True)
    same("expanded", summaries(found), ["Ausflug", "Chor", "Chor", "Chor", "Zahnärztin 🦷"])
    chor = [d.strftime("%d %H:%M") for d in starts(o for o in found if "Chor" in o.data)]
    same("the series, expanded", chor, ["04 18:30", "18 18:30", "25 18:30"])
    same("open end", "Chor" in summaries(cal.date_search(datetime(2050, 1, 1, tzinfo=UTC))), True)
    same("by category", summaries(cal.search(event=True, category="Musik")), ["Chor"])
    same("by summary", summaries(cal.search(event=True, summary="Ausflug")), ["Ausflug"])
    same("by any kind", summaries(cal.search(comp_class=caldav.Event, uid=f"one-{NAME}")), ["Zahnärztin 🦷"])

    step("change and sync")
    state = cal.objects(load_objects=True)
    same("members", len(list(state)), 3)
    ev.vobject_instance.vevent.summary.value = "Zahnärztin, verschoben"
    ev.save()
    gone = [e for e in cal.events() if "Ausflug" in e.data][0]
    gone.delete()
    cal.save_event(component("VEVENT", "new", "DTSTART:20270305T100000Z", "SUMMARY:Neu"))
    changed, deleted = state.sync()
    same("changed", summaries(changed), ["Neu", "Zahnärztin, verschoben"])
    same("deleted", [o.url for o in deleted], [gone.url])
    same("nothing more", state.sync(), ([], []))
    changed, deleted = begin.sync()
    same("changed since the beginning", summaries(changed), ["Chor", "Neu", "Zahnärztin, verschoben"])
    cal.set_properties([caldav.elements.dav.DisplayName("Anders")])
    same("after a change of the name", state.sync(), ([], []))
    same("the new name", cal.get_display_name(), "Anders")
    same("multiget", summaries(cal.calendar_multiget([ev.url])), ["Zahnärztin, verschoben"])

    step("tasks")
    todo = cal.save_todo(component("VTODO", "todo", "DUE:20270310T120000Z", "SUMMARY:Steuer", "STATUS:NEEDS-ACTION"))
    cal.save_todo(component("VTODO", "bare", "SUMMARY:Irgendwann"))
    cal.save_todo(
        component("VTODO", "done", "DUE:20270309T120000Z", "SUMMARY:Fertig", "STATUS:COMPLETED", "COMPLETED:20270301T120000Z")
    )
    same("open tasks", summaries(cal.todos()), ["Irgendwann", "Steuer"])
    same("all tasks", summaries(cal.todos(include_completed=True)), ["Fertig", "Irgendwann", "Steuer"])
    same("due", summaries(cal.search(todo=True, include_completed=True, start=at(10), end=at(11))), ["Irgendwann", "Steuer"])
    todo.complete()
    same("open tasks then", summaries(cal.todos()), ["Irgendwann"])
    same("events still", summaries(cal.events()), ["Chor", "Neu", "Zahnärztin, verschoben"])

    step("journals")
    cal.save_journal(component("VJOURNAL", "j", "DTSTART;VALUE=DATE:20270301", "SUMMARY:Tagebuch", "DESCRIPTION:Schön war's"))
    same("journals", summaries(cal.journals()), ["Tagebuch"])

    step("free and busy")
    busy = cal.freebusy_request(at(1), at(12)).data.replace("\r\n ", "")
    same("busy", sorted(re.findall(r"(?<=[:,])2027(\d{4}T\d{4})00Z/", busy)), ["0302T1000", "0304T1830"])

    step("move, copy, delete")
    try:
        copy = ev.copy()
        copy.save()
        same("a copy with a new UID", len(cal.date_search(at(2), at(3), expand=False)), 2)
        copy.delete()
    finally:
        ev.delete()
    same("after deletion", cal.date_search(at(2), at(3), expand=False), [])
    refused(lambda: ev.load())


main()
