//! Planned work over HTTP on both databases: previewed, told of in time, closed early.

use crate::{
    reservations::{State, world::stored},
    testing::{DAY, HOUR, NOW, Plane, USE},
    tests::cast::{Cast, text},
};
use kernel::Db;
use serde_json::{Value, json};

async fn state(db: &Db, reservation: &Value) -> State {
    stored(db, text(&reservation["id"]).parse().unwrap()).await.state
}

fn works(plane: &Plane, dates: &[i64]) -> Value {
    let dates: Vec<Value> = dates.iter().map(|from| json!({ "starts_at_ms": from, "ends_at_ms": from + 3 * HOUR })).collect();
    json!({ "site": plane.sites[0], "title": "Naik taraf perisian", "checklist": ["Sandarkan tetapan", "Uji kamera"], "occurrences": dates })
}

kernel::on_both! {
    async fn work_is_previewed_planned_and_closed_early(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        let mut draft = works(&plane, &[USE.0 - HOUR, USE.0 + 14 * DAY]);
        for wrong in [&cast.stranger, &cast.applicant, &cast.auditor] {
            plane.post(Some(wrong), "/api/v1/maintenance", draft.clone()).await.refused(403, "role.missing");
            plane.post(Some(wrong), "/api/v1/maintenance/preview", draft.clone()).await.refused(403, "role.missing");
        }
        let preview = plane.post(Some(&cast.facilitator), "/api/v1/maintenance/preview", draft.clone()).await.ok();
        assert_eq!(preview["occurrences"][0]["affected"][0]["reference"], booked["reference"]);
        assert_eq!((preview["occurrences"][1]["affected"].clone(), &preview["refusals"][0]["code"]), (json!([]), &json!("maintenance.notice")));
        assert_eq!(state(&db, &booked).await, State::Approved, "a preview changes nothing");
        plane.post(Some(&cast.facilitator), "/api/v1/maintenance", draft.clone()).await.refused(422, "maintenance.notice");
        draft["urgent_reason"] = json!("Kemas kini keselamatan");
        let send = async || plane.send(axum::http::Method::POST, Some(&cast.facilitator), "/api/v1/maintenance", Some(draft.clone()), Some("k")).await.ok();
        let made = send().await;
        assert_eq!((text(&made["reference"]), send().await["id"].clone()), ("M-2026-00001".into(), made["id"].clone()));
        assert_eq!(state(&db, &booked).await, State::Displaced);
        let listed = plane.get(Some(&cast.stranger), &format!("/api/v1/maintenance?from_ms={}&to_ms={}", NOW.0, NOW.0 + 60 * DAY)).await.ok();
        let listed = listed["maintenance"].as_array().unwrap().clone();
        assert_eq!((listed.len(), listed[1]["series"].clone(), listed[1].get("urgent_reason")), (2, made["id"].clone(), None));

        let path = format!("/api/v1/maintenance/{}/acts", text(&made["id"]));
        let act = async |it: Value| plane.post(Some(&cast.facilitator), &path, it).await;
        plane.post(Some(&cast.stranger), &path, json!({ "act": "start" })).await.refused(403, "role.missing");
        plane.clock.set(USE.saturating_add_ms(-HOUR));
        act(json!({ "act": "start" })).await.ok();
        act(json!({ "act": "start" })).await.refused(409, "maintenance.state");
        act(json!({ "act": "tick", "item": 3, "done": true })).await.refused(422, "request.malformed");
        let ticked = act(json!({ "act": "tick", "item": 1, "done": true })).await.ok();
        assert_eq!((&ticked["checklist"][0]["done"], &ticked["checklist"][1]["done"]), (&json!(true), &json!(false)));
        act(json!({ "act": "finish", "outcome": "done_in_part" })).await.refused(422, "request.malformed");
        plane.clock.set(USE.saturating_add_ms(-HOUR / 2));
        let done = act(json!({ "act": "finish", "outcome": "done_in_part", "note": "Kamera esok" })).await.ok();
        assert_eq!((text(&done["state"]), text(&done["outcome"])), ("done".into(), "done_in_part".into()));
        assert_eq!(state(&db, &booked).await, State::Approved, "closed early, the room is theirs again");
        act(json!({ "act": "cancel", "reason": "x" })).await.refused(409, "maintenance.state");
    }

    async fn twelve_dates_or_none(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let weeks = |count: i64| (0..count).map(|week| USE.0 + (14 + 7 * week) * DAY).collect::<Vec<_>>();
        plane.post(Some(&cast.facilitator), "/api/v1/maintenance", works(&plane, &weeks(13))).await.refused(422, "request.malformed");
        let made = plane.post(Some(&cast.facilitator), "/api/v1/maintenance", works(&plane, &weeks(12))).await.ok();
        let year = format!("/api/v1/maintenance?site={}&from_ms={}&to_ms={}", plane.sites[0], NOW.0, NOW.0 + 360 * DAY);
        assert_eq!(plane.get(Some(&cast.facilitator), &year).await.ok()["maintenance"].as_array().unwrap().len(), 12);
        let path = format!("/api/v1/maintenance/{}/acts", text(&made["id"]));
        plane.post(Some(&cast.facilitator), &path, json!({ "act": "cancel", "reason": " " })).await.refused(422, "request.malformed");
        let cancelled = plane.post(Some(&cast.facilitator), &path, json!({ "act": "cancel", "reason": "Vendor tidak datang" })).await.ok();
        assert_eq!(text(&cancelled["state"]), "cancelled");
        // The room is free on that day, and on no other of them.
        let blocks = plane.get(Some(&cast.stranger), &format!("/api/v1/blocks?site={}&from_ms={}&to_ms={}", plane.sites[0], NOW.0, NOW.0 + 360 * DAY)).await.ok();
        assert_eq!(blocks["blocks"].as_array().unwrap().len(), 11);
    }
}
