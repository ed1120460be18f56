//! Rivals at the same instant, on both databases: what the schema and the order of locks promise, tried a thousand times.

use super::{world::*, *};
use crate::{
    decisions::{Decision, decide},
    policy::Slot,
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::{Db, Error, Text, db::Kind, extract::IdempotencyKey, idempotency::Claim, on};
use std::sync::Arc;
use tokio::task::JoinSet;
use wire::Code;

/// Who applied when two raced: one of them, or none where both were too late.
fn code<T: std::fmt::Debug>(outcome: &kernel::Result<T>) -> Option<Code> {
    match outcome {
        Ok(_) => None,
        Err(Error::Refused(refusal)) => Some(refusal.code),
        Err(error) => panic!("neither done nor refused: {error:?}"),
    }
}

fn at(world: &World, sites: [usize; 2], slot: i64) -> Draft {
    let seated = |nth: usize, site: usize| DraftSite { site: world.sites[site], people: vec![world.people[nth]] };
    let mut draft = world.draft(USE.saturating_add_ms(slot * HOUR / 4), 1);
    draft.sites = vec![seated(0, sites[0]), seated(1, sites[1])];
    draft
}

async fn held(db: &Db, site: SiteId) -> Vec<Slot> {
    let all = Slot { starts_at: UnixMs(0), ends_at: UnixMs(USE.0 + 400 * DAY) };
    taken::busy(&mut db.read().await.unwrap(), site, all, None).await.unwrap()
}

/// Until somebody waits for a lock. SQLite has one writer at a time, who reads nothing before the other is done.
async fn until_somebody_waits(db: &Db) {
    const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.kind() == Kind::Postgres {
        let waiting: i64 = on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(WAITING).fetch_one(c).await).unwrap();
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

kernel::on_both! {
    /// Six apply for a site while two of its chairs are carried out: whoever waited for the site is judged by what it is when they have it.
    async fn vector_21_whoever_waited_for_a_site_is_judged_by_what_it_is_then(db: Db) {
        let world = Arc::new(World::new(&db).await);
        let mut draft = world.draft(USE, 2);
        draft.sites[0].people = world.people[0..6].to_vec();
        draft.sites[1].people = world.people[6..7].to_vec();
        let standing = world.applied(&db, &draft).await;
        let mut keeper = db.write().await.unwrap();
        let site = world.sites[0];
        on!(&mut keeper, c => sqlx::query("UPDATE site SET seats = 4 WHERE id = $1").bind(Text(site)).execute(c).await.map(drop)).unwrap();
        let rival = tokio::spawn({
            let (db, world, draft) = (db.clone(), world.clone(), Draft { starts_at_ms: UnixMs(USE.0 + 3 * HOUR), ends_at_ms: UnixMs(USE.0 + 4 * HOUR), ..draft });
            async move { apply(&db, NOW, world.application(&draft)).await }
        });
        until_somebody_waits(&db).await;
        keeper.commit().await.unwrap();
        let refused = refusal(rival.await.unwrap());
        assert_eq!((refused.code, &refused.values["people_max"]), (Code::SiteFull, &serde_json::json!(4)));
        assert_eq!(held(&db, site).await.len(), 1, "nothing of the second is held");
        assert!(stored(&db, standing).await.holds(), "what stood stands, and is flagged where the room is kept");
    }

    /// The commit stands before midnight, the answer is lost, the retry comes after it.
    async fn vector_11_a_retry_after_midnight_is_the_same_booking(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let claim = Claim {
            person: world.applicant.person,
            route: "POST /reservations",
            key: IdempotencyKey::parse("k").unwrap(),
            body_hash: "hash".into(),
            at: NOW,
        };
        let sent = Application { claim: Some(&claim), ..world.application(&draft) };
        let midnight = UnixMs(NOW.0 + 14 * HOUR);
        let first = apply(&db, midnight.saturating_add_ms(-1), sent).await.unwrap();
        assert_eq!(apply(&db, midnight.saturating_add_ms(DAY), sent).await.unwrap(), first);
        assert_eq!(stored(&db, first).await.received_at, midnight.saturating_add_ms(-1));
        assert_eq!(code(&apply(&db, midnight, world.application(&draft)).await), Some(Code::LeadTime));
    }

    async fn vector_36_of_two_that_share_a_site_one_wins_and_the_other_holds_nothing(db: Db) {
        let world = World::new(&db).await;
        for round in 0..16 {
            let (one, other) = (at(&world, [0, 1], round % 8 * 4), at(&world, [1, 2], round % 8 * 4));
            let (first, second) = tokio::join!(apply(&db, NOW, world.application(&one)), apply(&db, NOW, world.application(&other)));
            assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
            assert_eq!(code(&first).or(code(&second)), Some(Code::SlotTaken));
            let (won, lost) = if first.is_ok() { (0, 2) } else { (2, 0) };
            assert!(held(&db, world.sites[won]).await.iter().any(|it| it.overlaps(one.slot())));
            assert!(!held(&db, world.sites[lost]).await.iter().any(|it| it.overlaps(one.slot())));
            if round == 7 {
                // The second half finds the same hours free again.
                db.execute_for_tests("UPDATE occupancy SET state = 'released'").await.unwrap();
            }
        }
    }

    async fn vector_37_opposite_orders_of_sites_never_lock_each_other_out(db: Db) {
        const ROUNDS: usize = 1_000;
        const RIVALS: usize = 8;
        let world = Arc::new(World::new(&db).await);
        let mut tasks = JoinSet::new();
        for rival in 0..RIVALS {
            let (db, world) = (db.clone(), world.clone());
            tasks.spawn(async move {
                let mut won = 0;
                for round in 0..ROUNDS / RIVALS {
                    let sites = [[0, 1], [1, 0], [1, 2], [2, 1], [0, 2], [2, 0]][(rival + round) % 6];
                    let draft = at(&world, sites, ((rival * 3 + round) % 24) as i64);
                    let outcome = apply(&db, NOW, world.application(&draft)).await;
                    match code(&outcome) {
                        None => {
                            won += 1;
                            withdraw(&db, NOW, world.applicant, outcome.unwrap(), None).await.unwrap();
                        }
                        Some(code) => assert_eq!(code, Code::SlotTaken),
                    }
                }
                won
            });
        }
        let won: usize = tasks.join_all().await.into_iter().sum();
        assert!(won > 0);
        for site in &world.sites {
            assert_eq!(held(&db, *site).await, []);
        }
    }

    async fn vector_38_withdrawn_and_taken_by_another_in_the_same_second(db: Db) {
        let world = World::new(&db).await;
        let other = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        let draft = at(&world, [0, 1], 0);
        let mut standing = (world.applicant, apply(&db, NOW, world.application(&draft)).await.unwrap());
        for round in 0..40 {
            let next = if round % 2 == 0 { other } else { world.applicant };
            let application = Application { by: next, ..world.application(&draft) };
            let (gone, come) = tokio::join!(withdraw(&db, NOW, standing.0, standing.1, None), apply(&db, NOW, application));
            gone.unwrap();
            let id = match code(&come) {
                None => come.unwrap(),
                // It looked before the other had gone.
                Some(Code::SlotTaken) => apply(&db, NOW, application).await.unwrap(),
                Some(code) => panic!("{code:?}"),
            };
            assert_eq!(held(&db, world.sites[0]).await.len(), 1, "never both, and never neither");
            standing = (next, id);
        }
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    }

    /// Approved and let go by time at the same instant: one state, and the sites as it says.
    async fn vector_40_a_hold_that_runs_out_while_it_is_approved(db: Db) {
        let world = World::new(&db).await;
        let end = USE.saturating_add_ms(-16 * HOUR);
        for round in 0..8 {
            let id = world.applied(&db, &at(&world, [0, 1], round * 4)).await;
            let approve = answer(Decision::Approve);
            let (expired, approved) = tokio::join!(hold_expiry_due(&db, end), decide(&db, end, world.approver, id, &approve));
            expired.unwrap();
            approved.unwrap();
            let it = stored(&db, id).await;
            assert!(it.state == State::Approved && it.holds(), "{it:?}");
        }
    }

    async fn vector_30_what_was_let_go_and_taken_by_another_cannot_be_approved(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let end = USE.saturating_add_ms(-16 * HOUR);
        assert_eq!(hold_expiry_due(&db, end.saturating_add_ms(-1)).await.unwrap(), 0);
        assert_eq!(hold_expiry_due(&db, end).await.unwrap(), 1);
        assert_eq!(hold_expiry_due(&db, end).await.unwrap(), 0, "once");
        let it = stored(&db, id).await;
        assert!(it.state == State::Submitted && !it.holds());
        // Nobody took it: it is taken again by the approval.
        let again = stored(&db, id).await;
        assert_eq!(again.version, 2);
        let rival = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        let draft = world.draft(USE, 2);
        apply(&db, NOW, Application { by: rival, ..world.application(&draft) }).await.unwrap();
        let refused = refusal(decide(&db, end, world.approver, id, &answer(Decision::Approve)).await);
        assert_eq!(refused.code, Code::SlotTaken);
        assert_eq!(stored(&db, id).await.state, State::Submitted, "and still can be refused, returned or amended");
    }

    /// 09:00 to 10:00 is taken. Without time around it 10:00 can be had; with a quarter of an hour to clear up it cannot.
    async fn vector_41_back_to_back_with_and_without_time_in_between(db: Db) {
        let world = World::new(&db).await;
        world.applied(&db, &at(&world, [0, 1], 0)).await;
        let next = world.applied(&db, &at(&world, [0, 1], 4)).await;
        withdraw(&db, NOW, world.applicant, next, None).await.unwrap();
        db.execute_for_tests("UPDATE site SET clear_up_minutes = 15").await.unwrap();
        // What stands keeps what it took; what comes now takes its own time to clear up.
        let second = world.applied(&db, &at(&world, [0, 1], 4)).await;
        let span = stored(&db, second).await.sites[0].span;
        assert_eq!(span.duration_ms(), HOUR + HOUR / 4);
        let third = refusal(apply(&db, NOW, world.application(&at(&world, [0, 1], 8))).await);
        assert_eq!(third.code, Code::SlotTaken);
        assert_eq!(third.values["alternatives"][0]["starts_at_ms"], USE.0 + 2 * HOUR + HOUR / 4);
        world.applied(&db, &at(&world, [0, 1], 9)).await;
    }

    /// One slot, two hundred agencies.
    async fn of_two_hundred_at_once_one_wins_and_the_others_are_offered_something(db: Db) {
        const RIVALS: usize = 200;
        let world = Arc::new(World::new(&db).await);
        let mut tasks = JoinSet::new();
        for rival in 0..RIVALS {
            let (db, world) = (db.clone(), world.clone());
            tasks.spawn(async move {
                let draft = at(&world, [[0, 1], [1, 0], [1, 2], [2, 1]][rival % 4], 0);
                let by = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
                let outcome = apply(&db, NOW, Application { by, ..world.application(&draft) }).await;
                match code(&outcome) {
                    None => true,
                    Some(code) => {
                        assert_eq!(code, Code::SlotTaken);
                        let refused = refusal(outcome);
                        assert!(refused.values["alternatives"].as_array().is_some_and(|it| it.len() == 3), "{refused:?}");
                        false
                    }
                }
            });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1);
    }
}
