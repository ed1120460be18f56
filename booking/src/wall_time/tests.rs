//! An update of the zone rules, simulated, on both databases.

use super::*;
use crate::{
    calendar,
    decisions::{Decision, decide},
    meetings,
    reservations::{State, hold_expiry_due, taken, world::*},
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::on;

/// Monday 7 December, the first instant: from then on Malaysia is half an hour less ahead, as it was before 1982.
const CHANGE: i64 = USE.0 + 3 * DAY - 9 * HOUR;
const HALF_HOUR: i64 = HOUR / 2;

fn old_rules(_: UnixMs) -> i64 {
    8 * 3_600
}

fn new_rules(at: UnixMs) -> i64 {
    if at.0 < CHANGE { old_rules(at) } else { 7 * 3_600 + 1_800 }
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

kernel::on_both! {
    async fn the_rules_of_this_executable_are_those_that_the_service_began_with(db: Db) {
        assert!(is_kept(&db, NOW, offset_s).await.unwrap());
        assert_eq!(keep(&db, NOW, offset_s, true).await.unwrap(), []);
    }

    async fn vector_48_a_new_offset_leaves_bookings_at_their_hour_and_lists_them(db: Db) {
        let world = World::new(&db).await;
        let before = world.approved(&db, &world.draft(USE, 2)).await;
        // Two days in a row at 09:00 and the hours after it, so that each is moved to where the next one was.
        let at = |day: i64, hour: i64| world.draft(UnixMs(USE.0 + day * DAY + hour * HOUR), 1);
        let first = world.approved(&db, &at(4, 0)).await;
        let second = world.applied(&db, &at(4, 1)).await;
        let third = world.approved(&db, &at(5, 0)).await;
        let (was, hold) = (stored(&db, first).await, stored(&db, second).await.hold_expires_at.unwrap());
        let meeting = meetings::store::by_id(&mut db.read().await.unwrap(), was.meeting.unwrap()).await.unwrap().unwrap();
        while calendar::invite::invitations_due(&db, NOW, "sidang.example").await.unwrap() > 0 {}

        assert!(is_kept(&db, NOW, old_rules).await.unwrap() && !is_kept(&db, NOW, new_rules).await.unwrap());
        let listed = keep(&db, NOW, new_rules, false).await.unwrap();
        assert_eq!(listed.iter().map(|it| it.reservation).collect::<Vec<_>>(), [first, second, third]);
        assert_eq!(stored(&db, first).await, was, "only listed");
        assert_eq!(keep(&db, NOW, new_rules, true).await.unwrap(), listed);

        // 09:00 by the new rules, half an hour later by UTC: the same hour of the same day.
        for (id, from) in [(first, at(4, 0)), (second, at(4, 1)), (third, at(5, 0))] {
            let it = stored(&db, id).await;
            assert_eq!(it.slot.starts_at.0, from.starts_at_ms.0 + HALF_HOUR);
            assert_eq!((it.slot.duration_ms(), it.holds(), it.version), (HOUR, true, 2));
            assert!(it.sites.iter().all(|site| site.span == it.slot));
        }
        assert_eq!(stored(&db, before).await.slot.starts_at, USE, "what is before the change is where it was");
        assert_eq!(stored(&db, second).await.hold_expires_at, Some(hold.saturating_add_ms(HALF_HOUR)), "17:00 stays 17:00");
        let moved = meetings::store::by_id(&mut db.read().await.unwrap(), meeting.id).await.unwrap().unwrap();
        assert_eq!((moved.opens_at.0 - meeting.opens_at.0, moved.closes_at.0 - meeting.closes_at.0), (HALF_HOUR, HALF_HOUR));
        assert_eq!(count(&db, "SELECT COUNT(*) FROM invitation_due").await, 2, "calendars are told the new instants");
        assert_eq!(count(&db, "SELECT COUNT(*) FROM audit WHERE act = 'reservation.keep_wall_time'").await, 3);
        let busy = taken::busy(&mut db.read().await.unwrap(), world.sites[0], stored(&db, second).await.slot, None).await.unwrap();
        assert_eq!(busy.len(), 1, "back to back as before");

        // Once, and the service may start.
        assert!(is_kept(&db, NOW, new_rules).await.unwrap());
        assert_eq!(keep(&db, NOW, new_rules, true).await.unwrap(), []);
        decide(&db, NOW, world.approver, second, &answer(Decision::Approve)).await.unwrap();
        assert_eq!(stored(&db, second).await.state, State::Approved);
        assert_eq!(hold_expiry_due(&db, hold).await.unwrap(), 0);
    }
}
