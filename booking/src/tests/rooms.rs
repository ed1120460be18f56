//! Condition reports and faults over HTTP.

use super::cast::{Cast, text};
use crate::testing::{HOUR, Plane, USE};
use serde_json::{Value, json};
use wire::UnixMs;

fn report(microphone: bool) -> Value {
    let points = ["camera", "microphone", "display", "sound", "furniture", "cleanliness"];
    let point = |name: &&str| json!({ "point": name, "sound": microphone || *name != "microphone", "note": null });
    json!({ "points": points.iter().map(point).collect::<Vec<_>>() })
}

kernel::on_both! {
    async fn each_use_ends_with_one_report_a_site(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.approved(&plane).await["id"]);
        let path = |site: usize| format!("/api/v1/reservations/{id}/sites/{}/condition", plane.sites[site]);
        let early = plane.post(Some(&cast.facilitator), &path(0), report(true)).await;
        assert_eq!(early.refused(409, "condition.too_early")["rule"], "TP-7");
        plane.clock.set(UnixMs(USE.0 + 2 * HOUR));
        let due = plane.get(Some(&cast.facilitator), "/api/v1/conditions").await.ok();
        assert_eq!((&due["due"][0]["reservation"]["id"], due["due"].as_array().unwrap().len()), (&json!(id), 1));

        plane.post(Some(&cast.stranger), &path(0), report(true)).await.refused(404, "not_found");
        plane.post(Some(&cast.applicant), &path(0), report(true)).await.refused(403, "role.missing");
        plane.post(Some(&cast.facilitator), &path(1), report(true)).await.refused(403, "role.missing");
        plane.post(Some(&cast.facilitator), &path(0), json!({ "points": [] })).await.refused(422, "request.malformed");
        let filed = plane.post(Some(&cast.facilitator), &path(0), report(false)).await.ok();
        assert_eq!((filed["points"].as_array().unwrap().len(), text(&filed["filed_by"]["name"])), (6, "fasilitator".into()));
        let again = plane.post(Some(&cast.facilitator), &path(0), report(true)).await;
        assert_eq!(again.refused(409, "condition.filed")["rule"], "TP-7");
        // Somebody who sat there files for a site of which nobody looks after.
        plane.post(Some(&cast.officers[2]), &path(1), report(true)).await.ok();
        plane.post(Some(&cast.officers[2]), &path(2), report(true)).await.refused(403, "role.missing");

        let seen = plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{id}")).await.ok();
        assert_eq!((&seen["sites"][0]["condition"]["sound"], &seen["sites"][1]["condition"]["sound"]), (&json!(false), &json!(true)));
        let listed = plane.get(Some(&cast.facilitator), &format!("/api/v1/conditions?site={}", plane.sites[0])).await.ok();
        assert_eq!((listed["conditions"].as_array().unwrap().len(), &listed["due"]), (1, &json!([])));
        plane.get(Some(&cast.facilitator), &format!("/api/v1/conditions?site={}", plane.sites[1])).await.refused(403, "role.missing");
        plane.get(Some(&cast.stranger), "/api/v1/conditions").await.refused(403, "role.missing");
        plane.get(Some(&cast.auditor), &format!("/api/v1/conditions?site={}", plane.sites[1])).await.ok();
    }

    async fn a_use_that_was_not_approved_has_no_report(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.applied(&plane).await["id"]);
        plane.clock.set(UnixMs(USE.0 + 2 * HOUR));
        let path = format!("/api/v1/reservations/{id}/sites/{}/condition", plane.sites[0]);
        plane.post(Some(&cast.officers[0]), &path, report(true)).await.refused(409, "reservation.state");
    }

    async fn a_fault_is_reported_by_whoever_meets_it(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.approved(&plane).await["id"]);
        let sites = plane.get(Some(&cast.stranger), "/api/v1/sites").await.ok();
        let microphone = sites["sites"][0]["equipment"].as_array().unwrap().iter().find(|it| it["kind"] == "microphones").unwrap()["id"].clone();
        let fault = json!({ "site": plane.sites[0], "equipment": microphone, "reservation": id, "severity": "s2", "description": "Mikrofon rosak" });
        let made = plane.post(Some(&cast.facilitator), "/api/v1/faults", fault.clone()).await.ok();
        assert_eq!((text(&made["reference"]), text(&made["state"]), &made["equipment"]), ("F-2026-00001".into(), "open".into(), &microphone));
        let plain = json!({ "site": plane.sites[0], "severity": "s4", "description": "Lampu malap" });
        plane.post(Some(&cast.stranger), "/api/v1/faults", plain.clone()).await.ok();

        let table = [
            ("site", json!(wire::id::SiteId::fresh()), 422, "request.malformed"),
            ("equipment", json!(wire::id::EquipmentId::fresh()), 422, "request.malformed"),
            ("severity", json!("s5"), 422, "request.malformed"),
            ("description", json!("  "), 422, "request.malformed"),
            ("reservation", json!(wire::id::ReservationId::fresh()), 404, "not_found"),
        ];
        for (field, value, status, code) in table {
            let mut wrong = fault.clone();
            wrong[field] = value;
            plane.post(Some(&cast.facilitator), "/api/v1/faults", wrong).await.refused(status, code);
        }
        plane.post(Some(&cast.stranger), "/api/v1/faults", fault).await.refused(404, "not_found");

        let count = async |who, query: &str| plane.get(Some(who), &format!("/api/v1/faults{query}")).await.ok()["faults"].as_array().unwrap().len();
        let at_site = format!("?site={}", plane.sites[0]);
        assert_eq!(count(&cast.facilitator, &at_site).await, 2);
        assert_eq!(count(&cast.approver, &at_site).await, 2);
        assert_eq!(count(&cast.stranger, &at_site).await, 1, "one's own");
        assert_eq!(count(&cast.stranger, "").await, 1);
        assert_eq!(count(&cast.officers[0], &at_site).await, 0);
    }
}
