//! Meetings, grants and invitations over HTTP.

use super::cast::{Cast, text};
use crate::testing::{HOUR, NOW, Plane, settings};
use axum::http::Method;
use serde_json::{Value, json};
use wire::UnixMs;

fn draft(cast: &Cast) -> Value {
    json!({
        "title": "Perbincangan; bil. 3", "classification": "TERBUKA", "starts_at_ms": NOW, "ends_at_ms": NOW.0 + HOUR,
        "people": [cast.officers[1].id],
    })
}

kernel::on_both! {
    async fn an_officer_calls_a_meeting_and_its_people_see_it(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let host = &cast.officers[0];
        let made = plane.send(Method::POST, Some(host), "/api/v1/meetings", Some(draft(&cast)), Some("m1")).await.ok();
        let again = plane.send(Method::POST, Some(host), "/api/v1/meetings", Some(draft(&cast)), Some("m1")).await.ok();
        assert_eq!(made["id"], again["id"]);
        assert_eq!((text(&made["kind"]), text(&made["state"]), &made["present"]), ("online".into(), "open".into(), &json!(0)));
        assert_eq!(made["may"], json!(["join", "record", "end", "view_recordings", "view_attendance"]));
        assert_eq!((&made["lacks"], text(&made["host"]["name"])), (&json!([]), "satu".into()));
        assert_eq!((&made["people"][0]["role"], &made["people"][1]["role"]), (&json!("host"), &json!("member")));
        let path = format!("/api/v1/meetings/{}", text(&made["id"]));
        assert_eq!(plane.get(Some(&cast.officers[1]), &path).await.ok()["may"], json!(["join", "view_recordings"]));
        plane.get(Some(&cast.stranger), &path).await.refused(404, "not_found");
        plane.get(Some(&cast.auditor), &path).await.refused(404, "not_found");
        let list = format!("/api/v1/meetings?from_ms={}&to_ms={}", NOW.0 - HOUR, NOW.0 + HOUR);
        assert_eq!(plane.get(Some(&cast.officers[1]), &list).await.ok()["meetings"].as_array().unwrap().len(), 1);
        assert_eq!(plane.get(Some(&cast.stranger), &list).await.ok()["meetings"], json!([]));
        plane.get(Some(&cast.stranger), "/api/v1/meetings?from_ms=1&to_ms=0").await.refused(422, "request.malformed");
    }

    async fn what_cannot_be_held_is_refused(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let table = [
            ("classification", json!("RAHSIA"), 422, "classification.too_high"),
            ("classification", json!("SULIT"), 403, "classification.security_functions_missing"),
            ("title", json!(" "), 422, "request.malformed"),
            ("ends_at_ms", json!(NOW), 422, "reservation.slot_invalid"),
            ("people", json!([wire::id::PersonId::fresh()]), 422, "request.malformed"),
            ("people", json!("all"), 422, "request.malformed"),
        ];
        for (field, value, status, code) in table {
            let mut draft = draft(&cast);
            draft[field] = value;
            plane.post(Some(&cast.officers[0]), "/api/v1/meetings", draft).await.refused(status, code);
        }
    }

    async fn a_sulit_meeting_says_what_it_lacks(db: Db) {
        let plane = Plane::with(db, crate::Settings { classified_without_e2ee: true, ..settings() }).await;
        let cast = Cast::new(&plane).await;
        let mut draft = draft(&cast);
        draft["classification"] = json!("SULIT");
        let made = plane.post(Some(&cast.officers[0]), "/api/v1/meetings", draft).await.ok();
        assert_eq!((&made["lacks"], &made["may"]), (&json!(["CLASS-4"]), &json!(["join", "end", "view_attendance"])));
        let recordings = plane.get(Some(&cast.officers[0]), &format!("/api/v1/meetings/{}/recordings", text(&made["id"]))).await;
        assert_eq!(recordings.refused(403, "recording.forbidden")["rule"], "CLASS-3");
    }

    async fn a_grant_is_minted_for_the_listed_inside_the_window(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let made = plane.post(Some(&cast.officers[0]), "/api/v1/meetings", draft(&cast)).await.ok();
        let path = format!("/api/v1/meetings/{}/grant", text(&made["id"]));
        let grant = plane.post(Some(&cast.officers[1]), &path, json!({})).await.ok();
        assert_eq!(grant["expires_at_ms"], NOW.0 + 90_000);
        assert_eq!(plane.post(Some(&cast.stranger), &path, json!({})).await.refused(403, "meeting.not_listed")["rule"], "MEET-8");
        let missing = format!("/api/v1/meetings/{}/grant", wire::id::MeetingId::fresh());
        plane.post(Some(&cast.stranger), &missing, json!({})).await.refused(404, "not_found");
        plane.clock.set(UnixMs(NOW.0 + HOUR + 15 * 60_000));
        plane.post(Some(&cast.officers[1]), &path, json!({})).await.refused(403, "meeting.window_closed");
    }

    async fn the_invitation_is_for_those_listed_and_holds_the_link(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let approved = cast.approved(&plane).await;
        let meeting = text(&approved["meeting"]);
        let path = format!("/api/v1/meetings/{meeting}/invitation.ics");
        plane.get(Some(&cast.stranger), &path).await.refused(404, "not_found");
        let answered = plane.get(Some(&cast.officers[2]), &path).await;
        assert!(answered.status.is_success());
        let unfolded = answered.text.replace("\r\n ", "");
        for line in [
            "DTSTART:20261204T010000Z".to_owned(),
            "DTEND:20261204T030000Z".to_owned(),
            format!("UID:{meeting}@sidang.example"),
            "LOCATION:MAMPU Cyberjaya\\; MAMPU Cawangan Sarawak".to_owned(),
            "STATUS:CONFIRMED".to_owned(),
        ] {
            assert!(unfolded.contains(&format!("\r\n{line}\r\n")), "{line} in {unfolded}");
        }
        assert!(unfolded.contains(&format!(":https://sidang.example/m/{meeting}\r\n")));
        assert!(!unfolded.contains("eyJ"), "never a token");
    }
}
