//! Faults on both databases: their life, the room that they block, whom they meet, and who is told.

use super::*;
use crate::{
    reservations::{State, world::stored},
    testing::{HOUR, NOW, Plane, Someone, USE},
    tests::cast::{Cast, text},
};
use kernel::{Db, on};
use serde_json::{Value, json};
use wire::id::ReservationId as Id;

const TOLD: &str = "SELECT kind, person_id FROM notice ORDER BY kind, person_id";

async fn told(db: &Db, kind: &str) -> Vec<String> {
    let rows: Vec<(String, String)> = on!(&mut db.read().await.unwrap(), c => sqlx::query_as(TOLD).fetch_all(c).await).unwrap();
    rows.into_iter().filter(|it| it.0 == kind).map(|it| it.1).collect()
}

fn ids(people: &[&Someone]) -> Vec<String> {
    let mut ids: Vec<String> = people.iter().map(|it| it.id.to_string()).collect();
    ids.sort();
    ids
}

async fn equipment(plane: &Plane, cast: &Cast, kind: &str) -> Value {
    let sites = plane.get(Some(&cast.stranger), "/api/v1/sites").await.ok();
    let of_site = sites["sites"].as_array().unwrap().iter().find(|it| it["id"] == json!(plane.sites[0])).unwrap().clone();
    of_site["equipment"].as_array().unwrap().iter().find(|it| it["kind"] == kind).unwrap()["id"].clone()
}

async fn broken(plane: &Plane, cast: &Cast, by: &Someone, severity: &str) -> Value {
    let codec = equipment(plane, cast, "codec").await;
    let draft = json!({ "site": plane.sites[0], "equipment": codec, "severity": severity, "description": "Kodek tidak hidup" });
    plane.post(Some(by), "/api/v1/faults", draft).await.ok()
}

async fn state(db: &Db, reservation: &Value) -> State {
    let id: Id = text(&reservation["id"]).parse().unwrap();
    stored(db, id).await.state
}

async fn detail(plane: &Plane, who: &Someone, fault: &Value) -> Value {
    plane.get(Some(who), &format!("/api/v1/faults/{}", text(&fault["id"]))).await.ok()
}

async fn act(plane: &Plane, who: &Someone, fault: &Value, act: Value) -> crate::testing::Answered {
    plane.post(Some(who), &format!("/api/v1/faults/{}/acts", text(&fault["id"])), act).await
}

async fn affected(plane: &Plane, who: &Someone, fault: &Value) -> (String, Value) {
    let block = text(&detail(plane, who, fault).await["block"]["id"]);
    let shown = plane.get(Some(who), &format!("/api/v1/blocks/{block}")).await.ok();
    (block, shown["affected"].clone())
}

kernel::on_both! {
    /// Half an hour before the start: the room is blocked, its people are told once each, another site is proposed although the lead time
    /// is over, and taking it is recorded.
    async fn vector_44_out_of_order_half_an_hour_before(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        plane.clock.set(USE.saturating_add_ms(-HOUR / 2));
        let fault = broken(&plane, &cast, &cast.facilitator, "s1").await;
        assert_eq!(state(&db, &booked).await, State::Displaced);
        let people = ids(&[&cast.applicant, &cast.officers[0], &cast.officers[1], &cast.officers[2]]);
        assert_eq!(told(&db, "displaced").await, people, "each once");

        let (block, rows) = affected(&plane, &cast.facilitator, &fault).await;
        assert_eq!((rows.as_array().unwrap().len(), &rows[0]["reference"], &rows[0]["people"]), (1, &booked["reference"], &json!(2)));
        let proposals = &rows[0]["proposals"];
        assert_eq!((&proposals["online"], &proposals["exempt"]), (&json!(true), &json!(true)));
        assert_eq!(proposals["sites"].as_array().unwrap().iter().map(|it| it["site"].clone()).collect::<Vec<_>>(), [json!(plane.sites[2])]);
        let path = format!("/api/v1/blocks/{block}/affected/{}", text(&booked["id"]));
        plane.post(Some(&cast.officers[0]), &path, json!({ "choice": "online" })).await.refused(403, "role.missing");
        let same = plane.post(Some(&cast.facilitator), &path, json!({ "choice": "resite", "site": plane.sites[1] })).await;
        same.refused(422, "request.malformed");
        let shown = plane.post(Some(&cast.facilitator), &path, json!({ "choice": "resite", "site": plane.sites[2] })).await.ok();
        assert_eq!(shown["affected"][0]["outcome"], "resited");
        assert_eq!(state(&db, &booked).await, State::Approved);
        let after = plane.get(Some(&cast.officers[0]), &format!("/api/v1/reservations/{}", text(&booked["id"]))).await.ok();
        let sites: Vec<Value> = after["sites"].as_array().unwrap().iter().filter(|it| it["people"].as_array().is_some_and(|it| !it.is_empty()))
            .map(|it| it["site"]["id"].clone()).collect();
        assert_eq!(sites, [json!(plane.sites[1]), json!(plane.sites[2])]);
        let note = after["history"].as_array().unwrap().iter().find(|it| it["act"] == "resite").unwrap().clone();
        assert_eq!(note["rule"], "TP-2", "the lead time was set aside, and it says so");
        assert_eq!(told(&db, "room_settled").await, people);
        let id: Id = text(&booked["id"]).parse().unwrap();
        let exception = crate::overrides::of_reservation(&mut db.read().await.unwrap(), id).await.unwrap();
        let exception = exception.first().expect("it stands among the month's exceptions");
        assert_eq!((exception.reason.as_str(), exception.origin), (text(&fault["reference"]).as_str(), crate::overrides::Origin::Resiting));
        plane.post(Some(&cast.facilitator), &path, json!({ "choice": "online" })).await.refused(409, "reservation.state");
    }

    async fn who_lost_the_room_may_join_from_a_browser(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        plane.clock.set(USE.saturating_add_ms(-HOUR / 4));
        let fault = broken(&plane, &cast, &cast.facilitator, "s1").await;
        let grant = format!("/api/v1/meetings/{}/grant", text(&booked["meeting"]));
        plane.post(Some(&cast.officers[0]), &grant, json!({})).await.ok();
        let (block, _) = affected(&plane, &cast.facilitator, &fault).await;
        let path = format!("/api/v1/blocks/{block}/affected/{}", text(&booked["id"]));
        plane.post(Some(&cast.facilitator), &path, json!({ "choice": "online" })).await.ok();
        assert_eq!(state(&db, &booked).await, State::Approved, "the other site is used as it was booked");
        plane.post(Some(&cast.officers[0]), &grant, json!({})).await.ok();
        let (_, rows) = affected(&plane, &cast.facilitator, &fault).await;
        assert_eq!((&rows[0]["outcome"], rows[0].get("proposals")), (&json!("online"), None));
    }

    async fn mended_the_room_is_free_and_the_booking_has_it_again(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        plane.clock.set(USE.saturating_add_ms(-2 * HOUR));
        let fault = broken(&plane, &cast, &cast.facilitator, "s1").await;
        assert_eq!(state(&db, &booked).await, State::Displaced);
        act(&plane, &cast.facilitator, &fault, json!({ "act": "mend", "outcome": "adjusted", "note": "Kabel" })).await.ok();
        assert_eq!(state(&db, &booked).await, State::Approved);
        assert_eq!(told(&db, "room_settled").await.len(), 4);
        // Back again: the room is lost again, and its people hear of it again.
        let reopened = act(&plane, &cast.facilitator, &fault, json!({ "act": "reopen", "reason": "Masih tidak hidup" })).await.ok();
        assert_eq!((text(&reopened["fault"]["state"]), state(&db, &booked).await), ("open".into(), State::Displaced));
        // It was not so bad after all.
        act(&plane, &cast.facilitator, &fault, json!({ "act": "severity", "severity": "s2", "reason": "Boleh diguna" })).await.ok();
        assert_eq!(state(&db, &booked).await, State::Approved);
    }

    async fn somebody_who_does_not_answer_for_the_room_blocks_it_until_tomorrow(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        let fault = broken(&plane, &cast, &cast.stranger, "s1").await;
        let block = detail(&plane, &cast.stranger, &fault).await["block"].clone();
        // NOW is 10:00 on Tuesday: until Wednesday midnight, Friday's booking stands.
        assert_eq!((&block["ends_at_ms"], state(&db, &booked).await), (&json!(NOW.0 + 38 * HOUR), State::Approved));
        assert_eq!(told(&db, "fault_reported").await, ids(&[&cast.facilitator]));
        act(&plane, &cast.facilitator, &fault, json!({ "act": "assign" })).await.ok();
        assert_eq!(detail(&plane, &cast.stranger, &fault).await["block"].get("ends_at_ms"), None);
        assert_eq!(state(&db, &booked).await, State::Displaced);
        assert_eq!(told(&db, "fault_changed").await, ids(&[&cast.stranger]));
    }

    async fn what_is_not_critical_or_not_out_of_order_blocks_nothing(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        let milder = broken(&plane, &cast, &cast.facilitator, "s2").await;
        let display = equipment(&plane, &cast, "display").await;
        for draft in [
            json!({ "site": plane.sites[0], "equipment": display, "severity": "s1", "description": "Paparan gelap" }),
            json!({ "site": plane.sites[0], "severity": "s1", "description": "Bau" }),
        ] {
            let fault = plane.post(Some(&cast.facilitator), "/api/v1/faults", draft).await.ok();
            assert_eq!(detail(&plane, &cast.facilitator, &fault).await.get("block"), None);
        }
        assert_eq!(state(&db, &booked).await, State::Approved);
        act(&plane, &cast.facilitator, &milder, json!({ "act": "severity", "severity": "s1", "reason": "Mati terus" })).await.ok();
        assert_eq!(state(&db, &booked).await, State::Displaced);
    }

    async fn the_life_of_a_fault(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let fault = broken(&plane, &cast, &cast.officers[0], "s3").await;
        let say = async |who: &Someone, it: Value| act(&plane, who, &fault, it).await;
        say(&cast.stranger, json!({ "act": "comment", "text": "Saya juga" })).await.refused(404, "not_found");
        say(&cast.officers[0], json!({ "act": "start" })).await.refused(403, "role.missing");
        say(&cast.officers[0], json!({ "act": "comment", "text": "Masih rosak" })).await.ok();
        say(&cast.facilitator, json!({ "act": "close" })).await.refused(409, "fault.state");
        say(&cast.facilitator, json!({ "act": "wait", "for": "parts" })).await.refused(422, "request.malformed");
        say(&cast.facilitator, json!({ "act": "wait", "for": "parts", "reason": " " })).await.refused(422, "request.malformed");
        say(&cast.facilitator, json!({ "act": "mend", "outcome": "not_mended" })).await.refused(422, "request.malformed");
        say(&cast.facilitator, json!({ "act": "assign", "person": wire::id::PersonId::fresh() })).await.refused(422, "request.malformed");
        say(&cast.facilitator, json!({ "act": "assign", "person": cast.officers[2].id })).await.ok();
        // Whoever it was given to sees it and works on it, though they look after no room.
        say(&cast.officers[2], json!({ "act": "start" })).await.ok();
        plane.clock.advance_ms(HOUR);
        say(&cast.officers[2], json!({ "act": "wait", "for": "parts", "reason": "Kabel HDMI dipesan" })).await.ok();
        plane.clock.advance_ms(2 * HOUR);
        let waiting = detail(&plane, &cast.officers[2], &fault).await;
        assert_eq!((text(&waiting["fault"]["sla"]["state"]), &waiting["fault"]["sla"]["waited_minutes"]), ("waiting".into(), &json!(120)));
        say(&cast.officers[2], json!({ "act": "resume" })).await.ok();
        say(&cast.officers[2], json!({ "act": "close" })).await.refused(409, "fault.state");
        say(&cast.officers[2], json!({ "act": "mend", "outcome": "replaced" })).await.ok();
        say(&cast.officers[2], json!({ "act": "close" })).await.refused(403, "role.missing");
        let closed = say(&cast.facilitator, json!({ "act": "close" })).await.ok();
        assert_eq!((text(&closed["fault"]["state"]), text(&closed["fault"]["sla"]["state"])), ("closed".into(), "met".into()));
        let kinds: Vec<String> = closed["history"].as_array().unwrap().iter().map(|it| text(&it["kind"])).collect();
        assert_eq!(kinds, ["report", "comment", "assign", "start", "wait", "resume", "mend", "close"]);
        assert_eq!(closed["history"][2]["value"], "tiga", "whom it was given to, by name");
        assert_eq!(told(&db, "fault_assigned").await, ids(&[&cast.officers[2]]));
        // The reporter says that it is back: for a week.
        assert_eq!(detail(&plane, &cast.officers[0], &fault).await["may"], json!(["reopen", "comment"]));
        plane.clock.advance_ms(8 * 24 * HOUR);
        say(&cast.officers[0], json!({ "act": "reopen", "reason": "Lagi" })).await.refused(403, "role.missing");
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    }

    async fn one_report_sent_twice_is_one_fault(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let draft = json!({ "site": plane.sites[0], "severity": "s3", "description": "Kerusi patah" });
        let send = async || plane.send(axum::http::Method::POST, Some(&cast.stranger), "/api/v1/faults", Some(draft.clone()), Some("k")).await.ok();
        let (first, again) = (send().await, send().await);
        assert_eq!(first["id"], again["id"]);
        // Others learn that it is known, and no more.
        let known = plane.get(Some(&cast.officers[1]), &format!("/api/v1/faults/open?site={}", plane.sites[0])).await.ok();
        assert_eq!((known["faults"].as_array().unwrap().len(), known["faults"][0].get("description")), (1, None));
        let own = plane.get(Some(&cast.stranger), &format!("/api/v1/faults/open?site={}", plane.sites[0])).await.ok();
        assert_eq!(own["faults"][0]["description"], "Kerusi patah");
    }

    async fn reminders_come_in_working_hours_once_and_once_a_day(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        // Tuesday 10:00; four hours are allowed, until 14:00.
        let fault = broken(&plane, &cast, &cast.stranger, "s1").await;
        let due = async |hours: i64| remind_due(&db, NOW.saturating_add_ms(hours * HOUR)).await.unwrap();
        assert_eq!((due(2).await, due(3).await, due(3).await), (0, 1, 0), "a quarter of the time is left");
        assert_eq!((due(5).await, due(6).await), (1, 0), "overdue, told once that day");
        assert_eq!((due(8).await, due(14).await, due(20).await), (0, 0, 0), "neither in the evening nor at midnight nor before the room opens");
        assert_eq!((due(22).await, due(25).await), (1, 0), "the next morning");
        assert_eq!(told(&db, "fault_due").await.len(), 3);
        plane.clock.set(NOW.saturating_add_ms(26 * HOUR));
        act(&plane, &cast.facilitator, &fault, json!({ "act": "wait", "for": "vendor", "reason": "Lawatan Isnin" })).await.ok();
        assert_eq!(due(47).await, 0, "it waits");
    }

    async fn targets_are_policy(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let put = async |who: &Someone, minutes: Value| {
            plane.send(axum::http::Method::PUT, Some(who), "/api/v1/faults/targets", Some(json!({ "minutes": minutes })), None).await
        };
        put(&cast.facilitator, json!({ "s1": 60 })).await.refused(403, "role.missing");
        put(&cast.approver, json!({ "s1": 0 })).await.refused(422, "request.malformed");
        let set = put(&cast.approver, json!({ "s1": 60 })).await.ok();
        assert_eq!(set["minutes"], json!({ "s1": 60, "s2": 540, "s3": 2700, "s4": 8100 }));
        let fault = broken(&plane, &cast, &cast.stranger, "s1").await;
        assert_eq!(fault["sla"]["target_minutes"], 60);
    }

    async fn a_closure_by_the_facilitator(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let booked = cast.approved(&plane).await;
        let draft = json!({ "site": plane.sites[0], "from_ms": USE, "until_ms": USE.0 + HOUR, "note": "Lawatan" });
        for wrong in [&cast.stranger, &cast.applicant, &cast.auditor] {
            plane.post(Some(wrong), "/api/v1/blocks/preview", draft.clone()).await.refused(403, "role.missing");
            plane.post(Some(wrong), "/api/v1/blocks", draft.clone()).await.refused(403, "role.missing");
        }
        let preview = plane.post(Some(&cast.facilitator), "/api/v1/blocks/preview", draft.clone()).await.ok();
        assert_eq!(preview["affected"][0]["reference"], booked["reference"]);
        assert_eq!(state(&db, &booked).await, State::Approved, "a preview changes nothing");
        let made = plane.post(Some(&cast.facilitator), "/api/v1/blocks", draft).await.ok();
        assert_eq!((&made["block"]["kind"], state(&db, &booked).await), (&json!("blackout"), State::Displaced));
        let listed = plane.get(Some(&cast.stranger), &format!("/api/v1/blocks?site={}&from_ms={}&to_ms={}", plane.sites[0], USE.0, USE.0 + 1)).await.ok();
        assert_eq!(listed["blocks"][0]["note"], "Lawatan");
        let end = format!("/api/v1/blocks/{}/end", text(&made["block"]["id"]));
        plane.post(Some(&cast.facilitator), &end, json!({})).await.ok();
        assert_eq!(state(&db, &booked).await, State::Approved);
        plane.post(Some(&cast.facilitator), &end, json!({})).await.refused(409, "block.ended");
        let of_fault = broken(&plane, &cast, &cast.facilitator, "s1").await;
        let (block, _) = affected(&plane, &cast.facilitator, &of_fault).await;
        plane.post(Some(&cast.facilitator), &format!("/api/v1/blocks/{block}/end"), json!({})).await.refused(422, "request.malformed");
    }
}
