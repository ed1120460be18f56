//! The queue, the dossier, consents, reminders, delegates and overrides over HTTP.

use super::cast::{Cast, text};
use crate::{
    decisions::{consents, reminders},
    testing::{DAY, HOUR, NOW, Plane, Someone, USE},
};
use identity::PersonRole::*;
use serde_json::{Value, json};
use wire::UnixMs;

/// Saturday 2026-12-05, 09:00 in Malaysia: a rest day in Selangor and Sarawak.
const SATURDAY: UnixMs = UnixMs(USE.0 + DAY);

async fn applied_for(plane: &Plane, cast: &Cast, from: UnixMs) -> String {
    let mut draft = cast.draft(plane);
    draft["starts_at_ms"] = json!(from);
    draft["ends_at_ms"] = json!(from.0 + 2 * HOUR);
    text(&plane.post(Some(&cast.applicant), "/api/v1/reservations", draft).await.ok()["id"])
}

async fn queue(plane: &Plane, who: &Someone, query: &str) -> Vec<Value> {
    plane.get(Some(who), &format!("/api/v1/decisions?{query}")).await.ok()["applications"].as_array().unwrap().clone()
}

/// The kinds of what somebody was told, the newest first.
async fn told(plane: &Plane, who: &Someone) -> Vec<String> {
    let notices = plane.get(Some(who), "/api/v1/notices").await.ok();
    notices["notices"].as_array().unwrap().iter().map(|it| text(&it["notice"]["kind"])).collect()
}

kernel::on_both! {
    async fn the_queue_is_in_the_order_of_urgency_and_filtered(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let later = applied_for(&plane, &cast, USE.saturating_add_ms(7 * DAY)).await;
        let soon = applied_for(&plane, &cast, USE).await;
        let ids = |rows: Vec<Value>| rows.iter().map(|it| text(&it["id"])).collect::<Vec<_>>();
        assert_eq!(ids(queue(&plane, &cast.approver, "view=waiting").await), [soon.clone(), later.clone()]);
        let row = &queue(&plane, &cast.approver, "view=waiting").await[0];
        assert_eq!((&row["waiting_from_ms"], &row["holds"], &row["people"], &row["consent"]), (&json!(NOW), &json!(true), &json!(3), &json!("not_needed")));
        assert_eq!(queue(&plane, &cast.approver, &format!("view=waiting&site={}", plane.sites[2])).await.len(), 0);
        assert_eq!(queue(&plane, &cast.approver, &format!("view=waiting&agency={}", plane.ministry)).await.len(), 2);
        assert_eq!(queue(&plane, &cast.approver, &format!("view=waiting&agency={}", plane.central)).await.len(), 0);
        plane.get(Some(&cast.approver), "/api/v1/decisions?view=all").await.refused(422, "request.malformed");
        for wrong in [&cast.applicant, &cast.auditor, &cast.facilitator] {
            plane.get(Some(wrong), "/api/v1/decisions?view=waiting").await.refused(403, "role.missing");
        }
        let back = json!({ "decision": "return", "reason": "Nyatakan agenda", "fields": ["purpose"] });
        let returned = plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{soon}/decision"), back).await.ok();
        assert_eq!((text(&returned["state"]), &returned["returned"]["fields"]), ("returned".into(), &json!(["purpose"])));
        assert_eq!(ids(queue(&plane, &cast.approver, "view=waiting").await), [later]);
        assert_eq!(ids(queue(&plane, &cast.approver, "view=returned").await), [soon.clone()]);
        let seen = plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{soon}")).await.ok();
        assert_eq!(text(&seen["returned"]["words"]), "Nyatakan agenda");
        assert_eq!(told(&plane, &cast.applicant).await, ["application_returned"]);
    }

    async fn the_dossier_has_all_that_matters(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = applied_for(&plane, &cast, USE).await;
        let same_day = applied_for(&plane, &cast, USE.saturating_add_ms(4 * HOUR)).await;
        let refused = applied_for(&plane, &cast, USE.saturating_add_ms(6 * HOUR)).await;
        let refuse = json!({ "decision": "refuse", "reason_code": "room_needed" });
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{refused}/decision"), refuse).await.ok();
        let fault = json!({ "site": plane.sites[0], "severity": "s3", "description": "Mikrofon berdesir" });
        plane.post(Some(&cast.facilitator), "/api/v1/faults", fault).await.ok();
        let path = format!("/api/v1/reservations/{id}/dossier");
        let dossier = plane.get(Some(&cast.approver), &path).await.ok();
        assert_eq!(dossier["hindrances"], json!([]));
        let rivals: Vec<_> = dossier["rivals"].as_array().unwrap().iter().map(|it| (text(&it["id"]), text(&it["kind"]))).collect();
        assert_eq!(rivals, [(same_day, "same_day".to_owned())]);
        assert_eq!(dossier["faults"].as_array().unwrap().len(), 1);
        assert_eq!((&dossier["record"]["refusals"], &dossier["record"]["uses"]), (&json!(1), &json!(0)));
        assert_eq!((&dossier["effects"]["people"], &dossier["effects"]["waiting"]), (&json!(3), &json!(0)));
        assert_eq!(dossier["effects"]["opens_at_ms"], json!(USE.0 - 15 * 60_000));
        assert!(dossier["effects"]["returned_until_ms"].as_i64().unwrap() > NOW.0);
        for wrong in [&cast.applicant, &cast.facilitator, &cast.auditor] {
            plane.get(Some(wrong), &path).await.refused(403, "role.missing");
        }
        let missing = format!("/api/v1/reservations/{}/dossier", wire::id::ReservationId::fresh());
        plane.get(Some(&cast.approver), &missing).await.refused(404, "not_found");
    }

    async fn use_on_a_rest_day_waits_for_the_facilitators_of_each_site(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let other = plane.someone("fasilitator-dua", plane.central, &[Officer, Facilitator], &plane.sites[1..2]).await;
        let weekday = applied_for(&plane, &cast, USE).await;
        let id = applied_for(&plane, &cast, SATURDAY).await;
        assert_eq!(consents::ask_due(&db, NOW).await.unwrap(), 2, "two sites of one application");
        assert_eq!(consents::ask_due(&db, NOW).await.unwrap(), 0, "each is asked once");
        assert_eq!(told(&plane, &cast.facilitator).await, ["consent_asked"]);
        let approve = json!({ "decision": "approve" });
        let decision = format!("/api/v1/reservations/{id}/decision");
        let refused = plane.post(Some(&cast.approver), &decision, approve.clone()).await;
        assert_eq!(refused.refused(409, "decision.consent_missing")["values"]["sites"].as_array().unwrap().len(), 2);
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{weekday}/decision"), approve.clone()).await.ok();
        let asked = plane.get(Some(&cast.facilitator), "/api/v1/consents").await.ok();
        assert_eq!(asked["consents"].as_array().unwrap().len(), 1);
        assert_eq!((text(&asked["consents"][0]["state"]), text(&asked["consents"][0]["days"][0]["kind"])), ("waiting".into(), "rest_day".into()));
        let consent = |site: usize| format!("/api/v1/reservations/{id}/sites/{}/consent", plane.sites[site]);
        plane.post(Some(&cast.facilitator), &consent(1), json!({ "answer": "given" })).await.refused(404, "not_found");
        plane.post(Some(&cast.approver), &consent(0), json!({ "answer": "given" })).await.refused(403, "role.missing");
        plane.post(Some(&cast.facilitator), &consent(0), json!({ "answer": "withheld" })).await.refused(422, "decision.reason_missing");
        plane.post(Some(&cast.facilitator), &consent(0), json!({ "answer": "given" })).await.ok();
        assert_eq!(text(&queue(&plane, &cast.approver, "view=waiting").await[0]["consent"]), "waiting");
        plane.post(Some(&other), &consent(1), json!({ "answer": "withheld", "words": "Bangunan ditutup" })).await.ok();
        assert_eq!(text(&queue(&plane, &cast.approver, "view=waiting").await[0]["consent"]), "withheld");
        plane.post(Some(&cast.approver), &decision, approve.clone()).await.refused(409, "decision.consent_missing");
        plane.post(Some(&other), &consent(1), json!({ "answer": "given" })).await.ok();
        let dossier = plane.get(Some(&cast.approver), &format!("/api/v1/reservations/{id}/dossier")).await.ok();
        assert_eq!(dossier["consents"].as_array().unwrap().iter().filter(|it| it["state"] == "given").count(), 2);
        plane.post(Some(&cast.approver), &decision, approve).await.ok();
        plane.post(Some(&other), &consent(1), json!({ "answer": "given" })).await.refused(409, "reservation.state");
    }

    async fn consent_is_set_aside_by_two_people(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let second = plane.someone("pelulus-dua", plane.central, &[Officer, Approver], &[]).await;
        let id = applied_for(&plane, &cast, SATURDAY).await;
        let wish = |exempt: &str| json!({ "reservation": id, "exempt": [exempt], "reason": "Bencana" });
        plane.post(Some(&cast.applicant), "/api/v1/overrides", wish("rest_day")).await.refused(403, "role.missing");
        plane.post(Some(&cast.approver), "/api/v1/overrides", wish("lead_time")).await.refused(422, "request.malformed");
        plane.post(Some(&cast.approver), "/api/v1/overrides", wish("classification")).await.refused(422, "request.malformed");
        let asked = plane.post(Some(&cast.approver), "/api/v1/overrides", wish("rest_day")).await.ok();
        assert_eq!(asked["may_confirm"], json!(false));
        let path = format!("/api/v1/overrides/{}/decision", text(&asked["id"]));
        let confirm = json!({ "decision": "confirm" });
        plane.post(Some(&cast.approver), &path, confirm.clone()).await.refused(403, "override.second_person");
        assert_eq!(told(&plane, &second).await[0], "override_asked");
        let open = plane.get(Some(&second), "/api/v1/overrides?view=open").await.ok();
        assert_eq!(open["overrides"][0]["may_confirm"], json!(true));
        plane.post(Some(&second), &path, confirm).await.ok();
        let approved = plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{id}/decision"), json!({ "decision": "approve" })).await.ok();
        assert_eq!(text(&approved["exceptions"][0]["decided_by"]["name"]), "pelulus-dua");
        let month = plane.get(Some(&cast.auditor), "/api/v1/overrides?view=month&month=2026-12").await.ok();
        assert_eq!(month["overrides"].as_array().unwrap().len(), 1);
        let other = plane.get(Some(&cast.auditor), "/api/v1/overrides?view=month&month=2026-11").await.ok();
        assert_eq!(other["overrides"].as_array().unwrap().len(), 0);
        plane.get(Some(&cast.auditor), "/api/v1/overrides?view=month&month=2026-13").await.refused(422, "request.malformed");
        plane.get(Some(&cast.applicant), "/api/v1/overrides?view=open").await.refused(403, "role.missing");
    }

    async fn who_decides_is_reminded_then_everybody_is_told(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let system = plane.someone("pentadbir-sistem", plane.central, &[SystemAdministrator], &[]).await;
        let id = applied_for(&plane, &cast, USE).await;
        // Tuesday 10:00; four working hours later, again, and the next morning. One working day is over at 10:00.
        let at = |hours: i64| NOW.saturating_add_ms(hours * HOUR);
        assert_eq!(reminders::remind_due(&db, at(3)).await.unwrap(), 0);
        assert_eq!(reminders::remind_due(&db, at(4)).await.unwrap(), 1);
        assert_eq!(reminders::remind_due(&db, at(4)).await.unwrap(), 0, "told once");
        plane.clock.set(at(4));
        assert_eq!(told(&plane, &cast.approver).await.iter().filter(|it| *it == "decision_reminder").count(), 1);
        assert_eq!(told(&plane, &system).await.len(), 0);
        assert_eq!(reminders::remind_due(&db, at(14)).await.unwrap(), 0, "not at midnight");
        assert_eq!(reminders::remind_due(&db, at(24)).await.unwrap(), 1);
        plane.clock.set(at(24));
        assert_eq!(told(&plane, &system).await, ["decision_escalated"]);
        assert_eq!(told(&plane, &cast.approver).await[0], "decision_escalated");
        assert_eq!(queue(&plane, &cast.approver, "view=waiting").await[0]["reminders"], json!(2));
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{id}/decision"), json!({ "decision": "approve" })).await.ok();
        assert_eq!(reminders::remind_due(&db, at(48)).await.unwrap(), 0);
    }

    async fn a_delegate_decides_on_their_days_and_it_is_on_record_for_whom(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let deputy = plane.someone("timbalan", plane.central, &[Officer], &[]).await;
        let id = applied_for(&plane, &cast, USE).await;
        let wish = |who: &Someone, from: &str, to: &str| json!({ "delegate": who.id, "from": from, "to": to });
        let lend = async |who: &Someone, body: Value| plane.post(Some(who), "/api/v1/delegations", body).await;
        lend(&cast.applicant, wish(&deputy, "2026-12-01", "2026-12-02")).await.refused(403, "role.missing");
        for (unfit, why) in [(&cast.approver, "self"), (&cast.auditor, "role")] {
            let refused = lend(&cast.approver, wish(unfit, "2026-12-02", "2026-12-02")).await;
            assert_eq!(refused.refused(422, "delegation.unfit")["values"]["why"], why);
        }
        lend(&cast.approver, wish(&deputy, "2026-11-30", "2026-12-02")).await.refused(422, "request.malformed");
        let lent = lend(&cast.approver, wish(&deputy, "2026-12-02", "2026-12-03")).await.ok();
        assert_eq!((&lent["mine"], &lent["in_force"]), (&json!(true), &json!(false)));
        lend(&cast.approver, wish(&deputy, "2026-12-03", "2026-12-09")).await.refused(422, "delegation.unfit");
        let path = format!("/api/v1/reservations/{id}/decision");
        plane.post(Some(&deputy), &path, json!({ "decision": "approve" })).await.refused(403, "role.missing");
        // Wednesday 2 December: the reminders go to the deputy, and the deputy decides.
        plane.clock.set(NOW.saturating_add_ms(DAY - 3 * HOUR));
        reminders::remind_due(&db, NOW.saturating_add_ms(DAY - 2 * HOUR)).await.unwrap();
        assert_eq!(told(&plane, &deputy).await, ["decision_reminder", "delegation_made"]);
        let me = plane.get(Some(&deputy), "/api/v1/session").await.ok();
        assert!(me["person"]["roles"].as_array().unwrap().contains(&json!("approver")));
        lend(&deputy, wish(&cast.approver, "2026-12-04", "2026-12-04")).await.refused(403, "role.missing");
        assert_eq!(text(&plane.get(Some(&deputy), "/api/v1/delegations").await.ok()["acting_for"]["name"]), "pelulus");
        plane.post(Some(&deputy), &path, json!({ "decision": "approve" })).await.ok();
        let trail = plane.get(Some(&cast.auditor), "/api/v1/audit?act=reservation.approve").await.ok();
        assert_eq!(trail["rows"][0]["details"]["acting_for"], json!(cast.approver.id));
        // Taken back, it is gone at the next request.
        let end = format!("/api/v1/delegations/{}/end", text(&lent["id"]));
        plane.post(Some(&cast.applicant), &end, json!({})).await.refused(404, "not_found");
        plane.post(Some(&cast.approver), &end, json!({})).await.ok();
        plane.post(Some(&cast.approver), &end, json!({})).await.refused(409, "conflict");
        plane.get(Some(&deputy), "/api/v1/decisions?view=waiting").await.refused(403, "role.missing");
    }
    /// TP-4: nobody of the central agency can decide on what it applies for itself. Somebody of another agency can, who is named for it.
    async fn what_the_central_agency_applies_for_is_decided_by_somebody_of_another(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let other = plane.someone("pentadbir-jdn", plane.central, &[Officer, UcAdministrator], &[]).await;
        let ministrys = applied_for(&plane, &cast, USE).await;
        let (mut draft, later) = (cast.draft(&plane), USE.0 + 3 * HOUR);
        (draft["starts_at_ms"], draft["ends_at_ms"]) = (json!(later), json!(later + HOUR));
        let own = text(&plane.post(Some(&other), "/api/v1/reservations", draft).await.ok()["id"]);
        let decision = |id: &str| format!("/api/v1/reservations/{id}/decision");
        let approve = || json!({ "decision": "approve" });
        let refused = plane.post(Some(&cast.approver), &decision(&own), approve()).await;
        let refused = refused.refused(403, "reservation.own_agency");
        assert_eq!((&refused["rule"], &refused["values"]["delegate_of_another_agency"]), (&json!("TP-4"), &json!(true)));
        plane.post(Some(&cast.stranger), &decision(&own), approve()).await.refused(403, "role.missing");

        let wish = |who: &Someone, day: &str| json!({ "delegate": who.id, "from": day, "to": day });
        let lend = async |who: &Someone, body: Value| plane.post(Some(who), "/api/v1/delegations", body).await;
        lend(&cast.approver, wish(&cast.stranger, "2026-12-01")).await.ok();
        // A deputy of the central agency stands beside; a second one of another agency on the same day does not.
        let deputy = plane.someone("timbalan", plane.central, &[Officer], &[]).await;
        lend(&cast.approver, wish(&deputy, "2026-12-01")).await.ok();
        assert_eq!(lend(&cast.approver, wish(&cast.officers[0], "2026-12-01")).await.refused(422, "delegation.unfit")["values"]["why"], "overlap");
        let me = plane.get(Some(&cast.stranger), "/api/v1/session").await.ok();
        assert_eq!((&me["person"]["decides_on"], &me["person"]["roles"]), (&json!(plane.central), &json!(["officer"])), "not the role");

        // What the central agency applied for, and nothing else; what is their own agency's least of all.
        let ids = |rows: Vec<Value>| rows.iter().map(|it| text(&it["id"])).collect::<Vec<_>>();
        assert_eq!(ids(queue(&plane, &cast.stranger, "view=waiting").await), [own.clone()]);
        assert_eq!(ids(queue(&plane, &cast.stranger, &format!("view=waiting&agency={}", plane.ministry)).await), Vec::<String>::new());
        let listed = plane.get(Some(&cast.stranger), "/api/v1/reservations?view=to_decide").await.ok();
        assert_eq!(listed["reservations"].as_array().unwrap().len(), 1);
        plane.post(Some(&cast.stranger), &decision(&ministrys), approve()).await.refused(403, "reservation.own_agency");
        plane.get(Some(&cast.stranger), &format!("/api/v1/reservations/{ministrys}/dossier")).await.refused(404, "not_found");
        for path in ["/api/v1/overrides?view=open", "/api/v1/reports/use"] {
            plane.get(Some(&cast.stranger), path).await.refused(403, "role.missing");
        }
        plane.post(Some(&deputy), &decision(&own), approve()).await.refused(403, "reservation.own_agency");
        let dossier = plane.get(Some(&cast.stranger), &format!("/api/v1/reservations/{own}/dossier")).await.ok();
        assert!(dossier["reservation"]["may"].as_array().unwrap().contains(&json!("decide")), "{dossier}");
        let decided = plane.post(Some(&cast.stranger), &decision(&own), approve()).await.ok();
        assert_eq!(decided["state"], "approved");
        let trail = plane.get(Some(&cast.auditor), "/api/v1/audit?act=reservation.approve").await.ok();
        let done = trail["rows"].as_array().unwrap().iter().find(|it| it["outcome"] == "done").unwrap();
        assert_eq!(done["details"]["acting_for"], json!(cast.approver.id));
        // The next day it is over.
        plane.clock.set(NOW.saturating_add_ms(DAY));
        plane.get(Some(&cast.stranger), "/api/v1/decisions?view=waiting").await.refused(403, "role.missing");
    }

    async fn the_one_who_decides_from_another_agency_is_told_what_waits(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let other = plane.someone("pentadbir-jdn", plane.central, &[Officer, UcAdministrator], &[]).await;
        let wish = json!({ "delegate": cast.stranger.id, "from": "2026-12-01", "to": "2026-12-04" });
        plane.post(Some(&cast.approver), "/api/v1/delegations", wish).await.ok();
        plane.post(Some(&other), "/api/v1/reservations", cast.draft(&plane)).await.ok();
        applied_for(&plane, &cast, USE.saturating_add_ms(7 * DAY)).await;
        assert_eq!(told(&plane, &cast.stranger).await, ["application_received", "delegation_made"], "of the one, not of the ministry's own");
        assert_eq!(told(&plane, &cast.approver).await, ["application_received"], "of the ministry's, not of the other");
        reminders::remind_due(&db, NOW.saturating_add_ms(5 * HOUR)).await.unwrap();
        assert_eq!(told(&plane, &cast.stranger).await[0], "decision_reminder");
        assert_eq!(told(&plane, &cast.approver).await.iter().filter(|it| *it == "decision_reminder").count(), 1, "lent to somebody outside, the approver is on duty for the rest");
    }

    async fn who_applied_is_told_with_a_working_day_left_and_of_a_consent_withheld(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let id = applied_for(&plane, &cast, SATURDAY).await;
        consents::ask_due(&db, NOW).await.unwrap();
        let path = format!("/api/v1/reservations/{id}/sites/{}/consent", plane.sites[0]);
        plane.post(Some(&cast.facilitator), &path, json!({ "answer": "withheld", "words": "Penyelenggaraan" })).await.seen();
        assert_eq!(told(&plane, &cast.applicant).await, ["consent_withheld"]);
        assert_eq!(told(&plane, &cast.approver).await, ["consent_withheld", "application_received"]);
        // Held until Friday at 17:00: told as Friday's work begins, and once.
        let friday = UnixMs(USE.0 - HOUR);
        assert_eq!(reminders::holds_ending_due(&db, UnixMs(friday.0 - 1)).await.unwrap(), 0);
        assert_eq!(reminders::holds_ending_due(&db, friday).await.unwrap(), 1);
        assert_eq!(reminders::holds_ending_due(&db, UnixMs(friday.0 + HOUR)).await.unwrap(), 0);
        assert_eq!(told(&plane, &cast.applicant).await, ["hold_expiring", "consent_withheld"]);
    }
}
