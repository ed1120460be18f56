//! Drafts on both databases.

use super::*;
use crate::reservations::Application;
use crate::{
    reservations::{apply, world::*},
    testing::{HOUR, NOW, USE},
};
use wire::Rule;

fn by(person: PersonId) -> Keeping<'static> {
    Keeping { person, claim: None }
}

kernel::on_both! {
    async fn a_draft_is_kept_written_anew_and_thrown_away_by_its_writer_alone(db: Db) {
        let (writer, other) = (PersonId::fresh(), PersonId::fresh());
        let half = DraftContent { title: Some("Separuh".into()), step: Some("people".into()), ..DraftContent::default() };
        let id = keep(&db, NOW, by(writer), &half).await.unwrap();
        let read = async |person| by_id(&mut db.read().await.unwrap(), person, id).await.unwrap();
        assert_eq!(read(writer).await.unwrap().content, half);
        assert!(read(other).await.is_none());
        let more = DraftContent { purpose: Some("Tujuan".into()), ..half };
        let later = NOW.saturating_add_ms(HOUR);
        rewrite(&db, later, writer, id, 1, &more).await.unwrap();
        // What the other window of the same person writes over it is refused, with the version that stands.
        let lost = refusal(rewrite(&db, later, writer, id, 1, &DraftContent::default()).await);
        assert_eq!((lost.code, &lost.values["version"]), (Code::Conflict, &serde_json::json!(2)));
        assert_eq!(refusal(rewrite(&db, later, other, id, 2, &more).await).code, Code::NotFound);
        let kept = read(writer).await.unwrap();
        assert_eq!((kept.content, kept.version, kept.updated_at_ms), (more, 2, later));
        assert_eq!(refusal(discard(&db, later, other, id).await).code, Code::NotFound);
        discard(&db, later, writer, id).await.unwrap();
        assert!(read(writer).await.is_none());
    }

    async fn drafts_are_bounded_for_each_person(db: Db) {
        let (writer, other) = (PersonId::fresh(), PersonId::fresh());
        for _ in 0..DRAFTS_MAX {
            keep(&db, NOW, by(writer), &DraftContent::default()).await.unwrap();
        }
        let refused = refusal(keep(&db, NOW, by(writer), &DraftContent::default()).await);
        assert_eq!((refused.code, &refused.values["drafts_max"]), (Code::DraftsTooMany, &serde_json::json!(DRAFTS_MAX)));
        keep(&db, NOW, by(other), &DraftContent::default()).await.unwrap();
        let long = DraftContent { purpose: Some("a".repeat(CONTENT_BYTES_MAX)), ..DraftContent::default() };
        assert_eq!(refusal(keep(&db, NOW, by(other), &long).await).code, Code::RequestTooLarge);
    }

    async fn a_copy_asks_for_the_same_without_its_time_and_its_declaration(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let of = stored(&db, world.applied(&db, &draft).await).await;
        let id = copy(&db, NOW, by(world.applicant.person), &of).await.unwrap();
        let copied = by_id(&mut db.read().await.unwrap(), world.applicant.person, id).await.unwrap().unwrap();
        let content = copied.content;
        assert_eq!((copied.copied_from, content.sites, content.chair), (Some(of.id), Some(draft.sites), Some(draft.chair)));
        assert_eq!((content.official, content.starts_at_ms), (None, None));
    }

    /// Opened at 23:58, sent at 00:01.
    async fn vector_09_what_came_too_late_is_kept_as_a_draft_with_the_earliest_day(db: Db) {
        let world = World::new(&db).await;
        let asked = world.draft(USE, 2);
        let midnight = UnixMs(NOW.0 + 14 * HOUR);
        let content = DraftContent { title: Some(asked.title.clone()), sites: Some(asked.sites.clone()), ..DraftContent::default() };
        let id = keep(&db, midnight.saturating_add_ms(-2 * 60_000), by(world.applicant.person), &content).await.unwrap();
        let sent = Application { draft_id: Some(id), ..world.application(&asked) };
        let refused = refusal(apply(&db, midnight.saturating_add_ms(60_000), sent).await);
        assert_eq!((refused.code, refused.rule), (Code::LeadTime, Some(Rule::Tp2)));
        assert_eq!(refused.values["earliest_date"], "2026-12-05");
        assert!(by_id(&mut db.read().await.unwrap(), world.applicant.person, id).await.unwrap().is_some());
        // Sent in time it is taken out with the application's commit.
        let key = kernel::extract::IdempotencyKey::parse("k").unwrap();
        let claim = Claim { person: world.applicant.person, route: "POST /reservations", key, body_hash: "hash".into(), at: NOW };
        let sent = Application { claim: Some(&claim), ..sent };
        let made = apply(&db, midnight.saturating_add_ms(-1), sent).await.unwrap();
        // The answer was lost: under the same key the same is sent again, whose draft is gone by now.
        assert_eq!(apply(&db, midnight.saturating_add_ms(60_000), sent).await.unwrap(), made);
        assert!(by_id(&mut db.read().await.unwrap(), world.applicant.person, id).await.unwrap().is_none());
    }
}
