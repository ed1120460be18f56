//! The day of use on both databases: who came, what nobody came to, what goes on for longer, and who is quicker.

use super::*;
use crate::{
    media::{commands, facts},
    meetings,
    policy::Slot,
    reservations::{
        self, By, Draft, State,
        world::{World, refusal, stored},
    },
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::{Db, on};
use uuid::Uuid;
use wire::{
    Code, UnixMs,
    control::{Command, Fact, NumberedFact},
    grant::{RoomSystem, Seat},
    id::*,
    signal::LeaveReason,
};

const MINUTE: i64 = 60_000;

fn at(minutes: i64) -> UnixMs {
    UnixMs(USE.0 + minutes * MINUTE)
}

async fn count(db: &Db, sql: &'static str) -> i64 {
    on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

async fn uses_of(db: &Db, id: ReservationId) -> Vec<SiteUse> {
    uses(&mut db.read().await.unwrap(), id).await.unwrap()
}

async fn sent(db: &Db) -> Vec<Command> {
    commands::after(&mut db.read().await.unwrap(), 0).await.unwrap().into_iter().map(|it| it.command).collect()
}

async fn meeting(db: &Db, id: ReservationId) -> meetings::Stored {
    let meeting = stored(db, id).await.meeting.unwrap();
    meetings::store::by_id(&mut db.read().await.unwrap(), meeting).await.unwrap().unwrap()
}

async fn two_hours(db: &Db) -> (World, ReservationId) {
    let world = World::new(db).await;
    let draft = world.draft(USE, 2);
    let id = world.approved(db, &draft).await;
    (world, id)
}

/// A media node's fact of the reservation's meeting.
struct Node {
    id: NodeId,
    life: Uuid,
    number: i64,
}

impl Node {
    async fn new(db: &Db) -> Self {
        let node = Self { id: NodeId::fresh(), life: Uuid::now_v7(), number: 0 };
        facts::hello(db, NOW, node.id, node.life, 0).await.unwrap();
        node
    }

    async fn tell(&mut self, db: &Db, at_ms: UnixMs, room: MeetingId, fact: Fact) {
        self.number += 1;
        let fact = NumberedFact { node: self.id, incarnation: self.life, number: self.number, at_ms, room, fact };
        facts::store(db, at_ms, self.id, self.life, &[fact]).await.unwrap();
    }
}

/// The hours of a Friday and of the Monday after it, six of each: no rest day needs anybody's consent.
fn nth_hour(round: i64) -> UnixMs {
    USE.saturating_add_ms(round / 6 * 3 * DAY + round % 6 * HOUR)
}

kernel::on_both! {
    async fn the_first_check_in_counts_and_the_site_is_in_use(db: Db) {
        let (world, id) = two_hours(&db).await;
        let device = DeviceId::fresh();
        let person = PersonId::fresh();
        let facilitator = CheckInBy::Facilitator { person, agency: AgencyId::fresh() };
        assert_eq!(refusal(check_in(&db, UnixMs(at(-15).0 - 1), id, world.sites[0], CheckInBy::Panel(device)).await).code, Code::CheckInTime);
        assert_eq!(refusal(check_in(&db, at(0), id, world.sites[2], facilitator).await).code, Code::NotFound);
        check_in(&db, at(-15), id, world.sites[0], CheckInBy::Panel(device)).await.unwrap();
        check_in(&db, at(1), id, world.sites[0], facilitator).await.unwrap();
        check_in(&db, at(1), id, world.sites[1], facilitator).await.unwrap();
        let uses = uses_of(&db, id).await;
        assert_eq!(uses.iter().find(|it| it.site == world.sites[0]).unwrap().checked_in, Some((at(-15), CheckedInBy::Panel)));
        assert_eq!(uses.iter().find(|it| it.site == world.sites[1]).unwrap().checked_in, Some((at(1), CheckedInBy::Facilitator)));
        assert_eq!(count(&db, "SELECT COUNT(*) FROM occupancy WHERE state = 'in_use'").await, 2);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM audit WHERE act = 'reservation.check_in' AND outcome = 'done'").await, 2);
        // Nobody is warned, nothing is let go.
        assert_eq!(no_shows_due(&db, at(60)).await.unwrap(), 0);
        assert_eq!(refusal(check_in(&db, at(120), id, world.sites[1], facilitator).await).code, Code::CheckInTime);
    }

    async fn what_the_facilitator_said_by_mistake_is_taken_back(db: Db) {
        let (world, id) = two_hours(&db).await;
        let (person, agency) = (PersonId::fresh(), AgencyId::fresh());
        let [here, there, elsewhere] = [world.sites[0], world.sites[1], world.sites[2]];
        let undo = async |site, now| undo_check_in(&db, now, id, site, person, agency).await;
        assert_eq!(refusal(undo(here, at(0)).await).code, Code::CheckInSettled, "there was none");
        check_in(&db, at(0), id, here, CheckInBy::Facilitator { person, agency }).await.unwrap();
        check_in(&db, at(0), id, there, CheckInBy::Panel(DeviceId::fresh())).await.unwrap();
        assert_eq!(refusal(undo(there, at(1)).await).code, Code::CheckInSettled, "a panel said so");
        assert_eq!(refusal(undo(elsewhere, at(1)).await).code, Code::NotFound, "of another site");
        assert_eq!(refusal(undo(here, at(5)).await).code, Code::CheckInSettled, "its minutes are over");
        undo(here, at(4)).await.unwrap();
        assert_eq!(uses_of(&db, id).await.iter().find(|it| it.site == here).unwrap().checked_in, None);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM occupancy WHERE state = 'in_use'").await, 1);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM audit WHERE act = 'reservation.check_in_undo' AND outcome = 'done'").await, 1);
        assert_eq!(refusal(undo(here, at(4)).await).code, Code::CheckInSettled, "twice is once");
        // Whoever is there after all is checked in as if nothing had been.
        check_in(&db, at(6), id, here, CheckInBy::Panel(DeviceId::fresh())).await.unwrap();
        assert_eq!(uses_of(&db, id).await.iter().find(|it| it.site == here).unwrap().checked_in, Some((at(6), CheckedInBy::Panel)));
    }

    async fn a_check_in_is_not_taken_back_from_under_people_who_meet(db: Db) {
        let (world, id) = two_hours(&db).await;
        let (person, agency) = (PersonId::fresh(), AgencyId::fresh());
        check_in(&db, at(0), id, world.sites[0], CheckInBy::Facilitator { person, agency }).await.unwrap();
        let room = meeting(&db, id).await.id;
        let seat = Seat { site: world.sites[0], site_name: "C".into(), seat_no: 1 };
        let joined = Fact::Joined { session: SessionId::fresh(), person: world.people[0], seat: Some(seat), room_system: None };
        Node::new(&db).await.tell(&db, at(1), room, joined).await;
        assert_eq!(refusal(undo_check_in(&db, at(2), id, world.sites[0], person, agency).await).code, Code::CheckInSettled);
        assert_eq!(count(&db, "SELECT COUNT(*) FROM occupancy WHERE state = 'in_use'").await, 1);
    }

    async fn joining_checks_in_who_sits_there_and_the_room(db: Db) {
        let (world, id) = two_hours(&db).await;
        let room = meeting(&db, id).await.id;
        let mut node = Node::new(&db).await;
        let seat = Seat { site: world.sites[1], site_name: "S".into(), seat_no: 1 };
        let person = world.people[2];
        node.tell(&db, at(-5), room, Fact::Joined { session: SessionId::fresh(), person, seat: Some(seat), room_system: None }).await;
        let device = DeviceId::fresh();
        let system = RoomSystem { device, site: world.sites[0], site_name: "C".into(), people_max: 6 };
        let joined = Fact::Joined { session: SessionId::fresh(), person: PersonId(device.0), seat: None, room_system: Some(system) };
        node.tell(&db, at(-4), room, joined).await;
        // The chair from elsewhere checks nobody in.
        node.tell(&db, at(-3), room, Fact::Joined { session: SessionId::fresh(), person: world.people[0], seat: None, room_system: None }).await;
        let by = uses_of(&db, id).await.into_iter().map(|it| it.checked_in.unwrap()).collect::<Vec<_>>();
        assert_eq!(by, [(at(-4), CheckedInBy::Joining), (at(-5), CheckedInBy::Joining)]);
        let rows = count(&db, "SELECT COUNT(*) FROM attendance WHERE device_id = person_id AND site_id IS NOT NULL").await;
        assert_eq!(rows, 1, "the room's stay names its device and its site");
    }

    async fn nobody_comes_first_the_warning_then_the_rest_is_let_go(db: Db) {
        let (world, id) = two_hours(&db).await;
        assert_eq!(no_shows_due(&db, UnixMs(at(10).0 - 1)).await.unwrap(), 0);
        assert_eq!(no_shows_due(&db, at(10)).await.unwrap(), 1);
        assert_eq!(no_shows_due(&db, at(10)).await.unwrap(), 0, "once");
        let told = count(&db, "SELECT COUNT(*) FROM notice WHERE kind = 'check_in_warning'").await;
        assert_eq!(told, 4, "who applied, and the three who sit there: each once");
        assert_eq!(no_shows_due(&db, UnixMs(at(15).0 - 1)).await.unwrap(), 0);
        assert_eq!(no_shows_due(&db, at(15)).await.unwrap(), 1);
        assert_eq!(no_shows_due(&db, at(30)).await.unwrap(), 0);
        let uses = uses_of(&db, id).await;
        assert_eq!(uses.iter().map(|it| it.no_show_at).collect::<Vec<_>>(), [Some(at(15)); 2], "a state, for the reports");
        assert_eq!(stored(&db, id).await.state, State::Approved);
        assert!(meeting(&db, id).await.ended_at == Some(at(15)));
        assert!(matches!(sent(&db).await[..], [Command::EndRoom { reason: LeaveReason::Revoked, .. }]));
        let busy = reservations::taken::busy(&mut db.read().await.unwrap(), world.sites[0], Slot { starts_at: at(0), ends_at: at(120) }, None).await.unwrap();
        assert_eq!(busy, [Slot { starts_at: at(0), ends_at: at(15) }], "what was held until then stays told");
        let late = check_in(&db, at(25), id, world.sites[0], CheckInBy::Panel(DeviceId::fresh())).await;
        assert_eq!(refusal(late).code, Code::NoShow);
        let acts: Vec<String> = reservations::store::history(&mut db.read().await.unwrap(), id).await.unwrap().into_iter().map(|it| it.act.to_string()).collect();
        assert_eq!(acts[acts.len() - 2..], ["no_show_warning", "no_show"]);
    }

    /// Where the policy holds what is undecided until the day of use, somebody may wait that day for what nobody came to.
    async fn what_nobody_came_to_is_offered_to_whoever_waits_for_it(db: Db) {
        db.execute_for_tests("UPDATE policy SET hold_working_days = 0").await.unwrap();
        let world = World::new(&db).await;
        world.approved(&db, &world.draft(USE, 4)).await;
        let draft = world.draft(at(120), 1);
        let by = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        let waiting = reservations::apply(&db, NOW, reservations::Application { by, wait: true, ..world.application(&draft) }).await.unwrap();
        assert_eq!(stored(&db, waiting).await.state, State::Waiting);
        assert_eq!(no_shows_due(&db, at(10)).await.unwrap(), 1);
        assert_eq!(stored(&db, waiting).await.state, State::Waiting, "it is only warned about");
        assert_eq!(no_shows_due(&db, at(15)).await.unwrap(), 1);
        let offered = stored(&db, waiting).await;
        assert_eq!((offered.state, offered.offer_expires_at, offered.holds()), (State::Offered, Some(at(120)), true));
        assert_eq!(count(&db, "SELECT COUNT(*) FROM notice WHERE kind = 'waiting_list_offer'").await, 1);
        reservations::waiting::answer(&db, at(20), by, waiting, true).await.unwrap();
        assert_eq!(stored(&db, waiting).await.state, State::Submitted);
    }

    async fn never_while_media_flows_and_never_without_the_warning(db: Db) {
        let (world, id) = two_hours(&db).await;
        let room = meeting(&db, id).await.id;
        let mut node = Node::new(&db).await;
        let session = SessionId::fresh();
        // Somebody who sits at no site is in: nobody has checked in, and yet it is used.
        let online = Fact::Joined { session, person: world.people[0], seat: None, room_system: None };
        node.tell(&db, at(0), room, online).await;
        assert_eq!(no_shows_due(&db, at(30)).await.unwrap(), 0);
        node.tell(&db, at(31), room, Fact::Left { session, person: world.people[0], reason: LeaveReason::Left }).await;
        // Late as it is, the warning comes first and is given its time.
        assert_eq!(no_shows_due(&db, at(40)).await.unwrap(), 1);
        assert_eq!(no_shows_due(&db, UnixMs(at(45).0 - 1)).await.unwrap(), 0);
        check_in(&db, at(44), id, world.sites[1], CheckInBy::Panel(DeviceId::fresh())).await.unwrap();
        assert_eq!(no_shows_due(&db, at(45)).await.unwrap(), 0, "one site that came keeps the session");
        assert!(meeting(&db, id).await.ended_at.is_none());
    }

    async fn vector_39_cancel_racing_check_in_leaves_one_state(db: Db) {
        let world = World::new(&db).await;
        for round in 0..12 {
            let draft = world.draft(nth_hour(round), 1);
            let id = world.approved(&db, &draft).await;
            let now = draft.starts_at_ms;
            let check = tokio::spawn({
                let (db, site) = (db.clone(), world.sites[0]);
                async move { check_in(&db, now, id, site, CheckInBy::Panel(DeviceId::fresh())).await }
            });
            let cancel = tokio::spawn({
                let (db, by) = (db.clone(), world.applicant);
                async move { reservations::withdraw(&db, now, by, id, None).await }
            });
            let (check, cancel) = (check.await.unwrap(), cancel.await.unwrap());
            cancel.unwrap();
            assert_eq!(stored(&db, id).await.state, State::Withdrawn);
            let checked_in = uses_of(&db, id).await.iter().any(|it| it.checked_in.is_some());
            match check {
                Ok(()) => assert!(checked_in, "it came first, and stays told"),
                refused => assert!(refusal(refused).code == Code::ReservationState && !checked_in),
            }
            assert!(meeting(&db, id).await.ended_at.is_some());
        }
        assert_eq!(count(&db, "SELECT COUNT(*) FROM occupancy WHERE state <> 'released'").await, 0);
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    }

    async fn vector_38_cancelled_and_booked_by_another_in_the_same_second(db: Db) {
        let world = World::new(&db).await;
        for round in 0..8 {
            let draft = world.draft(nth_hour(round), 1);
            let first = world.approved(&db, &draft).await;
            let rebook = tokio::spawn({
                let (db, draft, known): (Db, Draft, _) = (db.clone(), draft.clone(), world.known.clone());
                let by = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
                async move {
                    let application = reservations::Application { by, may_apply: true, draft: &draft, known: &known, classified_without_e2ee: false, claim: None, draft_id: None, wait: false };
                    reservations::apply(&db, NOW, application).await
                }
            });
            let cancel = tokio::spawn({
                let (db, by) = (db.clone(), world.applicant);
                async move { reservations::withdraw(&db, NOW, by, first, None).await }
            });
            let (rebooked, cancelled) = (rebook.await.unwrap(), cancel.await.unwrap());
            cancelled.unwrap();
            match rebooked {
                Ok(second) => assert_eq!(stored(&db, second).await.state, State::Submitted),
                refused => assert_eq!(refusal(refused).code, Code::SlotTaken),
            }
            let day = Slot { starts_at: draft.starts_at_ms, ends_at: draft.ends_at_ms };
            assert!(reservations::taken::busy(&mut db.read().await.unwrap(), world.sites[0], day, None).await.unwrap().len() <= 1);
        }
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok(), "no gap in the audit");
    }

    async fn a_session_goes_on_where_nobody_needs_its_sites(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let mut next = world.draft(at(180), 1);
        next.sites.remove(0);
        next.sites.push(crate::reservations::DraftSite { site: world.sites[2], people: world.people[6..7].to_vec() });
        next.chair = world.people[6];
        world.approved(&db, &next).await;
        let chair = Extender::Chair { person: world.people[0], agency: AgencyId::fresh() };
        let offered = async |now| extension_minutes(&mut db.read().await.unwrap(), now, id).await.unwrap();
        assert_eq!(offered(at(60)).await, 60, "the next use of one of its sites is an hour after its end");
        let stranger = Extender::Chair { person: world.people[1], agency: AgencyId::fresh() };
        assert_eq!(refusal(extend(&db, at(60), id, stranger, 15).await).code, Code::NotFound);
        assert_eq!(refusal(extend(&db, UnixMs(at(0).0 - 1), id, chair, 15).await).code, Code::ExtensionTime);
        assert_eq!(refusal(extend(&db, at(120), id, chair, 15).await).code, Code::ExtensionTime);
        assert_eq!(refusal(extend(&db, at(60), id, chair, 10).await).code, Code::RequestMalformed);
        assert_eq!(refusal(extend(&db, at(60), id, chair, 75).await).code, Code::ExtensionTooLong);
        let before = meeting(&db, id).await;
        extend(&db, at(110), id, chair, 45).await.unwrap();
        let after = meeting(&db, id).await;
        assert_eq!((after.slot.ends_at, after.closes_at.0 - before.closes_at.0, after.epoch), (at(165), 45 * MINUTE, before.epoch));
        let longer = stored(&db, id).await;
        assert_eq!((longer.slot.ends_at, longer.version, longer.sequence), (at(165), 2, 1), "whoever read it before reads it anew");
        let closes_at = after.closes_at.seconds();
        assert!(sent(&db).await.contains(&Command::ExtendRoom { room: after.id, closes_at }), "those inside are told");
        let panel = Extender::Panel { device: DeviceId::fresh(), site: world.sites[1] };
        assert_eq!(offered(at(150)).await, 15);
        assert_eq!(refusal(extend(&db, at(150), id, panel, 30).await).code, Code::ExtensionTooLong, "all extensions of one use together");
        extend(&db, at(150), id, panel, 15).await.unwrap();
        assert_eq!(offered(at(170)).await, 0);
        assert_eq!(stored(&db, id).await.slot.ends_at, at(180));
    }

    async fn a_session_ends_where_the_next_begins_or_the_room_closes(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let mut next = world.draft(at(135), 1);
        next.sites.remove(0);
        next.sites.push(crate::reservations::DraftSite { site: world.sites[2], people: world.people[6..7].to_vec() });
        next.chair = world.people[6];
        world.approved(&db, &next).await;
        let chair = Extender::Chair { person: world.people[0], agency: AgencyId::fresh() };
        let taken = refusal(extend(&db, at(60), id, chair, 30).await);
        assert_eq!((taken.code, taken.values["free_until_ms"].as_i64()), (Code::ExtensionTaken, Some(at(135).0)));
        assert_eq!(stored(&db, id).await.slot.ends_at, at(120), "a failed extension leaves the old booking whole");
        extend(&db, at(60), id, chair, 15).await.unwrap();
        // 09:00 to 17:00 is the day of the room.
        let last = world.approved(&db, &world.draft(UnixMs(USE.0 + 3 * DAY + 6 * HOUR), 2)).await;
        let now = UnixMs(USE.0 + 3 * DAY + 7 * HOUR);
        assert_eq!(refusal(extend(&db, now, last, chair, 15).await).code, Code::SlotInvalid);
        assert_eq!(extension_minutes(&mut db.read().await.unwrap(), now, last).await.unwrap(), 0);
    }
}
