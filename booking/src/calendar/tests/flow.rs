//! Invitations through the service: who is sent what as a booking lives.

use crate::{
    calendar::{invite::invitations_due, writer::Method},
    mail,
    testing::{HOUR, NOW, Plane, Someone, USE},
    tests::cast::{Cast, text},
};
use identity::PersonRole::Officer;
use kernel::Db;
use serde_json::{Value, json};
use wire::{UnixMs, id::PersonId};

const HOST: &str = "sidang.example";

async fn bring(db: &Db, now: UnixMs) {
    while invitations_due(db, now, HOST).await.unwrap() > 0 {}
}

/// Everybody's calendar mails in their order: method and sequence.
async fn mails(db: &Db, person: PersonId) -> Vec<(Method, u32)> {
    let mut tx = db.read().await.unwrap();
    let (mut found, _) = mail::store::list(&mut tx, None, None).await.unwrap();
    found.reverse();
    let of = found.into_iter().filter(|it| it.person == person);
    of.filter_map(|it| {
        let sequence = serde_json::to_value(&it.notice).unwrap()["event"]["sequence"].as_u64()?;
        Some((it.calendar?.method, u32::try_from(sequence).unwrap()))
    })
    .collect()
}

kernel::on_both! {
    async fn an_application_invites_nobody_an_approval_everybody_a_withdrawal_takes_back(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let id = text(&cast.applied(&plane).await["id"]);
        bring(&db, NOW).await;
        assert_eq!(mails(&db, cast.officers[0].id).await, [], "nothing tentative is sent");

        plane.post(Some(&cast.approver), &format!("/api/v1/reservations/{id}/decision"), json!({ "decision": "approve" })).await.ok();
        bring(&db, NOW).await;
        for person in &cast.officers {
            assert_eq!(mails(&db, person.id).await, [(Method::Request, 0)]);
        }
        for person in [&cast.stranger, &cast.facilitator, &cast.approver] {
            assert_eq!(mails(&db, person.id).await, []);
        }
        bring(&db, NOW).await;
        assert_eq!(mails(&db, cast.officers[0].id).await.len(), 1, "nothing changed, nobody is told");

        plane.post(Some(&cast.applicant), &format!("/api/v1/reservations/{id}/withdrawal"), json!({})).await.ok();
        bring(&db, NOW).await;
        for person in &cast.officers {
            assert_eq!(mails(&db, person.id).await, [(Method::Request, 0), (Method::Cancel, 1)]);
        }
    }

    async fn a_change_has_a_higher_sequence_and_who_is_taken_out_is_told_alone(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let host = plane.someone("hos", plane.ministry, &[Officer], &[]).await;
        let (one, two, late) = (officer(&plane, "satu").await, officer(&plane, "dua").await, officer(&plane, "lewat").await);
        let draft = json!({ "title": "Taklimat", "classification": "TERBUKA", "starts_at_ms": USE, "ends_at_ms": USE.0 + HOUR, "people": [one.id, two.id] });
        let meeting = text(&plane.post(Some(&host), "/api/v1/meetings", draft).await.ok()["id"]);
        let meeting: wire::id::MeetingId = meeting.parse().unwrap();
        bring(&db, NOW).await;
        for person in [&host, &one, &two] {
            assert_eq!(mails(&db, person.id).await, [(Method::Request, 0)], "online people too, and the host");
        }

        kernel::transact!(db, tx => crate::meetings::store::remove(tx, meeting, one.id, NOW).await).unwrap();
        bring(&db, NOW).await;
        assert_eq!(mails(&db, one.id).await, [(Method::Request, 0), (Method::Cancel, 1)]);
        assert_eq!(mails(&db, two.id).await.len(), 1, "who stays is not told");

        db.execute_for_tests("UPDATE meeting SET starts_at_ms = starts_at_ms + 900000, ends_at_ms = ends_at_ms + 900000, closes_at_ms = closes_at_ms + 900000").await.unwrap();
        bring(&db, NOW).await;
        assert_eq!(mails(&db, two.id).await, [(Method::Request, 0), (Method::Request, 2)]);
        assert_eq!(mails(&db, one.id).await.len(), 2, "who is out is not told");
        assert_eq!(mails(&db, late.id).await, []);

        kernel::transact!(db, tx => crate::meetings::store::end(tx, meeting, NOW, crate::meetings::EndReason::Withdrawn).await).unwrap();
        bring(&db, NOW).await;
        assert_eq!(mails(&db, two.id).await.last(), Some(&(Method::Cancel, 3)));
        assert_eq!(mails(&db, one.id).await.len(), 2, "nobody is taken out twice");
    }

    async fn an_extension_is_sent_as_a_change(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let approved = cast.approved(&plane).await;
        bring(&db, NOW).await;
        let (id, chair) = (text(&approved["id"]).parse().unwrap(), text(&approved["chair"]["id"]).parse().unwrap());
        let starts_at = UnixMs(approved["starts_at_ms"].as_i64().unwrap());
        let during = starts_at.saturating_add_ms(10 * 60_000);
        let by = crate::use_of_rooms::Extender::Chair { person: chair, agency: plane.ministry };
        crate::use_of_rooms::extend(&db, during, id, by, 15).await.unwrap();
        bring(&db, during).await;
        for person in &cast.officers {
            assert_eq!(mails(&db, person.id).await, [(Method::Request, 0), (Method::Request, 1)]);
        }
        bring(&db, during).await;
        assert_eq!(mails(&db, cast.officers[0].id).await.len(), 2, "once");
    }

    async fn what_is_over_or_ended_in_its_time_tells_nobody(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let (host, one) = (officer(&plane, "hos").await, officer(&plane, "satu").await);
        let draft = |title: &str| json!({ "title": title, "classification": "TERBUKA", "starts_at_ms": USE, "ends_at_ms": USE.0 + HOUR, "people": [one.id] });
        let meeting: wire::id::MeetingId = text(&plane.post(Some(&host), "/api/v1/meetings", draft("Satu")).await.ok()["id"]).parse().unwrap();
        bring(&db, NOW).await;
        // The host ends it ten minutes before its time: calendars were right.
        let at = UnixMs(USE.0 + 50 * 60_000);
        kernel::transact!(db, tx => crate::meetings::store::end(tx, meeting, at, crate::meetings::EndReason::Ended).await).unwrap();
        bring(&db, at).await;
        assert_eq!(mails(&db, one.id).await, [(Method::Request, 0)]);

        plane.post(Some(&host), "/api/v1/meetings", draft("Dua")).await.ok();
        bring(&db, UnixMs(USE.0 + HOUR)).await;
        assert_eq!(mails(&db, one.id).await.len(), 1, "over before anybody was told");
    }

    async fn the_page_gives_the_same_event(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        let meeting = text(&cast.approved(&plane).await["meeting"]);
        bring(&db, NOW).await;
        let file = plane.get(Some(&cast.officers[0]), &format!("/api/v1/meetings/{meeting}/invitation.ics")).await;
        assert!(file.status.is_success());
        assert!(file.text.contains(&format!("UID:{meeting}@{HOST}")) && file.text.contains("METHOD:PUBLISH"), "{}", file.text);
        assert!(!file.text.contains("ATTENDEE") && !file.text.contains("ORGANIZER"), "a file that travels names nobody's address");
        plane.get(Some(&cast.stranger), &format!("/api/v1/meetings/{meeting}/invitation.ics")).await.refused(404, "not_found");
    }

    async fn the_app_lists_what_was_mailed(db: Db) {
        let plane = Plane::new(db.clone()).await;
        let cast = Cast::new(&plane).await;
        cast.approved(&plane).await;
        bring(&db, NOW).await;
        let listed: Value = plane.get(Some(&cast.officers[2]), "/api/v1/notices").await.ok();
        assert_eq!((&listed["unread"], &listed["notices"][0]["notice"]["kind"]), (&json!(1), &json!("invited")));
    }
}

async fn officer(plane: &Plane, name: &str) -> Someone {
    plane.someone(name, plane.ministry, &[Officer], &[]).await
}
