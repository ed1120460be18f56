//! Vectors 8 to 13 of the lead time: which instant counts as the receipt of an application, whatever the applicant's clock says, however long
//! the request was on its way, and when the clock is set back.
//!
//! What holds: `received_at` is the service's own clock (kernel's `Clock`) when the whole body has been read, before the store is asked; it is
//! written once, in the transaction that stores the application, and never read from the request. Two servers with one PostgreSQL refuse to
//! start where a clock is off by more than a second (`kernel::db::skew`, vector 12), so that their verdicts differ within that second at most.

use super::cast::{Cast, text};
use crate::testing::{DAY, HOUR, NOW, Plane, USE};
use axum::http::Method;
use serde_json::json;
use wire::UnixMs;

/// Wednesday 2026-12-02, 00:00 in Malaysia: from here on Friday cannot be applied for.
const MIDNIGHT: UnixMs = UnixMs(NOW.0 + 14 * HOUR);

kernel::on_both! {
    async fn vector_08_what_the_applicant_takes_the_time_to_be_has_no_effect(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        plane.clock.set(MIDNIGHT);
        for claimed in [NOW.0 - DAY, NOW.0, NOW.0 + DAY] {
            let mut draft = cast.draft(&plane);
            draft["received_at_ms"] = json!(claimed);
            draft["now_ms"] = json!(claimed);
            let answer = plane.post(Some(&cast.applicant), "/api/v1/reservations", draft).await;
            // Ignored or refused as malformed; lawful it is not.
            assert_eq!(answer.status.as_u16(), 422, "{}", answer.text);
        }
    }

    async fn vector_09_a_form_opened_before_midnight_and_sent_after_it_is_refused_with_the_earliest_date(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        plane.clock.set(UnixMs(MIDNIGHT.0 - 2 * 60_000));
        let opened = plane.post(Some(&cast.applicant), "/api/v1/reservations/verdict", cast.draft(&plane)).await.ok();
        assert_eq!((&opened["lawful"], &opened["lawful_until_ms"]), (&json!(true), &json!(MIDNIGHT.0 - 1)));
        plane.clock.set(UnixMs(MIDNIGHT.0 + 60_000));
        let late = plane.post(Some(&cast.applicant), "/api/v1/reservations", cast.draft(&plane)).await;
        assert_eq!(late.refused(422, "reservation.lead_time")["values"]["earliest_date"], "2026-12-05");
    }

    async fn vector_10_what_counts_is_the_receipt_and_not_the_sending(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        let applied = async |at: i64| {
            plane.clock.set(UnixMs(at));
            plane.post(Some(&cast.applicant), "/api/v1/reservations", cast.draft(&plane)).await
        };
        // Sent two seconds before midnight, received a second after it.
        applied(MIDNIGHT.0 + 1_000).await.refused(422, "reservation.lead_time");
        applied(MIDNIGHT.0).await.refused(422, "reservation.lead_time");
        let last = applied(MIDNIGHT.0 - 1).await.ok();
        assert_eq!(last["received_at_ms"], json!(MIDNIGHT.0 - 1));
    }

    async fn vector_11_the_same_request_again_after_midnight_is_the_same_booking(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        plane.clock.set(UnixMs(MIDNIGHT.0 - 1));
        let send = async || plane.send(Method::POST, Some(&cast.applicant), "/api/v1/reservations", Some(cast.draft(&plane)), Some("kunci-1")).await;
        let first = send().await.ok();
        plane.clock.set(UnixMs(MIDNIGHT.0 + 1_000));
        let again = send().await.ok();
        assert_eq!((&first["id"], &first["received_at_ms"]), (&again["id"], &again["received_at_ms"]));
        // Under another key it is another application, and late.
        plane.send(Method::POST, Some(&cast.applicant), "/api/v1/reservations", Some(cast.draft(&plane)), Some("kunci-2")).await
            .refused(422, "reservation.lead_time");
    }

    async fn vector_13_a_clock_that_is_set_back_does_not_move_a_receipt(db: Db) {
        let plane = Plane::new(db).await;
        let cast = Cast::new(&plane).await;
        plane.clock.set(UnixMs(MIDNIGHT.0 + 60_000));
        let mut draft = cast.draft(&plane);
        draft["starts_at_ms"] = json!(USE.0 + 3 * DAY);
        draft["ends_at_ms"] = json!(USE.0 + 3 * DAY + HOUR);
        let id = text(&plane.post(Some(&cast.applicant), "/api/v1/reservations", draft).await.ok()["id"]);
        // Back across midnight: what was received stays so, and what is done to it afterwards does not move it.
        plane.clock.set(UnixMs(MIDNIGHT.0 - 60_000));
        let read = async || plane.get(Some(&cast.applicant), &format!("/api/v1/reservations/{id}")).await.ok();
        assert_eq!(read().await["received_at_ms"], json!(MIDNIGHT.0 + 60_000));
        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{id}/decision"), json!({ "decision": "approve" })).await.ok();
        let decided = read().await;
        assert_eq!((&decided["received_at_ms"], &decided["days_before_use"]), (&json!(MIDNIGHT.0 + 60_000), &json!(5)));
    }
}
