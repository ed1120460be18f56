//! Condition reports over HTTP: when they open, what their defects become, who signs them, and what is said while one is owed.

use super::cast::{Cast, text};
use crate::{
    conditions,
    testing::{Answered, DAY, HOUR, Plane, Someone, USE},
};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};
use wire::UnixMs;

const END: UnixMs = UnixMs(USE.0 + 2 * HOUR);
const MINUTE: i64 = 60_000;

/// All six points in order but those that are named.
fn report(bad: &[&str]) -> Value {
    let points = ["camera", "microphone", "display", "sound", "furniture", "cleanliness"];
    let point = |name: &&str| json!({ "point": name, "sound": !bad.contains(name) });
    json!({ "points": points.iter().map(point).collect::<Vec<_>>() })
}

struct Use {
    id: String,
    path: String,
}

async fn used(plane: &Plane, cast: &Cast) -> Use {
    let id = text(&cast.approved(plane).await["id"]);
    let path = format!("/api/v1/reservations/{id}/sites/{}/condition", plane.sites[0]);
    Use { id, path }
}

async fn photograph(plane: &Plane, who: &Someone) -> String {
    let request = Request::post("/api/v1/photographs").header(header::CONTENT_TYPE, "image/jpeg");
    let request = request.body(Body::from(crate::photographs::photographed(1, 64, 48))).unwrap();
    text(&plane.read(plane.answer(Some(who), request).await).await.ok()["id"])
}

async fn sign(plane: &Plane, who: &Someone, report: &Value, answer: &str, note: Option<&str>) -> Answered {
    plane.post(Some(who), &format!("/api/v1/conditions/{}/signature", text(&report["id"])), json!({ "answer": answer, "note": note })).await
}

async fn reminders(plane: &Plane, who: &Someone) -> usize {
    let notices = plane.get(Some(who), "/api/v1/notices").await.ok();
    notices["notices"].as_array().unwrap().iter().filter(|it| it.to_string().contains("condition_overdue")).count()
}

kernel::on_both! {
    async fn a_report_opens_five_minutes_before_the_end(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        let may = async || plane.get(Some(&cast.facilitator), &format!("/api/v1/reservations/{}", it.id)).await.ok()["may"].to_string().contains("file_condition");
        plane.clock.set(UnixMs(END.0 - 5 * MINUTE - 1));
        let early = plane.post(Some(&cast.facilitator), &it.path, report(&[])).await;
        assert_eq!(early.refused(409, "condition.too_early")["values"]["opens_at_ms"], END.0 - 5 * MINUTE);
        assert!(!may().await);
        plane.clock.set(UnixMs(END.0 - 5 * MINUTE));
        assert!(may().await);
        let send = async || plane.send(Method::POST, Some(&cast.facilitator), &it.path, Some(report(&[])), Some("k")).await.ok();
        let filed = send().await;
        assert_eq!(send().await["id"], filed["id"], "sent twice, filed once");
        assert_eq!((text(&filed["filed_as"]), filed.get("signature"), &filed["may_sign"]), ("facilitator".into(), None, &json!(false)));
        assert!(!may().await);
        let history = plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{}", it.id)).await.ok()["history"].to_string();
        assert!(history.contains("condition.file"), "{history}");
    }

    async fn a_defect_becomes_a_fault_with_its_photographs(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        plane.clock.set(END);
        let sites = plane.get(Some(&cast.facilitator), "/api/v1/sites").await.ok();
        let microphone = sites["sites"][0]["equipment"].as_array().unwrap().iter().find(|it| it["kind"] == "microphones").unwrap()["id"].clone();
        let (of_fault, of_point, of_room) =
            (photograph(&plane, &cast.officers[0]).await, photograph(&plane, &cast.officers[0]).await, photograph(&plane, &cast.officers[0]).await);
        let mut draft = report(&["microphone", "furniture"]);
        draft["photographs"] = json!([of_room]);
        draft["points"][1]["photographs"] = json!([of_fault]);
        draft["points"][1]["note"] = json!("Senyap");
        draft["points"][4]["photographs"] = json!([of_point]);
        let fault = |equipment: &Value| json!({ "severity": "s2", "equipment": equipment, "description": "Mikrofon senyap" });

        // A fault that cannot be reported takes the report with it: nothing is half done.
        draft["points"][1]["fault"] = fault(&json!(wire::id::EquipmentId::fresh()));
        plane.post(Some(&cast.officers[0]), &it.path, draft.clone()).await.refused(422, "request.malformed");
        assert_eq!(plane.get(Some(&cast.facilitator), "/api/v1/conditions").await.ok()["conditions"], json!([]));

        draft["points"][1]["fault"] = fault(&microphone);
        let filed = plane.post(Some(&cast.officers[0]), &it.path, draft).await.ok();
        assert_eq!(text(&filed["filed_as"]), "user");
        assert_eq!((text(&filed["points"][1]["fault"]["reference"]), filed["points"][4].get("fault")), ("F-2026-00001".into(), None));
        let shown: Vec<String> = filed["photographs"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
        assert_eq!(shown, [of_room.clone(), of_point]);
        let faults = plane.get(Some(&cast.facilitator), &format!("/api/v1/faults?site={}", plane.sites[0])).await.ok();
        assert_eq!((faults["faults"][0]["equipment"].to_string().contains(microphone.as_str().unwrap()), text(&faults["faults"][0]["severity"])), (true, "s2".into()));
        let seen = async |who: &Someone, id: &str| plane.get(Some(who), &format!("/api/v1/photographs/{id}")).await.status.as_u16();
        assert_eq!((seen(&cast.facilitator, &of_fault).await, seen(&cast.facilitator, &of_room).await), (200, 200));
        assert_eq!((seen(&cast.applicant, &of_room).await, seen(&cast.stranger, &of_room).await), (200, 404));
        plane.get(Some(&cast.applicant), &format!("/api/v1/conditions/{}", text(&filed["id"]))).await.ok();
        plane.get(Some(&cast.stranger), &format!("/api/v1/conditions/{}", text(&filed["id"]))).await.refused(404, "not_found");
    }

    async fn a_report_is_signed_by_the_other_side_once(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        plane.clock.set(END);
        let by_user = plane.post(Some(&cast.officers[0]), &it.path, report(&[])).await.ok();
        // Neither the one who filed it, nor who sat beside, nor who sat elsewhere.
        for who in [&cast.officers[0], &cast.officers[1], &cast.officers[2], &cast.applicant] {
            sign(&plane, who, &by_user, "confirmed", None).await.refused(403, "role.missing");
        }
        sign(&plane, &cast.stranger, &by_user, "confirmed", None).await.refused(404, "not_found");
        sign(&plane, &cast.facilitator, &by_user, "dissented", Some("  ")).await.refused(422, "request.malformed");
        assert_eq!(plane.get(Some(&cast.facilitator), "/api/v1/conditions").await.ok()["conditions"][0]["may_sign"], json!(true));
        let signed = sign(&plane, &cast.facilitator, &by_user, "dissented", Some("Meja kotor")).await.ok();
        assert_eq!((text(&signed["signature"]["answer"]), text(&signed["signature"]["note"]), &signed["may_sign"]), ("dissented".into(), "Meja kotor".into(), &json!(false)));
        sign(&plane, &cast.facilitator, &by_user, "confirmed", None).await.refused(409, "condition.signed");

        // At the other site nobody facilitates: the one who sat there files, and there is no other side yet.
        let path = it.path.replace(&plane.sites[0].to_string(), &plane.sites[1].to_string());
        let alone = plane.post(Some(&cast.officers[2]), &path, report(&[])).await.ok();
        sign(&plane, &cast.facilitator, &alone, "confirmed", None).await.refused(403, "role.missing");
    }

    async fn a_user_signs_what_the_facilitator_filed(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        plane.clock.set(END);
        let filed = plane.post(Some(&cast.facilitator), &it.path, report(&["display"])).await.ok();
        sign(&plane, &cast.facilitator, &filed, "confirmed", None).await.refused(403, "role.missing");
        let signed = sign(&plane, &cast.officers[1], &filed, "confirmed", None).await.ok();
        assert_eq!(text(&signed["signature"]["by"]["name"]), "dua");
    }

    async fn until_a_report_is_in_the_next_use_is_unverified(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        let mut later = cast.draft(&plane);
        later["starts_at_ms"] = json!(USE.0 + 5 * HOUR);
        later["ends_at_ms"] = json!(USE.0 + 6 * HOUR);
        let next = text(&plane.post(Some(&cast.applicant), "/api/v1/reservations", later).await.ok()["id"]);
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{next}/decision"), json!({ "decision": "approve" })).await.ok();
        let unverified = async |id: &str| {
            let sites = plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{id}")).await.ok()["sites"].clone();
            sites.as_array().unwrap().iter().map(|it| it["unverified"] == json!(true)).collect::<Vec<_>>()
        };
        plane.clock.set(UnixMs(END.0 - 1));
        assert_eq!(unverified(&next).await, [false, false], "the one before is not over");
        plane.clock.set(END);
        assert_eq!((unverified(&it.id).await, unverified(&next).await), (vec![false, false], vec![true, true]));
        plane.post(Some(&cast.facilitator), &it.path, report(&["display"])).await.ok();
        assert_eq!(unverified(&next).await, [false, true], "one room was looked at, the other not");

        let owed = async |until: UnixMs| {
            let mut tx = db.read().await.unwrap();
            let by_agency = conditions::overdue_by_agency(&mut tx, until).await.unwrap();
            assert_eq!(conditions::overdue_of_agency(&mut tx, plane.ministry, until).await.unwrap(), by_agency.get(&plane.ministry).copied().unwrap_or(0));
            by_agency.values().sum::<i64>()
        };
        assert_eq!((owed(UnixMs(END.0 - 1)).await, owed(END).await, owed(UnixMs(END.0 + 4 * HOUR)).await), (0, 1, 3));
    }

    async fn a_use_to_which_nobody_came_owes_no_report(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        let may = async || {
            let seen = plane.get(Some(&cast.facilitator), &format!("/api/v1/reservations/{}", it.id)).await.ok();
            seen["sites"].as_array().unwrap().iter().map(|it| it["may_check_in"] == json!(true)).collect::<Vec<_>>()
        };
        plane.clock.set(USE);
        assert_eq!(may().await, [true, false], "at the site looked after");
        for minute in [10, 12, 30, 45] {
            plane.clock.set(UnixMs(USE.0 + minute * MINUTE));
            crate::use_of_rooms::no_shows_due(&db, UnixMs(USE.0 + minute * MINUTE)).await.unwrap();
        }
        assert_eq!(may().await, [false, false], "nobody came");
        plane.clock.set(END);
        assert_eq!(plane.get(Some(&cast.facilitator), "/api/v1/conditions").await.ok()["due"], json!([]));
    }

    async fn the_facilitator_checks_in_and_takes_it_back(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        let path = it.path.replace("/condition", "/check-in");
        let take_back = async |who: &Someone| plane.send(Method::DELETE, Some(who), &path, None, None).await;
        let entry = |seen: &Value| {
            let site = seen["sites"].as_array().unwrap().iter().find(|it| path.contains(it["site"]["id"].as_str().unwrap())).unwrap().clone();
            (site["checked_in_at_ms"].clone(), site["may_check_in"] == json!(true), site["may_undo_check_in"] == json!(true))
        };
        plane.clock.set(USE);
        for who in [&cast.applicant, &cast.approver, &cast.officers[0]] {
            take_back(who).await.refused(403, "role.missing");
        }
        assert_eq!(entry(&plane.post(Some(&cast.facilitator), &path, json!(null)).await.ok()), (json!(USE.0), false, true));
        assert_eq!(entry(&take_back(&cast.facilitator).await.ok()), (Value::Null, true, false));
        plane.post(Some(&cast.facilitator), &path, json!(null)).await.ok();
        plane.clock.set(UnixMs(USE.0 + 5 * MINUTE));
        take_back(&cast.facilitator).await.refused(409, "check_in.settled");
        let seen = plane.get(Some(&cast.facilitator), &format!("/api/v1/reservations/{}", it.id)).await.ok();
        assert_eq!(entry(&seen), (json!(USE.0), false, false));
    }

    async fn somebody_who_owes_a_report_is_reminded_in_working_hours(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let it = used(&plane, &cast).await;
        let remind = async |at: i64| conditions::remind_due(&db, UnixMs(at)).await.unwrap();
        // The use ended on Friday at eleven; the report is overdue on Saturday, and Saturday and Sunday are rest days.
        plane.clock.set(END);
        let due = plane.get(Some(&cast.facilitator), "/api/v1/conditions").await.ok()["due"][0].clone();
        assert_eq!((&due["overdue"], &due["overdue_at_ms"]), (&json!(false), &json!(END.0 + DAY)));
        assert_eq!(remind(END.0 + DAY - 1).await, 0);
        assert_eq!(remind(END.0 + DAY).await, 0, "Saturday");
        let monday = USE.0 + 3 * DAY;
        assert_eq!(remind(monday - 2 * HOUR).await, 0, "seven in the morning");
        assert_eq!(remind(monday).await, 2, "both sites");
        assert_eq!(remind(monday + HOUR).await, 0, "once a day");
        assert_eq!((reminders(&plane, &cast.facilitator).await, reminders(&plane, &cast.officers[0]).await, reminders(&plane, &cast.stranger).await), (1, 1, 0));
        assert_eq!(reminders(&plane, &cast.officers[2]).await, 1, "of the other site");
        plane.clock.set(UnixMs(monday));
        assert_eq!(plane.get(Some(&cast.facilitator), "/api/v1/conditions").await.ok()["due"][0]["overdue"], json!(true));
        plane.post(Some(&cast.facilitator), &it.path, report(&[])).await.ok();
        assert_eq!(remind(monday + DAY).await, 1, "the other is still owed");
        assert_eq!((remind(monday + 2 * DAY).await, remind(monday + 3 * DAY).await), (1, 0), "three times");
        assert_eq!((reminders(&plane, &cast.officers[0]).await, reminders(&plane, &cast.officers[2]).await), (1, 3));
    }
}
