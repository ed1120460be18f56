"""Something of every kind that an identifier of the API can name, so that questions reach what lies behind `not_found`."""
import datetime
import struct
import time
import zlib

QUARTER_MS = 900_000
HOUR_MS = 4 * QUARTER_MS
DAY_MS = 24 * HOUR_MS
#: Civil days are Malaysia's, wherever this runs.
MALAYSIA = datetime.timezone(datetime.timedelta(hours=8))


def civil_day(ahead=0):
    return datetime.datetime.now(MALAYSIA).date() + datetime.timedelta(days=ahead)


def picture():
    """A small PNG of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    size = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x40\x80\xc0" * 16) * 16
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def ids(rows):
    return [row["id"] for row in rows]


def lay_out(cast):
    """Identifiers by kind, the kind as the paths and fields of the API name it."""
    officer, applicant, approver = cast["officer"], cast["uc_administrator"], cast["approver"]
    facilitator, administrator = cast["facilitator"], cast["system_administrator"]
    now = int(time.time() * 1000) // QUARTER_MS * QUARTER_MS
    site = facilitator.person["sites"][0]
    equipment = ids(facilitator.get(f"/equipment?site={site}")["equipment"])
    fault = {"site": site, "equipment": equipment[0], "severity": "s3", "description": "Skrin berkelip"}
    block = {"site": site, "from_ms": now + 20 * DAY_MS, "until_ms": now + 20 * DAY_MS + HOUR_MS}
    work = {"starts_at_ms": now + 21 * DAY_MS, "ends_at_ms": now + 21 * DAY_MS + HOUR_MS}
    maintenance = {"site": site, "title": "Servis", "checklist": ["Penapis"], "occurrences": [work]}
    delegation = {"delegate": facilitator.person["id"], "from": str(civil_day()), "to": str(civil_day(3))}
    reservations = applicant.get("/reservations?view=agency")["reservations"]
    series = {row["series"]["id"] for row in reservations if row.get("series")}
    domain = applicant.person["email"].split("@")[1]
    # Free hours of working days first, the nearest first.
    free = {"sites": ids(applicant.get("/sites")["sites"]), "minutes": 60}
    slots = [[it["starts_at_ms"], it["ends_at_ms"]] for it in applicant.post("/availability/search", free)["slots"]]
    waived = {
        "exempt": ["lead_time"], "reason": "Bencana", "agency": applicant.person["agency"]["id"], "sites": ids(applicant.get("/sites")["sites"])[:2],
        "starts_at_ms": now + 30 * HOUR_MS, "ends_at_ms": now + 31 * HOUR_MS,
    }
    return {
        "sites": ids(applicant.get("/sites")["sites"]),
        "people": ids(applicant.get("/people?q=example&limit=50")["people"]),
        "colleagues": ids(applicant.get(f"/people?q={domain}&limit=50")["people"])[:4],
        "slots": slots,
        "agencies": ids(applicant.get("/agencies")["agencies"]),
        "reservations": ids(reservations),
        "series": sorted(series),
        "meetings": ids(officer.get(f"/meetings?from_ms={now - DAY_MS}&to_ms={now + 30 * DAY_MS}")["meetings"]),
        "equipment": equipment,
        "drafts": [applicant.post("/drafts", {"content": {}})["id"] for _ in range(4)],
        "faults": [facilitator.post("/faults", fault)["id"] for _ in range(4)],
        "blocks": [found(facilitator.post("/blocks", block))],
        "maintenance": [found(facilitator.post("/maintenance", maintenance))],
        "delegations": [found(approver.post("/delegations", delegation))],
        "overrides": [found(approver.post("/overrides", waived))],
        "feeds": [found(officer.post("/calendar/feeds", {"kind": "person"}))],
        "photographs": [found(facilitator.post("/photographs", picture(), "image/png")) for _ in range(3)],
        "notices": ids(applicant.get("/notices")["notices"]),
        "mail": ids(administrator.get("/mail")["mails"]),
    }


def found(answer):
    """The identifier in an answer, wherever it stands in it."""
    if isinstance(answer, dict):
        if "id" in answer:
            return answer["id"]
        for value in answer.values():
            if identifier := found(value):
                return identifier
    if isinstance(answer, list):
        return next((it for it in map(found, answer) if it), None)
    return None
