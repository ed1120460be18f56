"""What Schemathesis cannot know of Sidang: who asks, which identifiers lead somewhere, and when now is.

Every choice is made by a hash of what was generated, so that the same question is asked by the same person again."""
import atexit
import hashlib
import json
import os
import re
import time
import uuid

import schemathesis
from schemathesis.generation import GenerationMode

with open(os.environ["SIDANG_TOLD"]) as file:
    TOLD = json.load(file)
SESSIONS, THINGS, BODIES = TOLD["sessions"], TOLD["things"], TOLD["bodies"]
QUARTER_MS, HOUR_MS, DAY_MS = 900_000, 3_600_000, 86_400_000
# Who may, as far as one person may most of it: five of six questions are theirs, the others everybody's.
OWNERS = [
    (r"/(blocks|maintenance|equipment|faults|devices|conditions|photographs|consents)|/(check-in|consent|condition)$", "facilitator"),
    (r"^/(sites|facilitators|holidays|policies|reports|decisions|delegations|overrides|affected)|/(decision|dossier)$", "approver"),
    (r"/(people|mail)", "system_administrator"),
    (r"/audit", "auditor"),
    (r"/(meetings|notices|calendar)", "officer"),
    (r"", "uc_administrator"),
]
# The kind of thing that a field or a path names, where it is not the collection before it.
KINDS = {
    "site": "sites", "sites": "sites", "person": "people", "people": "people", "online": "people", "chair": "people", "applicant": "people",
    "delegate": "people", "assignee": "people", "facilitators": "people", "agency": "agencies", "reservation": "reservations", "equipment": "equipment",
    "photographs": "photographs", "photographs_added": "photographs", "photographs_removed": "photographs", "draft": "drafts", "draft_id": "drafts",
    "fault": "faults", "about": "reservations", "before": "notices",
}


def hashed(*what):
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:8])


def is_uuid(value):
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def known(kind, value):
    """For three of four identifiers that were made up, one that there is."""
    pool = THINGS.get(kind)
    number = hashed(value)
    return pool[number // 4 % len(pool)] if pool and number % 4 else value


def instant(name, value):
    """For three of four instants one of these weeks, on the quarter hour; what ends, after what starts."""
    number = hashed(value)
    if not number % 4:
        return value
    start = int(time.time() * 1000) // DAY_MS * DAY_MS + number // 4 % 20 * DAY_MS + number // 80 % 40 * QUARTER_MS
    return start + (0 if re.match("starts|from|at", name) else 20 * DAY_MS if name == "to_ms" else HOUR_MS + number // 4000 % 8 * QUARTER_MS)


def sensible(name, value):
    if isinstance(value, dict):
        return {key: sensible(key, it) for key, it in value.items()}
    if isinstance(value, list):
        return [sensible(name, it) for it in value]
    if is_uuid(value) and name in KINDS:
        return known(KINDS[name], value)
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("_ms"):
        return instant(name, value)
    return value


def with_slots(body, number):
    """Free hours in place of those of the pattern, another for each question."""
    if isinstance(body, dict):
        body = {key: with_slots(value, number + place) for place, (key, value) in enumerate(body.items())}
        if body.get("starts_at_ms") == THINGS["slots"][0][0]:
            body["starts_at_ms"], body["ends_at_ms"] = THINGS["slots"][number % len(THINGS["slots"])]
    elif isinstance(body, list):
        body = [with_slots(value, number + place) for place, value in enumerate(body)]
    return body


def nearly_sound(label, made_up, number):
    """The sound body of an operation, with one in twelve of its values, and of those that it could have besides, as they were made up."""
    sound = with_slots(BODIES[label], number)
    return sound | {key: value for key, value in made_up.items() if hashed(key, number) % 12 == 0}


@schemathesis.hook
def before_call(context, case, kwargs):
    if "x-csrf-token" in case.headers:
        return  # Sent again to look at it once more: the same question by the same person.
    path = case.operation.path.removeprefix("/api/v1")
    number = hashed(case.operation.label, repr(case.body), repr(case.query), repr(case.path_parameters))
    for name, value in (case.path_parameters or {}).items():
        collection = path.split("{" + name + "}")[0].strip("/").split("/")[-1]
        if is_uuid(value):
            case.path_parameters[name] = known(KINDS.get(name, collection), value)
    if case.query:
        # Answered at once, where it is a number: a question that is held open for what comes is not for a hundred askers in a row.
        if path in ("/changes", "/panel/schedule") and str(case.query.get("after", "")).lstrip("-").isdigit():
            del case.query["after"]
        case.query = {name: sensible(name, value) for name, value in case.query.items()}
    if isinstance(case.body, (dict, list)):
        case.body = sensible("", case.body)
        lawful = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
        if lawful and case.operation.label in BODIES and isinstance(case.body, dict) and number % 3:
            case.body = nearly_sound(case.operation.label, case.body, number)
    owner = next(role for pattern, role in OWNERS if re.search(pattern, path))
    others = [role for role in SESSIONS if role != owner]
    asks_nothing = not (isinstance(case.body, (dict, list)) or case.query or case.path_parameters)
    who = owner if asks_nothing or number // 3 % 6 else others[number // 18 % len(others)]
    case.headers.update(SESSIONS[who])


SUCCEEDED = set()


@schemathesis.hook
def after_call(context, case, response):
    if 200 <= response.status_code < 300:
        SUCCEEDED.add(case.operation.label)


@atexit.register
def write_successes():
    with open(os.environ["SIDANG_SUCCEEDED"], "w") as file:
        json.dump(sorted(SUCCEEDED), file)
