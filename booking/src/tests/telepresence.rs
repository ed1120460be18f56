//! Sites, what is free, and reservations over HTTP.

use super::cast::{Cast, officer, text};
use crate::testing::{DAY, HOUR, NOW, Plane, USE};
use axum::http::Method;
use serde_json::{Value, json};
use wire::UnixMs;

fn may(reservation: &Value) -> Vec<&str> {
    reservation["may"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

kernel::on_both! {
    async fn the_sites_are_told_to_whoever_is_signed_in(db: Db) {
        let plane = Plane::new(db).await;
        let someone = officer(&plane, "pegawai").await;
        let sites = plane.get(Some(&someone), "/api/v1/sites").await.ok();
        let names: Vec<String> = sites["sites"].as_array().unwrap().iter().map(|it| text(&it["short_name"])).collect();
        assert_eq!(names, ["CBJ", "SWK", "SBH"]);
        let first = &sites["sites"][0];
        assert_eq!((&first["seats"], &first["opens_minute"], &first["closes_minute"]), (&json!(6), &json!(480), &json!(1020)));
        assert_eq!(first["equipment"].as_array().unwrap().len(), 4);
    }

    async fn the_main_job_from_application_to_approval(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let verdict = plane.post(Some(&cast.applicant), "/api/v1/reservations/verdict", cast.draft(&plane)).await.ok();
        assert_eq!(verdict, json!({
            "lawful": true, "refusals": [], "earliest_date": "2026-12-04",
            "lawful_until_ms": NOW.0 + 14 * HOUR - 1, "days_before_use": 3, "flags": verdict["flags"], "hold_expires_at_ms": USE.0 - 16 * HOUR,
        }));
        let applied = cast.applied(&plane).await;
        assert_eq!((text(&applied["state"]), text(&applied["reference"])), ("submitted".into(), "TP-2026-00001".into()));
        assert_eq!(applied["agency"]["short_name"], "KKM");
        assert_eq!(applied["sites"][0]["people"][1]["seat_no"], 2);
        assert_eq!(applied["sites"][0]["people"][0]["person"]["name"], "satu");
        assert_eq!(may(&applied), ["withdraw", "amend", "copy"]);
        assert_eq!(applied["history"][0]["by"], "pentadbir");

        let path = format!("/api/v1/reservations/{}", text(&applied["id"]));
        let to_decide = plane.get(Some(&cast.approver), "/api/v1/reservations?view=to_decide").await.ok();
        assert_eq!(may(&to_decide["reservations"][0]), ["decide"]);
        let approved = plane.post(Some(&cast.approver), &format!("{path}/decision"), json!({ "decision": "approve" })).await.ok();
        assert_eq!((text(&approved["state"]), text(&approved["decision"]["by"]["name"])), ("approved".into(), "pelulus".into()));
        let meeting = text(&approved["meeting"]);

        plane.clock.set(USE);
        let seen = plane.get(Some(&cast.officers[0]), &path).await.ok();
        assert_eq!(may(&seen), ["join", "report_fault"]);
        let grant = plane.post(Some(&cast.officers[0]), &format!("/api/v1/meetings/{meeting}/grant"), json!({})).await.ok();
        assert_eq!(grant["signal_url"], "/media/signal");
        assert_eq!(text(&grant["token"]).split('.').count(), 3);
        let refused = plane.post(Some(&cast.applicant), &format!("/api/v1/meetings/{meeting}/grant"), json!({})).await;
        assert_eq!(refused.refused(403, "meeting.not_listed")["rule"], "MEET-8", "who applied and does not sit there is not listed");
    }

    async fn refusals_name_their_rule_and_the_nearest_that_is_allowed(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let apply = async |change: &dyn Fn(&mut Value)| {
            let mut draft = cast.draft(&plane);
            change(&mut draft);
            plane.post(Some(&cast.applicant), "/api/v1/reservations", draft).await
        };
        let late = apply(&|it| { it["starts_at_ms"] = json!(USE.0 - DAY); it["ends_at_ms"] = json!(USE.0 - DAY + HOUR); }).await;
        let late = late.refused(422, "reservation.lead_time");
        assert_eq!((&late["rule"], &late["values"]["earliest_date"]), (&json!("TP-2"), &json!("2026-12-04")));
        let secret = apply(&|it| it["classification"] = json!("RAHSIA")).await;
        let secret = secret.refused(422, "classification.too_high");
        assert_eq!((&secret["rule"], &secret["values"]["highest_allowed"]), (&json!("CLASS-2"), &json!("SULIT")));
        let unknown = apply(&|it| it["classification"] = json!("terbuka")).await;
        assert_eq!(unknown.refused(422, "classification.too_high")["values"]["classification"], "RAHSIA_BESAR");
        let seven: Vec<_> = (0..7).map(|_| wire::id::PersonId::fresh()).collect();
        let full = apply(&|it| it["sites"][0]["people"] = json!(seven)).await;
        assert_eq!(full.refused(422, "reservation.site_full")["rule"], "TP-3");
        let alone = apply(&|it| drop(it["sites"].as_array_mut().unwrap().pop())).await;
        assert_eq!(alone.refused(422, "reservation.sites_too_few")["rule"], "TP-1");
        let private = apply(&|it| it["official"] = json!(false)).await;
        assert_eq!(private.refused(422, "reservation.purpose_missing")["rule"], "TP-5");
        apply(&|it| drop(it.as_object_mut().unwrap().remove("chair"))).await.refused(422, "request.malformed");
        // What only the service sets is not taken from the sender (mass assignment).
        let stuffed = apply(&|it| {
            it["state"] = json!("approved");
            it["agency"] = json!(plane.central);
            it["received_at_ms"] = json!(0);
        }).await.ok();
        assert_eq!((text(&stuffed["state"]), &stuffed["received_at_ms"]), ("submitted".into(), &json!(NOW)));
        assert_eq!(stuffed["agency"]["short_name"], "KKM");
        let taken = apply(&|_| {}).await;
        assert_eq!(taken.refused(409, "reservation.slot_taken")["values"]["alternatives"].as_array().unwrap().len(), 3);
    }

    async fn who_may_apply_decide_and_withdraw(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        for wrong in [&cast.stranger, &cast.auditor, &cast.facilitator] {
            let refused = plane.post(Some(wrong), "/api/v1/reservations", cast.draft(&plane)).await;
            assert_eq!(refused.refused(403, "role.missing")["rule"], "TP-4");
        }
        let path = format!("/api/v1/reservations/{}", text(&cast.applied(&plane).await["id"]));
        let approve = json!({ "decision": "approve" });
        for wrong in [&cast.applicant, &cast.stranger, &cast.auditor, &cast.facilitator] {
            plane.post(Some(wrong), &format!("{path}/decision"), approve.clone()).await.refused(403, "role.missing");
        }
        for wrong in [&cast.stranger, &cast.officers[0]] {
            plane.post(Some(wrong), &format!("{path}/withdrawal"), json!({})).await.refused(403, "role.missing");
        }
        // The central agency's own UC administrator is nobody in the ministry's application.
        plane.post(Some(&cast.approver), &format!("{path}/withdrawal"), json!({})).await.refused(404, "not_found");
        // And its approver does not decide on its own.
        let own = plane.post(Some(&cast.approver), "/api/v1/reservations", {
            let mut draft = cast.draft(&plane);
            draft["starts_at_ms"] = json!(USE.0 + 3 * HOUR);
            draft["ends_at_ms"] = json!(USE.0 + 4 * HOUR);
            draft
        }).await.ok();
        assert_eq!(own["agency"]["short_name"], "JDN");
        let refused = plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{}/decision", text(&own["id"])), approve).await;
        assert_eq!(refused.refused(403, "reservation.own_agency")["rule"], "TP-4");
        let unreasoned = plane.post(Some(&cast.approver), &format!("{path}/decision"), json!({ "decision": "refuse" })).await;
        unreasoned.refused(422, "decision.reason_missing");
        let withdrawn = plane.post(Some(&cast.applicant), &format!("{path}/withdrawal"), json!({ "reason": "Ditangguhkan" })).await.ok();
        assert_eq!((text(&withdrawn["state"]), may(&withdrawn)), ("withdrawn".into(), vec!["copy"]));
        assert_eq!((&withdrawn["ended"]["reason"], &withdrawn["ended"]["by"]["name"]), (&json!("Ditangguhkan"), &json!("pentadbir")));
        plane.post(Some(&cast.applicant), &format!("{path}/withdrawal"), json!({})).await.refused(409, "reservation.state");
        plane.post(Some(&cast.approver), &format!("{path}/decision"), json!({ "decision": "approve" })).await.refused(409, "reservation.state");
    }

    async fn a_reservation_is_seen_by_those_concerned_alone(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.applied(&plane).await["id"]);
        let path = format!("/api/v1/reservations/{id}");
        for seer in [&cast.applicant, &cast.approver, &cast.officers[2], &cast.auditor] {
            plane.get(Some(seer), &path).await.ok();
        }
        for blind in [&cast.stranger, &cast.facilitator] {
            plane.get(Some(blind), &path).await.refused(404, "not_found");
        }
        plane.post(Some(&cast.approver), &format!("{path}/decision"), json!({ "decision": "approve" })).await.ok();
        plane.get(Some(&cast.facilitator), &path).await.ok();
        let missing = format!("/api/v1/reservations/{}", wire::id::ReservationId::fresh());
        plane.get(Some(&cast.applicant), &missing).await.refused(404, "not_found");
        plane.get(Some(&cast.applicant), "/api/v1/reservations/none").await.refused(422, "request.malformed");

        let count = async |who, view: &str| {
            let answered = plane.get(Some(who), &format!("/api/v1/reservations?view={view}")).await;
            answered.status.is_success().then(|| answered.body["reservations"].as_array().unwrap().len())
        };
        assert_eq!(count(&cast.applicant, "agency").await, Some(1));
        assert_eq!(count(&cast.officers[0], "mine").await, Some(1));
        assert_eq!(count(&cast.stranger, "mine").await, Some(0));
        assert_eq!(count(&cast.facilitator, "site").await, Some(1));
        assert_eq!(count(&cast.approver, "to_decide").await, Some(0));
        assert_eq!(count(&cast.stranger, "agency").await, None);
        assert_eq!(count(&cast.applicant, "to_decide").await, None);
        assert_eq!(count(&cast.applicant, "site").await, None);
        assert_eq!(count(&cast.applicant, "all").await, None);
    }

    async fn the_grid_tells_a_title_to_those_concerned_alone(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        cast.approved(&plane).await;
        let path = format!("/api/v1/availability?from_ms={}&to_ms={}", USE.0, USE.0 + DAY);
        let titles = async |who| {
            let grid = plane.get(Some(who), &path).await.ok();
            let rows = grid["occupancies"].as_array().unwrap().clone();
            assert_eq!(rows.len(), 2);
            (rows[0]["mine"] == json!(true), rows.iter().filter(|it| it.get("title").is_some()).count())
        };
        assert_eq!(titles(&cast.stranger).await, (true, 2), "one's own agency");
        assert_eq!(titles(&cast.approver).await, (false, 2));
        assert_eq!(titles(&cast.facilitator).await, (false, 1), "at the site looked after");
        assert_eq!(titles(&cast.auditor).await, (false, 0));
        let state = async || text(&plane.get(Some(&cast.stranger), &path).await.ok()["occupancies"][0]["state"]);
        assert_eq!(state().await, "approved");
        plane.clock.set(USE);
        assert_eq!(state().await, "in_use");
        for wrong in ["from_ms=2&to_ms=1", "from_ms=0&to_ms=99999999999999", "from_ms=a&to_ms=1", "to_ms=1"] {
            plane.get(Some(&cast.stranger), &format!("/api/v1/availability?{wrong}")).await.refused(422, "request.malformed");
        }
    }

    async fn a_request_sent_twice_is_carried_out_once(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let send = async |draft: Value| plane.send(Method::POST, Some(&cast.applicant), "/api/v1/reservations", Some(draft), Some("k1")).await;
        let first = send(cast.draft(&plane)).await.ok();
        plane.clock.set(UnixMs(NOW.0 + 15 * HOUR));
        let again = send(cast.draft(&plane)).await.ok();
        assert_eq!(first["id"], again["id"], "although it could no longer be applied for");
        let mut other = cast.draft(&plane);
        other["title"] = json!("Lain");
        send(other).await.refused(422, "idempotency.mismatch");
    }
}
