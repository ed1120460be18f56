//! A policy that refuses rest days refuses them everywhere: as an application comes, as it is amended, as it is approved, and in what is
//! offered instead.

use super::{
    amendment::{Amending, amend},
    world::*,
    *,
};
use crate::{
    decisions::{Decision, decide},
    testing::{DAY, HOUR, NOW, USE},
};
use wire::{Code, Refusal, Rule};

/// Saturday 2026-12-05, 09:00 in Malaysia: a rest day in Selangor and Sarawak.
const SATURDAY: UnixMs = UnixMs(USE.0 + DAY);
/// The Monday after, as the sites open.
const MONDAY: UnixMs = UnixMs(USE.0 + 3 * DAY - HOUR);

const REFUSED: &str = "UPDATE policy SET rest_day_use = 'refused'";
const REFUSED_FROM_NOW_ON: &str = "INSERT INTO policy (version, lead_days, effective_from_ms, rest_day_use) VALUES (2, 3, 1, 'refused')";

#[track_caller]
fn is_of_a_rest_day(refused: &Refusal) {
    assert_eq!((refused.code, refused.rule), (Code::SlotInvalid, Some(Rule::Tp4)), "{refused:?}");
    assert_eq!((&refused.values["bound"], &refused.values["date"]), (&"rest_day".into(), &"2026-12-05".into()));
    assert_eq!(refused.values["alternatives"][0]["starts_at_ms"], MONDAY.0, "neither on the Saturday nor on the Sunday");
}

kernel::on_both! {
    async fn one_is_refused_as_it_comes_and_as_it_is_moved_there(db: Db) {
        db.execute_for_tests(REFUSED).await.unwrap();
        let world = World::new(&db).await;
        is_of_a_rest_day(&refusal(apply(&db, NOW, world.application(&world.draft(SATURDAY, 2))).await));
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let before = stored(&db, id).await;
        let moved = world.draft(SATURDAY, 2);
        let amending = Amending { application: world.application(&moved), version: before.version, applicant: None };
        is_of_a_rest_day(&refusal(amend(&db, NOW, id, &amending).await));
        assert_eq!(stored(&db, id).await, before);
    }

    async fn one_is_not_approved_and_the_refusal_says_what_could_be_had(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(SATURDAY, 2)).await;
        db.execute_for_tests(REFUSED).await.unwrap();
        is_of_a_rest_day(&refusal(decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await));
        assert_eq!(stored(&db, id).await.state, State::Submitted);
    }

    /// Vector 47 of this rule: what came before the policy was changed is held to what stood then, and needs its consent still.
    async fn what_came_before_keeps_the_version_by_which_it_came(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(SATURDAY, 2)).await;
        db.execute_for_tests(REFUSED_FROM_NOW_ON).await.unwrap();
        let refused = refusal(decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await);
        assert_eq!(refused.code, Code::ConsentMissing);
        assert_eq!(crate::decisions::consents::ask_due(&db, NOW).await.unwrap(), 2, "and it is asked for");
    }
}
