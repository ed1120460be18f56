"""Reads the calendar files that the service writes with Python's icalendar, which knows nothing of how they were made."""
import pathlib
import re
import sys

from icalendar import Calendar

folder = pathlib.Path(__file__).parent.parent / "booking/src/calendar/golden"
files = sorted(folder.glob("*.ics"))
assert len(files) >= 8, f"only {len(files)} files in {folder}"
METHODS = {"request": "REQUEST", "request-online": "REQUEST", "request-classified": "REQUEST", "cancel": "CANCEL", "cancel-one-person": "CANCEL", "publish": "PUBLISH"}

for path in files:
    raw = path.read_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75, f"{path.name}: a line is longer than 75 octets"
    calendars = Calendar.from_ical(raw, multiple=True)
    assert len(calendars) == 1, f"{path.name}: {len(calendars)} calendars"
    calendar = calendars[0]
    errors = list(calendar.errors) + [error for event in calendar.walk() for error in event.errors]
    assert not errors, f"{path.name}: {errors}"
    assert calendar.get("method") == METHODS.get(path.stem), f"{path.name}: {calendar.get('method')}"
    # Every content line is a property that was read: nothing was lost, nothing came in.
    lines = [line for line in raw.decode().replace("\r\n ", "").split("\r\n") if line and not re.match("(BEGIN|END):", line)]
    read = [item for item in calendar.property_items(recursive=True) if item[0] not in ("BEGIN", "END")]
    assert len(read) == len(lines), f"{path.name}: {len(lines)} lines, {len(read)} properties"
    assert Calendar.from_ical(calendar.to_ical()) == calendar, f"{path.name}: it does not read back"
    if path.stem.startswith("feed"):
        # Properties that it does not know are left as they stand in the file: a TEXT, escaped once.
        assert calendar["x-wr-calname"] == calendar["name"] == "Sidang: MAMPU Cyberjaya\\; bilik 1\\, aras 2", path.name
    for event in calendar.walk("VEVENT"):
        assert event.decoded("dtend") > event.decoded("dtstart"), path.name
        assert event.decoded("dtstart").utcoffset().total_seconds() == 0, path.name
        assert "@" in event["uid"] and event.decoded("dtstamp"), path.name
        attendees = event.get("attendee", [])
        attendees = attendees if isinstance(attendees, list) else [attendees]
        if calendar.get("method") in ("REQUEST", "CANCEL"):
            assert event["organizer"] == "mailto:sidang@sidang.example", path.name
            assert attendees[0] == "mailto:nor.aini+uc@agensi.example", path.name
            assert attendees[0].params["CN"] == "Nor Aini binti Kassim, Dr.", path.name
            assert all(it.params["CUTYPE"] == "ROOM" for it in attendees[1:]), path.name
        else:
            assert not attendees and "organizer" not in event, path.name
        classified = path.stem == "request-classified"
        if not path.stem.startswith("feed"):
            assert event["summary"] == ("TP-2026-00012" if classified else "Penyelarasan; bil. 3, 2026 \\ “Bandar” & 老虎"), path.name
print(f"{len(files)} calendar files read", file=sys.stderr)
