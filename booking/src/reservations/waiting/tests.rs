//! The waiting list on both databases.

use super::{answer as respond, *};
use crate::reservations::world::answer;
use crate::{
    decisions::{Decision, decide},
    reservations::{Application, Draft, DraftSite, apply, withdraw, world::*},
    testing::{DAY, HOUR, NOW, USE},
};
use wire::id::{AgencyId, PersonId};

/// How long an offer stands by the policy that comes with the service.
const OFFER_MS: i64 = 2 * HOUR;

const THIRD_SITE_BLOCKED: &str = "INSERT INTO occupancy (id, site_id, kind, starts_at_ms, ends_at_ms, state)
    SELECT 'x', '019aa000-0000-7000-8000-00000000c003', 'blackout', starts_at_ms, ends_at_ms, 'blocked' FROM occupancy LIMIT 1";

impl Stored {
    fn by(&self) -> By {
        By { person: self.applicant, agency: self.agency }
    }
}

fn agency() -> By {
    By { person: PersonId::fresh(), agency: AgencyId::fresh() }
}

impl World {
    async fn waits(&self, db: &Db, by: By, draft: &Draft) -> ReservationId {
        let id = apply(db, NOW, Application { by, wait: true, ..self.application(draft) }).await.unwrap();
        assert_eq!(stored(db, id).await.state, State::Waiting);
        id
    }
}

kernel::on_both! {
    async fn whoever_waits_holds_nothing_and_is_offered_what_becomes_free(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let first = world.approved(&db, &draft).await;
        let (one, other) = (agency(), agency());
        let waiting = world.waits(&db, one, &draft).await;
        let behind = world.waits(&db, other, &draft).await;
        let it = stored(&db, waiting).await;
        assert!(!it.holds() && it.sites.len() == 2 && it.received_at == NOW);
        let places = {
            let mut tx = db.read().await.unwrap();
            [place(&mut tx, waiting).await.unwrap(), place(&mut tx, behind).await.unwrap()]
        };
        assert_eq!(places, [1, 2]);
        assert_eq!(waiting_due(&db, NOW).await.unwrap(), 0, "nothing is free");

        // Withdrawn two days later, inside the lead time: whoever waited had applied in time.
        let later = UnixMs(NOW.0 + DAY);
        withdraw(&db, later, world.applicant, first, None).await.unwrap();
        let offered = stored(&db, waiting).await;
        assert_eq!((offered.state, offered.offer_expires_at, offered.holds()), (State::Offered, Some(later.saturating_add_ms(OFFER_MS)), true));
        assert_eq!(stored(&db, behind).await.state, State::Waiting);
        // Held for the one to whom it is offered, and for nobody else.
        let rival = refusal(apply(&db, NOW, world.application(&draft)).await);
        assert_eq!(rival.code, Code::SlotTaken);
        assert_eq!(refusal(respond(&db, later, other, waiting, true).await).code, Code::NotFound);
        assert_eq!(refusal(respond(&db, later, other, behind, true).await).values["state"], "waiting");
        respond(&db, later, one, waiting, true).await.unwrap();
        assert_eq!(stored(&db, waiting).await.state, State::Submitted);
        decide(&db, later, world.approver, waiting, &answer(Decision::Approve)).await.unwrap();
        assert!(stored(&db, waiting).await.holds());
    }

    async fn a_no_and_a_silence_pass_the_place_on(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let first = world.applied(&db, &draft).await;
        let by = [agency(), agency(), agency()];
        let ids = [world.waits(&db, by[0], &draft).await, world.waits(&db, by[1], &draft).await, world.waits(&db, by[2], &draft).await];
        withdraw(&db, NOW, world.applicant, first, None).await.unwrap();
        respond(&db, NOW, by[0], ids[0], false).await.unwrap();
        assert_eq!(stored(&db, ids[0]).await.state, State::Withdrawn);
        assert_eq!(stored(&db, ids[1]).await.state, State::Offered);
        assert_eq!(waiting_due(&db, NOW.saturating_add_ms(OFFER_MS - 1)).await.unwrap(), 0);
        let over = NOW.saturating_add_ms(OFFER_MS);
        assert_eq!(refusal(respond(&db, over, by[1], ids[1], true).await).code, Code::OfferOver);
        assert_eq!(stored(&db, ids[1]).await.state, State::Lapsed);
        assert_eq!(stored(&db, ids[2]).await.state, State::Offered);
        assert_eq!(waiting_due(&db, over.saturating_add_ms(OFFER_MS)).await.unwrap(), 1);
        assert_eq!(stored(&db, ids[2]).await.state, State::Lapsed);
        world.applied(&db, &draft).await;
    }

    async fn all_sites_or_none_are_offered(db: Db) {
        let world = World::new(&db).await;
        let taken = world.applied(&db, &world.draft(USE, 2)).await;
        // Out of order at the same time: the third site.
        db.execute_for_tests(THIRD_SITE_BLOCKED).await.unwrap();
        let mut wide = world.draft(USE, 2);
        wide.sites.push(DraftSite { site: world.sites[2], people: vec![world.people[9]] });
        let by = agency();
        let waiting = world.waits(&db, by, &wide).await;
        let narrow = world.waits(&db, agency(), &world.draft(USE, 2)).await;
        withdraw(&db, NOW, world.applicant, taken, None).await.unwrap();
        assert_eq!(stored(&db, waiting).await.state, State::Waiting, "two of its three are free");
        assert_eq!(stored(&db, narrow).await.state, State::Offered, "the next, whose sites are");
        withdraw(&db, NOW, stored(&db, narrow).await.by(), narrow, None).await.unwrap();
        // What became free by another way is found by the housekeeping.
        db.execute_for_tests("UPDATE occupancy SET state = 'released' WHERE kind = 'blackout'").await.unwrap();
        assert_eq!(waiting_due(&db, NOW).await.unwrap(), 1);
        assert_eq!(stored(&db, waiting).await.state, State::Offered);
    }

    async fn nobody_is_offered_what_nobody_can_decide_on_any_more(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let first = world.approved(&db, &draft).await;
        let waiting = world.waits(&db, agency(), &draft).await;
        // 17:00 on the day before.
        let end = USE.saturating_add_ms(-16 * HOUR);
        withdraw(&db, end.saturating_add_ms(-60_000), world.applicant, first, None).await.unwrap();
        assert_eq!(stored(&db, waiting).await.state, State::Waiting);
        assert_eq!(waiting_due(&db, end).await.unwrap(), 1);
        assert_eq!(stored(&db, waiting).await.state, State::Lapsed);
    }

    async fn where_nothing_is_taken_nobody_waits_and_what_is_unlawful_never_does(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let id = apply(&db, NOW, Application { wait: true, ..world.application(&draft) }).await.unwrap();
        assert_eq!(stored(&db, id).await.state, State::Submitted);
        let late = apply(&db, UnixMs(NOW.0 + 14 * HOUR), Application { wait: true, ..world.application(&draft) }).await;
        assert_eq!(refusal(late).code, Code::LeadTime);
    }
    async fn an_offer_is_judged_again_as_it_is_accepted(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let first = world.approved(&db, &draft).await;
        let by = agency();
        let waiting = world.waits(&db, by, &draft).await;
        withdraw(&db, NOW, world.applicant, first, None).await.unwrap();
        db.execute_for_tests("UPDATE site SET seats = 1").await.unwrap();
        let refused = refusal(respond(&db, NOW, by, waiting, true).await);
        assert_eq!((refused.code, &refused.values["people_max"]), (Code::SiteFull, &serde_json::json!(1)));
        assert_eq!(stored(&db, waiting).await.state, State::Offered, "nothing was taken from it");
        db.execute_for_tests("UPDATE site SET seats = 6").await.unwrap();
        respond(&db, NOW, by, waiting, true).await.unwrap();
        assert_eq!(stored(&db, waiting).await.state, State::Submitted);
    }
}
