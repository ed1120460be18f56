//! Decisions on both databases.

use super::*;
use crate::{
    meetings, policy,
    reservations::{By, State, lapse_due, world::*},
    testing::{DAY, HOUR, NOW, USE},
};
use wire::{Code, Rule, UnixMs, id::PersonId};

kernel::on_both! {
    async fn nobody_decides_for_their_own_agency(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let own = By { person: PersonId::fresh(), agency: world.applicant.agency };
        let refused = refusal(decide(&db, NOW, own, id, &answer(Decision::Approve)).await);
        assert_eq!((refused.code, refused.rule), (Code::OwnAgency, Some(Rule::Tp4)));
        assert_eq!(audit_rows(&db).await[1], row("reservation.approve", "refused", Some("TP-4")));
        assert_eq!(stored(&db, id).await.state, State::Submitted);
    }

    async fn a_refusal_needs_its_reason_and_frees_the_slot(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let refuse = |code, reason: Option<&str>| Answer { decision: Decision::Refuse, reason_code: code, reason: reason.map(str::to_owned) };
        for unreasoned in [refuse(None, None), refuse(None, Some("ya")), refuse(Some(ReasonCode::Other), Some(" "))] {
            assert_eq!(refusal(decide(&db, NOW, world.approver, id, &unreasoned).await).code, Code::ReasonMissing);
        }
        decide(&db, NOW, world.approver, id, &refuse(Some(ReasonCode::RoomNeeded), None)).await.unwrap();
        assert_eq!(stored(&db, id).await.state, State::Refused);
        world.applied(&db, &world.draft(USE, 2)).await;
    }

    async fn approval_after_the_start_finds_it_lapsed(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let refused = refusal(decide(&db, USE, world.approver, id, &answer(Decision::Approve)).await);
        assert_eq!(refused.values["state"], "lapsed");
        assert_eq!(stored(&db, id).await.state, State::Lapsed);
        let other = world.applied(&db, &world.draft(USE.saturating_add_ms(4 * HOUR), 1)).await;
        assert_eq!(lapse_due(&db, UnixMs(USE.0 + 4 * HOUR - 1)).await.unwrap(), 0);
        assert_eq!(lapse_due(&db, UnixMs(USE.0 + 4 * HOUR)).await.unwrap(), 1);
        assert_eq!(stored(&db, other).await.state, State::Lapsed);
    }

    async fn approval_on_the_day_before_of_what_came_in_time(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        decide(&db, UnixMs(USE.0 - DAY), world.approver, id, &answer(Decision::Approve)).await.unwrap();
    }

    async fn two_approvers_at_once_make_one_decision(db: Db) {
        let world = World::new(&db).await;
        for hour in 0..4 {
            let id = world.applied(&db, &world.draft(USE.saturating_add_ms(hour * HOUR), 1)).await;
            let refuse = Answer { decision: Decision::Refuse, reason_code: Some(ReasonCode::RoomNeeded), reason: None };
            let approve = answer(Decision::Approve);
            let (one, other) = tokio::join!(
                decide(&db, NOW, world.approver, id, &approve),
                decide(&db, NOW, By { person: PersonId::fresh(), ..world.approver }, id, &refuse),
            );
            assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
            let lost = refusal(if one.is_ok() { other } else { one });
            assert_eq!(lost.code, Code::ReservationState);
        }
    }

    async fn approval_makes_the_meeting_with_its_people_seated(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let it = stored(&db, id).await;
        assert_eq!((it.state, it.decided_by), (State::Approved, Some(world.approver.person)));
        let meeting = meetings::store::by_id(&mut db.read().await.unwrap(), it.meeting.unwrap()).await.unwrap().unwrap();
        assert_eq!((meeting.kind, meeting.host, meeting.reservation), (meetings::Kind::Telepresence, world.people[0], Some(id)));
        assert_eq!(meeting.listed(world.people[1]).unwrap().seat, Some((world.sites[0], 2)));
        assert_eq!(meeting.opens_at, USE.saturating_add_ms(-policy::OPENS_BEFORE_START_MS));
        assert_eq!(meeting.closes_at, UnixMs(USE.0 + 2 * HOUR + policy::CLOSES_AFTER_END_MS));
        assert_eq!(audit_rows(&db).await[1], row("reservation.approve", "done", Some("TP-4")));
        assert_eq!(refusal(decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await).code, Code::ReservationState);
    }
}
