"""A sound body for what takes one, so that some questions are carried out; most are sound but for a value or two that were made up."""
from things import DAY_MS, HOUR_MS, QUARTER_MS, civil_day


def day(ahead):
    return str(civil_day(ahead))


def sound_bodies(cast, things, now):
    """By operation. Where a body has a slot, it is given one of `slots` by whoever asks."""
    applicant, approver, facilitator = cast["uc_administrator"], cast["approver"], cast["facilitator"]
    site, colleagues = facilitator.person["sites"][0], things["colleagues"]
    soon = day(2)
    slot = {"starts_at_ms": things["slots"][0][0], "ends_at_ms": things["slots"][0][1]}
    draft = {
        "title": "Mesyuarat", "purpose": "Penyelarasan", "official": True, "classification": "TERBUKA", "chair": colleagues[0], **slot,
        "sites": [{"site": it, "people": [person]} for it, person in zip(things["sites"][:2], colleagues)],
    }
    terms = approver.get("/policies")["policies"][0]["terms"]
    found = approver.get(f"/sites/{things['sites'][2]}")
    form = {
        key: value for key, value in found["site"].items()
        if key in ("name", "short_name", "city", "region", "address", "time_zone", "seats", "hours", "set_up_minutes", "clear_up_minutes", "rooms", "access_ms", "access_en")
    }
    form["facilitators"] = [it["id"] for it in found["facilitators"]]
    new_site = {**form, "name": "Johor Bahru", "short_name": "JHB", "region": "johor", "rooms": [{"name": "Bilik", "seats": 6, "wheelchair": "yes"}], "seats": 6}
    holiday = {"date": soon, "name_ms": "Cuti khas", "name_en": "Special holiday", "basis": "fixed", "status": "provisional", "source": "Warta"}
    span = {"site": site, "from_ms": now + 40 * DAY_MS, "until_ms": now + 40 * DAY_MS + HOUR_MS}
    work = {"site": site, "title": "Servis", "checklist": ["Penapis"], "occurrences": [{"starts_at_ms": now + 50 * DAY_MS, "ends_at_ms": now + 50 * DAY_MS + HOUR_MS}]}
    points = [{"point": it, "sound": True} for it in ("camera", "microphone", "display", "sound", "furniture", "cleanliness")]
    series = {"draft": draft, "occurrences": [dict(slot), dict(slot)], "accept_partial": True}
    return {
        "POST /api/v1/availability/search": {"sites": things["sites"], "minutes": 60},
        "POST /api/v1/blocks": span,
        "POST /api/v1/blocks/preview": span,
        "POST /api/v1/blocks/{id}/end": {},
        "POST /api/v1/calendar/feeds": {"kind": "site", "site": site},
        "POST /api/v1/conditions/{id}/signature": {"answer": "confirmed"},
        "POST /api/v1/delegations": {"delegate": facilitator.person["id"], "from": day(10), "to": day(11)},
        "POST /api/v1/drafts": {"content": draft},
        "PUT /api/v1/drafts/{id}": {"version": 1, "content": draft},
        "POST /api/v1/equipment": {"site": site, "name": "Kamera", "kind": "camera", "criticality": "critical"},
        "PUT /api/v1/equipment/{id}": {"version": 1, "name": "Kamera", "kind": "camera", "criticality": "degrades"},
        "POST /api/v1/faults": {"site": site, "severity": "s1", "description": "Tiada gambar", "equipment": things["equipment"][0]},
        "POST /api/v1/faults/{id}/acts": {"act": "comment", "text": "Dilihat"},
        "POST /api/v1/holidays/preview": {"kind": "add", "regions": ["johor"], "holiday": holiday},
        "POST /api/v1/holidays/changes": {"change": {"kind": "add", "regions": ["perlis"], "holiday": holiday}},
        "POST /api/v1/maintenance": work,
        "POST /api/v1/maintenance/preview": work,
        "POST /api/v1/maintenance/{id}/acts": {"act": "start"},
        "POST /api/v1/meetings": {"title": "Taklimat", "classification": "TERBUKA", "people": colleagues[:2], **slot},
        "POST /api/v1/overrides": {
            "exempt": ["lead_time"], "reason": "Bencana", "agency": applicant.person["agency"]["id"], "sites": things["sites"][:2],
            "starts_at_ms": now + 30 * HOUR_MS + 8 * QUARTER_MS, "ends_at_ms": now + 30 * HOUR_MS + 12 * QUARTER_MS,
        },
        "POST /api/v1/overrides/{id}/decision": {"decision": "confirm"},
        "POST /api/v1/people": {"name": "Pegawai Baharu", "email": "baharu@kkm.example", "position": "Pegawai", "agency": things["agencies"][0], "roles": ["officer"]},
        "POST /api/v1/policies": {"effective_from": soon, "terms": terms},
        "POST /api/v1/policies/lint": {"effective_from": soon, "terms": terms},
        "POST /api/v1/policies/replay": terms,
        "PUT /api/v1/reports/use/{agency}": {"uses_each_month": 2},
        "POST /api/v1/reservations": draft,
        "POST /api/v1/reservations/verdict": draft,
        "PUT /api/v1/reservations/{id}": {"version": 1, "draft": draft},
        "POST /api/v1/reservations/{id}/amendment/verdict": {"draft": draft},
        "POST /api/v1/reservations/{id}/decision": {"decision": "approve"},
        "POST /api/v1/reservations/{id}/extension": {"minutes": 15},
        "POST /api/v1/reservations/{id}/offer": {"accept": True},
        "POST /api/v1/reservations/{id}/sites/{site}/condition": {"points": points},
        "POST /api/v1/reservations/{id}/sites/{site}/consent": {"answer": "given"},
        "POST /api/v1/series": series,
        "POST /api/v1/series/verdict": series,
        "POST /api/v1/sites": new_site,
        "POST /api/v1/sites/{id}/preview": form,
        "PUT /api/v1/sites/{id}": {"version": found["site"]["version"], "site": form},
    }
