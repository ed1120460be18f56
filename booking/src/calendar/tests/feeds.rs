//! Feeds through the service: whose they are, what they never tell, how they are taken back.

use super::super::feeds::FEEDS_MAX;
use crate::{
    testing::{Answered, DAY, NOW, Plane, Someone},
    tests::cast::{self, Cast, text},
};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, Method, Request, header},
};
use identity::PersonRole::{Facilitator, Officer, UcAdministrator};
use serde_json::{Value, json};
use tower::ServiceExt;
use wire::UnixMs;

async fn made(plane: &Plane, who: &Someone, body: Value) -> Value {
    plane.post(Some(who), "/api/v1/calendar/feeds", body).await.ok()
}

/// A reading by a calendar: no session, and perhaps what it knows from before.
async fn reading(plane: &Plane, address: &str, known: &[(HeaderName, &str)]) -> (u16, HeaderMap, String) {
    let path = address.strip_prefix("https://sidang.example").unwrap();
    let request = known.iter().fold(Request::get(path), |request, (name, value)| request.header(name, *value));
    let response = plane.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn listed(plane: &Plane, feed: &Value) -> String {
    let (status, _, list) = reading(plane, feed["address"].as_str().unwrap(), &[]).await;
    assert_eq!(status, 200, "{list}");
    super::read(&list);
    super::calcard(&list);
    list.replace("\r\n ", "")
}

async fn sulit(plane: &Plane, cast: &Cast, db: &kernel::Db) {
    cast.approved(plane).await;
    db.execute_for_tests("UPDATE reservation SET classification = 'SULIT'").await.unwrap();
    db.execute_for_tests("UPDATE meeting SET classification = 'SULIT'").await.unwrap();
}

kernel::on_both! {
    async fn each_lists_what_its_owner_may_see_and_no_attendee(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        cast.approved(&plane).await;
        let first = plane.sites[0];
        let other = plane.someone("pengurus", plane.central, &[Officer, UcAdministrator], &[]).await;
        let elsewhere = plane.someone("penjaga", plane.central, &[Officer, Facilitator], &plane.sites[1..2]).await;

        let mine = listed(&plane, &made(&plane, &cast.officers[0], json!({ "kind": "person" })).await).await;
        assert!(mine.contains("SUMMARY:Mesyuarat penyelarasan") && mine.contains("STATUS:CONFIRMED"), "{mine}");
        let agency = listed(&plane, &made(&plane, &cast.applicant, json!({ "kind": "agency" })).await).await;
        assert!(agency.contains("SUMMARY:Mesyuarat penyelarasan") && agency.contains("LOCATION:MAMPU"), "{agency}");
        for (who, title) in [(&cast.facilitator, true), (&cast.approver, true), (&cast.stranger, true), (&elsewhere, false), (&other, false)] {
            let list = listed(&plane, &made(&plane, who, json!({ "kind": "site", "site": first })).await).await;
            assert_eq!(list.contains("Mesyuarat penyelarasan"), title, "own agency, approver, facilitator of the site alone: {list}");
            assert!(title || list.contains("SUMMARY:Ditempah"), "{list}");
        }
        let nobody = listed(&plane, &made(&plane, &cast.stranger, json!({ "kind": "person" })).await).await;
        assert!(!nobody.contains("BEGIN:VEVENT"));
        let central = listed(&plane, &made(&plane, &other, json!({ "kind": "agency" })).await).await;
        assert!(!central.contains("BEGIN:VEVENT"), "another agency's");
        for list in [mine, agency] {
            for name in ["ATTENDEE", "ORGANIZER", "agensi.example", "satu", "dua", "tiga"] {
                assert!(!list.contains(name), "{name}: {list}");
            }
        }
    }

    async fn of_what_is_classified_nobody_reads_a_title(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        sulit(&plane, &cast, &db).await;
        for (who, body) in [
            (&cast.officers[0], json!({ "kind": "person" })),
            (&cast.applicant, json!({ "kind": "agency" })),
            (&cast.approver, json!({ "kind": "site", "site": plane.sites[0] })),
            (&cast.facilitator, json!({ "kind": "site", "site": plane.sites[0] })),
        ] {
            let list = listed(&plane, &made(&plane, who, body).await).await;
            assert!(list.contains("SUMMARY:TP-2026-") && list.contains("CLASS:PRIVATE"), "{list}");
            assert!(!list.contains("penyelarasan") && !list.contains("Penyelarasan"), "{list}");
        }
    }

    async fn it_follows_what_is_at_once(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let feed = made(&plane, &cast.applicant, json!({ "kind": "agency" })).await;
        let id = text(&cast.applied(&plane).await["id"]);
        assert!(listed(&plane, &feed).await.contains("STATUS:TENTATIVE"));
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{id}/decision"), json!({ "decision": "approve" })).await.ok();
        assert!(listed(&plane, &feed).await.contains("STATUS:CONFIRMED"));
        plane.post(Some(&cast.applicant), &format!("/api/v1/reservations/{id}/withdrawal"), json!({})).await.ok();
        assert!(!listed(&plane, &feed).await.contains("BEGIN:VEVENT"));
    }

    async fn what_did_not_change_is_not_sent_again(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let feed = made(&plane, &cast.applicant, json!({ "kind": "agency" })).await;
        let address = feed["address"].as_str().unwrap();
        let (status, headers, list) = reading(&plane, address, &[]).await;
        let value = |name: HeaderName| headers.get(&name).unwrap().to_str().unwrap().to_owned();
        assert_eq!((status, value(header::CONTENT_TYPE)), (200, "text/calendar; charset=utf-8".into()));
        assert_eq!(value(header::CACHE_CONTROL), "private, no-cache");
        let (etag, modified) = (value(header::ETAG), value(header::LAST_MODIFIED));
        assert_eq!(modified, "Tue, 01 Dec 2026 02:00:00 GMT");
        for known in [(header::IF_NONE_MATCH, etag.as_str()), (header::IF_MODIFIED_SINCE, modified.as_str())] {
            plane.clock.advance_ms(90_000);
            assert_eq!(reading(&plane, address, &[known]).await.0, 304);
        }
        assert_eq!(reading(&plane, address, &[(header::IF_NONE_MATCH, "\"another\""), (header::IF_MODIFIED_SINCE, &modified)]).await.0, 200, "the tag decides");
        assert_eq!(reading(&plane, address, &[]).await.2, list, "the same bytes");

        plane.clock.advance_ms(10_000);
        cast.applied(&plane).await;
        let (status, headers, _) = reading(&plane, address, &[(header::IF_NONE_MATCH, &etag)]).await;
        assert_eq!(status, 200);
        assert_ne!(headers[header::ETAG].to_str().unwrap(), etag);
        assert_ne!(headers[header::LAST_MODIFIED].to_str().unwrap(), modified);
    }

    async fn it_is_taken_back_and_goes_with_the_right_to_it(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let feed = made(&plane, &cast.applicant, json!({ "kind": "agency" })).await;
        let (address, id) = (text(&feed["address"]), text(&feed["feed"]["id"]));
        let status = async |address: &str| reading(&plane, address, &[]).await.0;
        assert_eq!(status(&address).await, 200);
        let shown = plane.get(Some(&cast.applicant), "/api/v1/calendar/feeds").await.ok();
        assert_eq!(shown["feeds"][0]["last_used_at_ms"], json!(NOW));
        assert!(!shown.to_string().contains(address.split('/').next_back().unwrap().trim_end_matches(".ics")), "shown once");
        assert_eq!(plane.get(Some(&cast.stranger), "/api/v1/calendar/feeds").await.ok()["feeds"], json!([]));

        let path = format!("/api/v1/calendar/feeds/{id}");
        let take = async |who: &Someone| -> Answered { plane.send(Method::DELETE, Some(who), &path, None, None).await };
        take(&cast.stranger).await.refused(404, "not_found");
        assert_eq!(status(&address).await, 200);
        assert_eq!(take(&cast.applicant).await.status.as_u16(), 204);
        assert_eq!(status(&address).await, 404);
        take(&cast.applicant).await.refused(404, "not_found");

        let again = text(&made(&plane, &cast.applicant, json!({ "kind": "agency" })).await["address"]);
        assert_ne!(again, address);
        db.execute_for_tests("DELETE FROM person_role WHERE role = 'uc_administrator'").await.unwrap();
        assert_eq!(status(&again).await, 404, "the right is gone");
        let own = text(&made(&plane, &cast.stranger, json!({ "kind": "person" })).await["address"]);
        assert_eq!(status(&own).await, 200);
        db.execute_for_tests("UPDATE person SET state = 'disabled'").await.unwrap();
        assert_eq!(status(&own).await, 404, "the account is gone");
        for guess in ["", "x.ics", "AAAA", &format!("{}.ics", "A".repeat(64))] {
            assert_eq!(status(&format!("https://sidang.example/calendar/{guess}")).await, 404, "{guess}");
        }
    }

    async fn who_makes_one_is_asked_what_they_may(db: Db) {
        let plane = Plane::new(db).await;
        let one = cast::officer(&plane, "satu").await;
        let ask = async |body: Value| plane.post(Some(&one), "/api/v1/calendar/feeds", body).await;
        ask(json!({ "kind": "agency" })).await.refused(403, "role.missing");
        ask(json!({ "kind": "site" })).await.refused(422, "request.malformed");
        ask(json!({ "kind": "person", "site": plane.sites[0] })).await.refused(422, "request.malformed");
        ask(json!({ "kind": "site", "site": "019aa000-0000-7000-8000-000000000001" })).await.refused(422, "request.malformed");
        ask(json!({ "kind": "all" })).await.refused(422, "request.malformed");

        let once = async || plane.send(Method::POST, Some(&one), "/api/v1/calendar/feeds", Some(json!({ "kind": "person" })), Some("satu-kali")).await.ok();
        assert_eq!(once().await["address"], once().await["address"], "sent twice, made once");
        assert_eq!(plane.get(Some(&one), "/api/v1/calendar/feeds").await.ok()["feeds"].as_array().unwrap().len(), 1);
        for _ in 1..FEEDS_MAX {
            ask(json!({ "kind": "person" })).await.ok();
        }
        ask(json!({ "kind": "person" })).await.refused(409, "feed.too_many");
    }

    async fn it_is_read_at_a_bounded_rate(db: Db) {
        let plane = Plane::new(db).await;
        let one = cast::officer(&plane, "satu").await;
        let (feed, other) = (made(&plane, &one, json!({ "kind": "person" })).await, made(&plane, &one, json!({ "kind": "person" })).await);
        let status = async |feed: &Value| reading(&plane, feed["address"].as_str().unwrap(), &[]).await.0;
        for _ in 0..30 {
            assert_eq!(status(&feed).await, 200);
        }
        assert_eq!((status(&feed).await, status(&other).await), (429, 200));
        plane.clock.set(UnixMs(NOW.0 + DAY));
        assert_eq!(status(&feed).await, 200);
    }
}
