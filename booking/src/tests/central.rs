//! What the central agency edits: sites, the calendar, the policy; who may, what a change does to bookings, and two who edit at once.

use super::cast::{Cast, text};
use crate::testing::{DAY, HOUR, NOW, Plane, Someone, USE};
use axum::http::Method;
use serde_json::{Value, json};
use wire::UnixMs;

fn johor(facilitators: &[&Someone]) -> Value {
    let hours: Vec<Value> = (1..=5).map(|weekday| json!({ "weekday": weekday, "opens_minute": 480, "closes_minute": 1020 })).collect();
    json!({
        "name": "Pejabat Johor Bahru", "short_name": "JHB", "city": "Johor Bahru", "region": "johor", "address": "Jalan Timbalan",
        "time_zone": "Asia/Kuala_Lumpur", "seats": 4, "hours": hours, "set_up_minutes": 15, "clear_up_minutes": 15,
        "access_ms": "Pintu B", "access_en": "Door B", "closed_from": null,
        "rooms": [{ "name": "Bilik 1", "floor": "3", "seats": 4, "wheelchair": "yes" }],
        "facilitators": facilitators.iter().map(|it| it.id).collect::<Vec<_>>(),
    })
}

/// A site of the service as its form would have it.
async fn form_of(plane: &Plane, who: &Someone, site: usize) -> (i64, Value) {
    let detail = plane.get(Some(who), &format!("/api/v1/sites/{}", plane.sites[site])).await.ok();
    let it = &detail["site"];
    let mut form = json!({});
    for field in
        ["name", "short_name", "city", "region", "address", "time_zone", "seats", "hours", "set_up_minutes", "clear_up_minutes", "rooms"]
    {
        form[field] = it[field].clone();
    }
    form["facilitators"] = detail["facilitators"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    (it["version"].as_i64().unwrap(), form)
}

async fn put(plane: &Plane, who: &Someone, site: usize, body: Value) -> crate::testing::Answered {
    plane.send(Method::PUT, Some(who), &format!("/api/v1/sites/{}", plane.sites[site]), Some(body), None).await
}

fn add(regions: &[&str], date: &str) -> Value {
    json!({ "kind": "add", "regions": regions, "holiday": { "date": date, "name_ms": "Cuti peristiwa", "name_en": "Special holiday",
        "basis": "fixed", "status": "gazetted", "source": "P.U. (B) 1/2026" } })
}

async fn terms(plane: &Plane, who: &Someone) -> Value {
    plane.get(Some(who), "/api/v1/policies").await.ok()["policies"][0]["terms"].clone()
}

kernel::on_both! {
    async fn only_the_central_agencys_approver_edits(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let system = plane.someone("sistem", plane.central, &[identity::PersonRole::SystemAdministrator], &[]).await;
        let foreign = plane.someone("pelulus-lain", plane.ministry, &[identity::PersonRole::Officer], &[]).await;
        let (version, form) = form_of(&plane, &cast.approver, 0).await;
        for who in [&cast.applicant, &cast.facilitator, &cast.auditor, &system, &foreign] {
            plane.post(Some(who), "/api/v1/sites", johor(&[])).await.refused(403, "role.missing");
            put(&plane, who, 0, json!({ "version": version, "site": form })).await.refused(403, "role.missing");
            plane.post(Some(who), &format!("/api/v1/sites/{}/preview", plane.sites[0]), form.clone()).await.refused(403, "role.missing");
            plane.post(Some(who), "/api/v1/holidays/preview", add(&["sabah"], "2026-12-04")).await.refused(403, "role.missing");
            plane.post(Some(who), "/api/v1/holidays/changes", json!({ "change": add(&["sabah"], "2026-12-04") })).await.refused(403, "role.missing");
            let draft = json!({ "effective_from": "2027-01-01", "terms": terms(&plane, who).await });
            plane.post(Some(who), "/api/v1/policies", draft.clone()).await.refused(403, "role.missing");
            plane.post(Some(who), "/api/v1/policies/lint", draft).await.refused(403, "role.missing");
            plane.post(Some(who), "/api/v1/policies/replay", terms(&plane, who).await).await.refused(403, "role.missing");
            plane.post(Some(who), "/api/v1/policies/1/withdrawal", json!({})).await.refused(403, "role.missing");
            plane.get(Some(who), "/api/v1/facilitators").await.refused(403, "role.missing");
            plane.get(Some(who), "/api/v1/affected").await.refused(403, "role.missing");
            // Reading is for whoever books.
            plane.get(Some(who), &format!("/api/v1/sites/{}", plane.sites[0])).await.ok();
            plane.get(Some(who), "/api/v1/holidays?year=2026").await.ok();
        }
        plane.get(Some(&cast.approver), &format!("/api/v1/sites/{}", wire::id::SiteId::fresh())).await.refused(404, "not_found");
    }

    async fn numbers_and_days_beyond_every_calendar_are_refused_and_break_nothing(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        for wild in [i64::MIN, -1, i64::MAX] {
            for field in ["lead_days", "slot_minutes_max", "advance_days_max"] {
                let mut tried = terms(&plane, &cast.approver).await;
                tried[field] = wild.into();
                plane.post(Some(&cast.approver), "/api/v1/policies/replay", tried).await.refused(422, "policy.infeasible");
            }
            for path in ["availability", "meetings", "maintenance"] {
                plane.get(Some(&cast.approver), &format!("/api/v1/{path}?from_ms={wild}&to_ms={}", wild.saturating_add(1))).await.refused(422, "request.malformed");
            }
        }
        for wild in ["-0001-01-01", "+10000-01-01", "1999-12-31", "3000-01-01"] {
            let (version, mut form) = form_of(&plane, &cast.approver, 0).await;
            form["closed_from"] = json!(wild);
            put(&plane, &cast.approver, 0, json!({ "version": version, "site": form })).await.refused(422, "request.malformed");
        }
    }

    async fn a_fourth_site_is_applied_for_at_once_and_keeps_its_own_rules(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let make = |key: &'static str| plane.send(Method::POST, Some(&cast.approver), "/api/v1/sites", Some(johor(&[&cast.facilitator])), Some(key));
        let made = make("satu").await.ok();
        assert_eq!(make("satu").await.ok()["site"]["id"], made["site"]["id"], "sent twice, made once");
        assert_eq!(make("dua").await.refused(409, "site.exists")["values"]["short_name"], "JHB");
        assert_eq!((&made["site"]["rooms"][0]["name"], &made["facilitators"][0]["name"]), (&json!("Bilik 1"), &json!("fasilitator")));
        let fourth = made["site"]["id"].clone();

        let mut draft = cast.draft(&plane);
        draft["sites"][1]["site"] = fourth.clone();
        let applied = plane.post(Some(&cast.applicant), "/api/v1/reservations", draft.clone()).await.ok();
        assert_eq!(applied["sites"].as_array().unwrap().len(), 2);
        // Five at four seats; a Saturday, on which it is closed.
        draft["sites"][1]["people"] = (0..5).map(|_| json!(wire::id::PersonId::fresh())).collect();
        draft["starts_at_ms"] = json!(USE.0 + DAY);
        draft["ends_at_ms"] = json!(USE.0 + DAY + HOUR);
        let verdict = plane.post(Some(&cast.applicant), "/api/v1/reservations/verdict", draft).await.ok();
        let codes: Vec<_> = verdict["refusals"].as_array().unwrap().iter().map(|it| (text(&it["code"]), it["values"]["site"] == fourth)).collect();
        assert!(codes.contains(&("reservation.site_full".into(), true)) && codes.contains(&("reservation.slot_invalid".into(), true)), "{codes:?}");

        let audited = plane.get(Some(&cast.auditor), "/api/v1/audit?act=site.create").await.ok();
        assert_eq!((&audited["rows"][1]["outcome"], &audited["rows"][1]["rule"], &audited["rows"][0]["outcome"]), (&json!("done"), &json!("TP-1"), &json!("refused")));
        let wrong = plane.post(Some(&cast.approver), "/api/v1/sites", {
            let mut form = johor(&[&cast.stranger]);
            form["seats"] = json!(7);
            form["time_zone"] = json!("MYT");
            form
        }).await;
        let wrong = wrong.refused(422, "request.malformed");
        assert_eq!((&wrong["values"]["field"], &wrong["values"]["also"][0]["values"]["field"]), (&json!("time_zone"), &json!("seats")));
        let strange = plane.post(Some(&cast.approver), "/api/v1/sites", { let mut form = johor(&[&cast.stranger]); form["short_name"] = json!("JH2"); form }).await;
        assert_eq!(strange.refused(422, "request.malformed")["values"]["field"], "facilitators");
    }

    async fn a_stale_edit_is_refused_and_shows_the_others_change(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let (version, form) = form_of(&plane, &cast.approver, 2).await;
        let mut mine = form.clone();
        mine["address"] = json!("Jalan Sembulan");
        let amended = put(&plane, &cast.approver, 2, json!({ "version": version, "site": mine })).await.ok();
        assert_eq!((&amended["site"]["version"], &amended["changed_by"]["name"]), (&json!(version + 1), &json!("pelulus")));
        let mut theirs = form;
        theirs["city"] = json!("Penampang");
        let refused = put(&plane, &cast.approver, 2, json!({ "version": version, "site": theirs })).await;
        let refused = refused.refused(409, "conflict");
        assert_eq!(refused["values"]["current"]["site"]["address"], "Jalan Sembulan");
        assert_eq!((&refused["values"]["changed_by"], &refused["values"]["changed_at_ms"]), (&json!("pelulus"), &json!(NOW.0)));
        let seen = plane.get(Some(&cast.stranger), &format!("/api/v1/sites/{}", plane.sites[2])).await.ok();
        assert_eq!((&seen["site"]["city"], &seen["site"]["address"]), (&json!("Kota Kinabalu"), &json!("Jalan Sembulan")));
    }

    async fn vector_24_seats_lowered_under_a_booking_are_shown_then_flagged(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.approved(&plane).await["id"]);
        let (version, mut form) = form_of(&plane, &cast.approver, 0).await;
        form["seats"] = json!(1);
        let preview = plane.post(Some(&cast.approver), &format!("/api/v1/sites/{}/preview", plane.sites[0]), form.clone()).await.ok();
        assert_eq!((&preview["affected"][0]["reservation"], &preview["affected"][0]["kind"], &preview["affected"][0]["people"]), (&json!(id), &json!("seats"), &json!(2)));
        let unseen = put(&plane, &cast.approver, 0, json!({ "version": version, "site": form })).await;
        assert_eq!(unseen.refused(409, "change.unconfirmed")["values"]["affected"][0]["reservation"], json!(id));
        put(&plane, &cast.approver, 0, json!({ "version": version, "site": form, "confirm": preview["confirm"] })).await.ok();
        let listed = plane.get(Some(&cast.approver), "/api/v1/affected").await.ok();
        assert_eq!((listed["affected"].as_array().unwrap().len(), &listed["affected"][0]["kind"]), (1, &json!("seats")));
        let seen = plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{id}")).await.ok();
        assert_eq!(seen["state"], "approved", "not called off");
        let last = seen["history"].as_array().unwrap().iter().find(|it| it["act"] == "flag").unwrap();
        assert_eq!((&last["rule"], &last["by"]), (&json!("TP-3"), &json!("pelulus")));
        // The chairs are back: the flag goes, and nothing has to be confirmed for that.
        form["seats"] = json!(6);
        put(&plane, &cast.approver, 0, json!({ "version": version + 1, "site": form })).await.ok();
        assert_eq!(plane.get(Some(&cast.approver), "/api/v1/affected").await.ok()["affected"], json!([]));
    }

    async fn a_site_that_closes_lists_its_bookings_and_takes_no_more_from_that_day(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        cast.approved(&plane).await;
        let (version, mut form) = form_of(&plane, &cast.approver, 1).await;
        form["closed_from"] = json!("2026-12-05");
        put(&plane, &cast.approver, 1, json!({ "version": version, "site": form })).await.ok();
        let mut draft = cast.draft(&plane);
        draft["starts_at_ms"] = json!(USE.0 + 3 * DAY);
        draft["ends_at_ms"] = json!(USE.0 + 3 * DAY + HOUR);
        let refused = plane.post(Some(&cast.applicant), "/api/v1/reservations", draft).await;
        assert_eq!(refused.refused(422, "reservation.slot_invalid")["values"]["closed"], true);
        form["closed_from"] = json!("2026-12-04");
        let earlier = put(&plane, &cast.approver, 1, json!({ "version": version + 1, "site": form })).await;
        assert_eq!(earlier.refused(409, "change.unconfirmed")["values"]["affected"][0]["kind"], "closed");
    }

    async fn vector_46_a_holiday_gazetted_for_an_approved_date_is_listed_not_called_off(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.approved(&plane).await["id"]);
        // Of Sabah, which is not part of it: nothing to see.
        let elsewhere = plane.post(Some(&cast.approver), "/api/v1/holidays/preview", add(&["sabah"], "2026-12-04")).await.ok();
        assert_eq!(elsewhere["affected"], json!([]));
        let change = add(&["selangor", "sarawak"], "2026-12-04");
        let preview = plane.post(Some(&cast.approver), "/api/v1/holidays/preview", change.clone()).await.ok();
        let sites: Vec<_> = preview["affected"].as_array().unwrap().iter().map(|it| (text(&it["site"]["short_name"]), text(&it["kind"]))).collect();
        assert_eq!(sites, [("CBJ".into(), "holiday".into()), ("SWK".into(), "holiday".into())]);
        plane.post(Some(&cast.approver), "/api/v1/holidays/changes", json!({ "change": change })).await.refused(409, "change.unconfirmed");
        // Another booking came in between: what was confirmed is not what would happen.
        let wrong = json!({ "change": change, "confirm": "000000000000000000000000" });
        plane.post(Some(&cast.approver), "/api/v1/holidays/changes", wrong).await.refused(409, "change.unconfirmed");
        let done = plane.post(Some(&cast.approver), "/api/v1/holidays/changes", json!({ "change": change, "confirm": preview["confirm"] })).await;
        assert_eq!(done.status.as_u16(), 204, "{}", done.text);
        assert_eq!(plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{id}")).await.ok()["state"], "approved");
        assert_eq!(plane.get(Some(&cast.approver), "/api/v1/affected").await.ok()["affected"].as_array().unwrap().len(), 2);

        let listed = plane.get(Some(&cast.stranger), "/api/v1/holidays?year=2026").await.ok();
        let made: Vec<&Value> = listed["holidays"].as_array().unwrap().iter().filter(|it| it["date"] == "2026-12-04").collect();
        assert_eq!((made.len(), &made[0]["status"]), (2, &json!("gazetted")));
        plane.post(Some(&cast.approver), "/api/v1/holidays/changes", json!({ "change": change })).await.refused(409, "holiday.exists");
        // It was a mistake for Selangor: the flag there goes with it.
        let of_selangor = made.iter().find(|it| it["region"] == "selangor").unwrap();
        let remove = json!({ "kind": "remove", "id": of_selangor["id"], "version": of_selangor["version"] });
        assert_eq!(plane.post(Some(&cast.approver), "/api/v1/holidays/changes", json!({ "change": remove })).await.status.as_u16(), 204);
        assert_eq!(plane.get(Some(&cast.approver), "/api/v1/affected").await.ok()["affected"][0]["site"]["short_name"], "SWK");
        plane.post(Some(&cast.approver), "/api/v1/holidays/changes", json!({ "change": remove })).await.refused(404, "not_found");
    }

    async fn the_calendar_says_how_settled_it_is(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let listed = plane.get(Some(&cast.stranger), "/api/v1/holidays?year=2026").await.ok();
        assert_eq!((listed["years"].as_array().unwrap().len(), &listed["years"][0]["certainty"]), (16, &json!("provisional")));
        let has = |region: &str, date: &str| listed["holidays"].as_array().unwrap().iter().any(|it| it["region"] == region && it["date"] == date);
        assert!(has("sabah", "2026-05-30") && !has("sarawak", "2026-05-30") && has("sarawak", "2026-06-02") && has("wp_kuala_lumpur", "2026-02-01"));
        assert!(has("selangor", "2026-12-11") && has("johor", "2026-08-31"));
        assert_eq!(plane.get(Some(&cast.stranger), "/api/v1/holidays?year=2029").await.ok()["years"][0]["certainty"], "unknown");
        let settle = json!({ "change": { "kind": "year", "region": "sabah", "year": 2026, "status": "gazetted", "source": "Warta Sabah" } });
        assert_eq!(plane.post(Some(&cast.approver), "/api/v1/holidays/changes", settle).await.status.as_u16(), 204);
        let listed = plane.get(Some(&cast.stranger), "/api/v1/holidays?year=2026").await.ok();
        let sabah = listed["years"].as_array().unwrap().iter().find(|it| it["region"] == "sabah").unwrap();
        assert_eq!((&sabah["certainty"], &sabah["source"]), (&json!("gazetted"), &json!("Warta Sabah")));
        // A weekend from a day on, which meets the Friday of a booking.
        cast.approved(&plane).await;
        let weekend = json!({ "kind": "weekend", "region": "selangor", "effective_from": "2026-12-01", "first_weekday": 5, "second_weekday": 6, "source": "Warta" });
        let preview = plane.post(Some(&cast.approver), "/api/v1/holidays/preview", weekend.clone()).await.ok();
        assert_eq!((preview["affected"].as_array().unwrap().len(), &preview["affected"][0]["kind"]), (1, &json!("rest_day")));
        let mut same = weekend;
        same["second_weekday"] = json!(5);
        plane.post(Some(&cast.approver), "/api/v1/holidays/preview", same).await.refused(422, "request.malformed");
    }

    async fn vector_47_bookings_received_before_a_change_of_policy_keep_their_version(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let mut terms = terms(&plane, &cast.approver).await;
        terms["lead_days"] = json!(5);
        let draft = json!({ "effective_from": "2026-12-02", "terms": terms, "note": "Lima hari" });
        let made = plane.post(Some(&cast.approver), "/api/v1/policies", draft.clone()).await.ok();
        assert_eq!((&made["version"], &made["state"], &made["created_by"]["name"]), (&json!(2), &json!("coming"), &json!("pelulus")));
        plane.post(Some(&cast.approver), "/api/v1/policies", draft).await.refused(422, "request.malformed");
        // Received on the day before it begins: three days are enough, and stay enough.
        let before = text(&cast.applied(&plane).await["id"]);
        plane.clock.set(UnixMs(NOW.0 + 14 * HOUR));
        let mut late = cast.draft(&plane);
        late["starts_at_ms"] = json!(USE.0 + 2 * DAY);
        late["ends_at_ms"] = json!(USE.0 + 2 * DAY + HOUR);
        let refused = plane.post(Some(&cast.applicant), "/api/v1/reservations", late.clone()).await;
        assert_eq!(refused.refused(422, "reservation.lead_time")["values"]["days"], 5);
        late["starts_at_ms"] = json!(USE.0 + 3 * DAY);
        late["ends_at_ms"] = json!(USE.0 + 3 * DAY + HOUR);
        plane.post(Some(&cast.applicant), "/api/v1/reservations", late).await.ok();
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{before}/decision"), json!({ "decision": "approve" })).await.ok();
        let listed = plane.get(Some(&cast.stranger), "/api/v1/policies").await.ok();
        let of = |nth: usize| (&listed["policies"][nth]["version"], &listed["policies"][nth]["state"], &listed["policies"][nth]["reservations"]);
        assert_eq!(of(0), (&json!(2), &json!("in_force"), &json!(1)));
        assert_eq!(of(1), (&json!(1), &json!("past"), &json!(1)));
        assert_eq!(plane.post(Some(&cast.approver), "/api/v1/policies/2/withdrawal", json!({})).await.refused(409, "policy.in_force")["values"]["version"], 2);
    }

    async fn a_policy_under_which_nothing_could_be_booked_is_refused_with_why(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let mut terms = terms(&plane, &cast.approver).await;
        terms["lead_days"] = json!(30);
        terms["advance_days_max"] = json!(14);
        let draft = json!({ "effective_from": "2027-01-01", "terms": terms });
        let findings = plane.post(Some(&cast.approver), "/api/v1/policies/lint", draft.clone()).await.ok();
        assert_eq!((&findings["sound"], &findings["findings"][0]["problem"]), (&json!(false), &json!("lead_exceeds_advance")));
        let refused = plane.post(Some(&cast.approver), "/api/v1/policies", draft.clone()).await;
        assert_eq!(refused.refused(422, "policy.infeasible")["values"]["findings"][0]["field"], "lead_days");
        let table = [("effective_from", json!("2026-12-01")), ("effective_from", json!("2099-01-01"))];
        for (field, value) in table {
            let mut wrong = draft.clone();
            wrong[field] = value;
            assert_eq!(plane.post(Some(&cast.approver), "/api/v1/policies/lint", wrong).await.refused(422, "request.malformed")["values"]["field"], field);
        }
        let mut sound = draft;
        sound["terms"]["advance_days_max"] = json!(60);
        let made = plane.post(Some(&cast.approver), "/api/v1/policies", sound.clone()).await.ok();
        let back = plane.post(Some(&cast.approver), &format!("/api/v1/policies/{}/withdrawal", made["version"]), json!({})).await.ok();
        assert_eq!(back["state"], "withdrawn");
        assert_eq!(plane.post(Some(&cast.approver), "/api/v1/policies", sound).await.ok()["version"], 3, "the day is free for another");
        plane.post(Some(&cast.approver), "/api/v1/policies/9/withdrawal", json!({})).await.refused(404, "not_found");
    }

    async fn a_replay_tells_what_a_policy_would_have_refused_and_stores_nothing(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let made = cast.applied(&plane).await;
        let mut terms = terms(&plane, &cast.approver).await;
        let replay = async |terms: &Value| plane.post(Some(&cast.approver), "/api/v1/policies/replay", terms.clone()).await.ok();
        let same = replay(&terms).await;
        assert_eq!((&same["judged"], &same["refused"]), (&json!(1), &json!(0)));
        terms["lead_days"] = json!(5);
        let five = replay(&terms).await;
        assert_eq!((&five["refused"], &five["by_bound"]), (&json!(1), &json!([{ "bound": "lead_time", "count": 1 }])));
        assert_eq!(five["examples"][0]["reference"], made["reference"]);
        assert_eq!(plane.get(Some(&cast.stranger), "/api/v1/policies").await.ok()["policies"].as_array().unwrap().len(), 1);
    }

    async fn the_first_version_is_what_the_code_takes_for_it(db: Db) {
        let first = crate::policy::at(&mut db.read().await.unwrap(), NOW).await.unwrap();
        assert_eq!(first, crate::policy::Policy::first());
    }
}
