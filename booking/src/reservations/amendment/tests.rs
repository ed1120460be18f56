//! The vectors of amendments: what each change asks for, and that a failed one leaves the old booking whole.

use super::*;
use crate::policy::SameDayShift;
use crate::{
    decisions::{Decision, decide},
    media::commands,
    reservations::{DraftSite, apply, withdraw, world::*},
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::Db;
use wire::{Rule, control::Command, signal::LeaveReason};

/// The Thursday before the use: inside the lead time.
const INSIDE: UnixMs = UnixMs(NOW.0 + 2 * DAY);
/// Thursday 10 December, 09:00.
const LATER: UnixMs = UnixMs(USE.0 + 6 * DAY);

impl World {
    fn amending<'a>(&'a self, draft: &'a Draft, version: i64) -> Amending<'a> {
        Amending { application: self.application(draft), version, applicant: None }
    }

    async fn amended(&self, db: &Db, now: UnixMs, id: ReservationId, change: impl FnOnce(&mut Draft)) -> Result<Stored> {
        let old = stored(db, id).await;
        let mut draft = old.as_draft();
        change(&mut draft);
        amend(db, now, id, &self.amending(&draft, old.version)).await?;
        Ok(stored(db, id).await)
    }
}

/// What a change is and what it asks for.
async fn judged(world: &World, db: &Db, now: UnixMs, id: ReservationId, change: impl FnOnce(&mut Draft)) -> Amendment {
    let old = stored(db, id).await;
    let mut draft = old.as_draft();
    change(&mut draft);
    judge(&mut db.read().await.unwrap(), now, &old, &world.amending(&draft, old.version)).await.unwrap()
}

fn move_to(draft: &mut Draft, starts_at: UnixMs) {
    let length = draft.slot().duration_ms();
    (draft.starts_at_ms, draft.ends_at_ms) = (starts_at, starts_at.saturating_add_ms(length));
}

kernel::on_both! {
    async fn vector_14_a_move_into_the_lead_time_is_refused_and_the_old_booking_stands(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(LATER, 2)).await;
        let before = stored(&db, id).await;
        let refused = refusal(world.amended(&db, INSIDE, id, |draft| move_to(draft, USE)).await);
        assert_eq!((refused.code, refused.rule), (Code::LeadTime, Some(Rule::Tp2)));
        assert!(refused.values["alternatives"].as_array().is_some_and(|it| it.len() == 3), "{refused:?}");
        assert_eq!(stored(&db, id).await, before);
        assert_eq!(audit_rows(&db).await.last().unwrap(), &row("reservation.amend", "refused", Some("TP-2")));
    }

    async fn vector_15_a_move_to_a_later_day_is_approved_anew(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let meeting = stored(&db, id).await.meeting.unwrap();
        let moved = world.amended(&db, INSIDE, id, |draft| move_to(draft, LATER)).await.unwrap();
        assert_eq!((moved.state, moved.slot.starts_at, moved.received_at), (State::Submitted, LATER, INSIDE));
        assert_eq!((moved.version, moved.sequence, moved.decided_by), (2, 1, None));
        assert!(moved.sites.iter().all(|it| it.held && it.span == moved.slot));
        // Its meeting waits: what was minted before is void, and nobody is let in, not even at the new time.
        let mut tx = db.read().await.unwrap();
        let told = commands::after(&mut tx, 0).await.unwrap();
        assert_eq!(told.last().unwrap().command, Command::EndRoom { room: meeting, epoch: 1, reason: LeaveReason::Revoked });
        let waiting = crate::meetings::store::by_id(&mut tx, meeting).await.unwrap().unwrap();
        assert_eq!(waiting.slot, moved.slot);
        let in_time = crate::meetings::rules::may_join(&waiting, world.people[0], LATER, false);
        assert_eq!(in_time.unwrap_err().code, Code::ReservationState);
        drop(tx);
        // The old slot is free for others, and the new approval lets the same meeting go on.
        let rival = world.draft(USE, 2);
        apply(&db, NOW, Application { by: world.approver, ..world.application(&rival) }).await.unwrap();
        decide(&db, INSIDE, world.approver, id, &answer(Decision::Approve)).await.unwrap();
        let again = stored(&db, id).await;
        assert_eq!((again.state, again.meeting), (State::Approved, Some(meeting)));
        let standing = crate::meetings::store::by_id(&mut db.read().await.unwrap(), meeting).await.unwrap().unwrap();
        assert!(crate::meetings::rules::may_join(&standing, world.people[0], LATER, false).is_ok());
    }

    async fn vector_16_other_hours_of_the_same_day_ask_for_approval_alone(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let shift = |draft: &mut Draft| move_to(draft, USE.saturating_add_ms(2 * HOUR));
        let it = judged(&world, &db, INSIDE, id, shift).await;
        assert_eq!((it.changes, it.lead_checked, it.needs_approval, it.refusals), ([Change::Slot].into(), false, true, vec![]));
        let shifted = world.amended(&db, INSIDE, id, shift).await.unwrap();
        assert_eq!((shifted.state, shifted.received_at), (State::Submitted, NOW), "received when it was");
        // Where the policy says so, it is treated as another day is.
        let old = stored(&db, id).await;
        let mut draft = old.as_draft();
        move_to(&mut draft, USE);
        let mut setting = Setting::read(&mut db.read().await.unwrap(), INSIDE, draft.slot()).await.unwrap();
        setting.policy.terms.same_day_shift = SameDayShift::LeadTime;
        let strict = rules::judge(&old, Asked { draft: &draft, applicant: None }, &setting.circumstances(INSIDE, &world.application(&draft)));
        assert_eq!((strict.lead_checked, strict.refusals[0].code), (true, Code::LeadTime));
    }

    async fn vector_17_a_shorter_use_needs_nobody(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 3)).await;
        for (starts, ends) in [(0, 2), (1, 2)] {
            let it = world.amended(&db, INSIDE, id, |draft| {
                draft.starts_at_ms = USE.saturating_add_ms(starts * HOUR);
                draft.ends_at_ms = USE.saturating_add_ms(ends * HOUR);
            }).await.unwrap();
            assert_eq!((it.state, it.slot.duration_ms()), (State::Approved, (ends - starts) * HOUR));
            assert!(it.sites.iter().all(|site| site.span == it.slot));
        }
    }

    async fn vector_18_another_site_has_to_come_in_time(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let add = |draft: &mut Draft| draft.sites.push(DraftSite { site: world.sites[2], people: vec![world.people[9]] });
        let refused = refusal(world.amended(&db, INSIDE, id, add).await);
        assert_eq!((refused.code, refused.rule), (Code::LeadTime, Some(Rule::Tp2)));
        let in_time = world.amended(&db, NOW, id, add).await.unwrap();
        assert_eq!((in_time.state, in_time.sites.len()), (State::Submitted, 3));
    }

    async fn vector_19_a_site_is_taken_off_at_any_time(db: Db) {
        let world = World::new(&db).await;
        let mut draft = world.draft(USE, 2);
        draft.sites.push(DraftSite { site: world.sites[2], people: vec![world.people[9]] });
        let id = world.approved(&db, &draft).await;
        let it = world.amended(&db, INSIDE, id, |draft| draft.sites.truncate(2)).await.unwrap();
        assert_eq!((it.state, it.sites.len()), (State::Approved, 2));
        let mut tx = db.read().await.unwrap();
        assert_eq!(crate::reservations::taken::busy(&mut tx, world.sites[2], draft.slot(), None).await.unwrap(), [], "it is free");
        let meeting = crate::meetings::store::by_id(&mut tx, it.meeting.unwrap()).await.unwrap().unwrap();
        assert!(meeting.listed(world.people[9]).is_none());
        drop(tx);
        assert_eq!(refusal(world.amended(&db, INSIDE, id, |draft| draft.sites.truncate(1)).await).code, Code::SitesTooFew);
        // Put on again in time, the row that was released is taken again.
        let back = world.amended(&db, NOW, id, |it| it.sites.push(draft.sites[2].clone())).await.unwrap();
        assert!(back.sites.len() == 3 && back.holds());
    }

    async fn vector_20_another_applicant_is_a_new_application(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let draft = stored(&db, id).await.as_draft();
        let colleague = PersonId::fresh();
        let replace = Amending { applicant: Some(colleague), ..world.amending(&draft, 1) };
        assert_eq!(refusal(amend(&db, INSIDE, id, &replace).await).rule, Some(Rule::Tp2));
        amend(&db, NOW, id, &replace).await.unwrap();
        let it = stored(&db, id).await;
        assert_eq!((it.applicant, it.state), (colleague, State::Submitted));
        // Another agency is never one's own.
        let foreign = Amending { application: Application { by: world.approver, ..world.application(&draft) }, ..world.amending(&draft, 2) };
        assert_eq!(refusal(amend(&db, NOW, id, &foreign).await).code, Code::NotFound);
    }

    async fn vector_21_a_sixth_person_sits_and_a_seventh_does_not(db: Db) {
        let world = World::new(&db).await;
        let mut draft = world.draft(USE, 2);
        draft.sites[1].people = world.people[6..10].to_vec();
        let id = world.approved(&db, &draft).await;
        let add = |person: PersonId| move |draft: &mut Draft| draft.sites[1].people.push(person);
        assert_eq!(world.amended(&db, INSIDE, id, add(world.people[10])).await.unwrap().state, State::Approved);
        // Two add the sixth at the same time: one does.
        let old = stored(&db, id).await;
        let with = |person: PersonId| {
            let mut draft = old.as_draft();
            draft.sites[1].people.push(person);
            draft
        };
        let (one, other) = (with(world.people[11]), with(world.people[12]));
        let (one, other) = (world.amending(&one, old.version), world.amending(&other, old.version));
        let (first, second) = tokio::join!(amend(&db, INSIDE, id, &one), amend(&db, INSIDE, id, &other));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let lost = refusal(if first.is_ok() { second } else { first });
        assert_eq!((lost.code, &lost.values["version"]), (Code::Conflict, &serde_json::json!(3)));
        let seventh = refusal(world.amended(&db, INSIDE, id, add(world.people[13])).await);
        assert_eq!((seventh.code, seventh.rule), (Code::SiteFull, Some(Rule::Tp3)));
    }

    async fn vector_22_somebody_is_exchanged_at_a_full_site(db: Db) {
        let world = World::new(&db).await;
        let mut draft = world.draft(USE, 2);
        draft.sites[1].people = world.people[6..12].to_vec();
        let id = world.approved(&db, &draft).await;
        let it = world.amended(&db, INSIDE, id, |draft| draft.sites[1].people[2] = world.people[12]).await.unwrap();
        assert_eq!(it.state, State::Approved);
        assert_eq!(it.sites.iter().find(|at| at.site == world.sites[1]).unwrap().seats[2], (3, world.people[12]));
        let mut tx = db.read().await.unwrap();
        let meeting = crate::meetings::store::by_id(&mut tx, it.meeting.unwrap()).await.unwrap().unwrap();
        assert!(meeting.listed(world.people[8]).is_none());
        assert_eq!(meeting.listed(world.people[12]).unwrap().seat, Some((world.sites[1], 3)));
        // Who was taken off is sent away; the others stay.
        let told = commands::after(&mut tx, 0).await.unwrap();
        // Whoever is listed anew may come in, even if they were sent away before.
        let listed = Command::ReadmitPerson { room: meeting.id, person: world.people[12], at_ms: INSIDE };
        let gone = Command::RemovePerson { room: meeting.id, person: world.people[8], not_before: INSIDE.seconds() + 1, reason: LeaveReason::Revoked };
        assert_eq!(told.iter().map(|it| &it.command).collect::<Vec<_>>(), [&listed, &gone]);
        assert_eq!(meeting.epoch, 0);
    }

    async fn vector_23_nobody_is_seated_twice(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let before = stored(&db, id).await;
        let (one, other) = (world.people[0], world.people[2]);
        let twice = refusal(world.amended(&db, INSIDE, id, |draft| draft.sites[0].people.push(one)).await);
        let at_two = refusal(world.amended(&db, INSIDE, id, |draft| draft.sites[0].people.push(other)).await);
        let online = refusal(world.amended(&db, INSIDE, id, |draft| draft.online.push(other)).await);
        for refused in [twice, at_two, online] {
            assert_eq!(refused.code, Code::PersonTwice);
        }
        assert_eq!(stored(&db, id).await, before);
    }

    async fn what_is_free_needs_neither_lead_time_nor_approval(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let it = world.amended(&db, INSIDE, id, |draft| {
            draft.title = "Tajuk lain".into();
            draft.contact = Some("samb. 1234".into());
            draft.needs = Some("Papan putih".into());
            draft.chair = world.people[2];
            draft.online = vec![world.people[20], world.people[21]];
        }).await.unwrap();
        assert_eq!((it.state, it.title.as_str(), it.online.len(), it.sequence), (State::Approved, "Tajuk lain", 2, 1));
        let meeting = crate::meetings::store::by_id(&mut db.read().await.unwrap(), it.meeting.unwrap()).await.unwrap().unwrap();
        assert_eq!((meeting.title.as_str(), meeting.host), ("Tajuk lain", world.people[2]));
        assert_eq!(meeting.listed(world.people[2]).unwrap().role, wire::grant::Role::Host);
        assert_eq!(meeting.listed(world.people[0]).unwrap().role, wire::grant::Role::Member);
        assert_eq!(meeting.listed(world.people[20]).unwrap().seat, None);
        let purpose = world.amended(&db, INSIDE, id, |draft| draft.purpose = "Tujuan lain".into()).await.unwrap();
        assert_eq!(purpose.state, State::Submitted, "what was approved is the purpose");
    }

    async fn a_taken_slot_leaves_the_old_booking_whole_and_offers_others(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(LATER, 2)).await;
        let mut rival = world.draft(USE, 2);
        rival.sites[0].site = world.sites[2];
        world.applied(&db, &rival).await;
        let before = stored(&db, id).await;
        let refused = refusal(world.amended(&db, NOW, id, |draft| move_to(draft, USE)).await);
        assert_eq!(refused.code, Code::SlotTaken);
        assert_eq!(refused.values["alternatives"].as_array().unwrap().len(), 3);
        assert_eq!(stored(&db, id).await, before);
        // Onto part of its own time it can be moved: it is not in its own way.
        world.amended(&db, NOW, id, |draft| move_to(draft, LATER.saturating_add_ms(HOUR))).await.unwrap();
    }

    async fn once_begun_time_and_place_stand(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let running = USE.saturating_add_ms(HOUR);
        let refused = refusal(world.amended(&db, running, id, |draft| draft.ends_at_ms = running).await);
        assert_eq!(refused.code, Code::ReservationStarted);
        world.amended(&db, running, id, |draft| draft.online = vec![world.people[20]]).await.unwrap();
        let over = USE.saturating_add_ms(2 * HOUR);
        assert_eq!(refusal(world.amended(&db, over, id, |draft| draft.title = "x".into()).await).code, Code::ReservationState);
        let withdrawn = world.applied(&db, &world.draft(LATER, 2)).await;
        withdraw(&db, NOW, world.applicant, withdrawn, None).await.unwrap();
        let refused = refusal(world.amended(&db, NOW, withdrawn, |draft| draft.title = "x".into()).await);
        assert_eq!(refused.values["state"], "withdrawn");
    }

    async fn vector_13_a_clock_that_was_set_back_makes_nothing_lawful(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(LATER, 2)).await;
        // Received on the 3rd, then the clock steps back to the 1st: the 4th is still too near.
        world.amended(&db, INSIDE, id, |draft| move_to(draft, LATER.saturating_add_ms(DAY))).await.unwrap();
        assert_eq!(stored(&db, id).await.received_at, INSIDE);
        assert_eq!(refusal(world.amended(&db, NOW, id, |draft| move_to(draft, USE)).await).code, Code::LeadTime);
        let back = world.amended(&db, NOW, id, |draft| move_to(draft, LATER)).await.unwrap();
        assert_eq!(back.received_at, INSIDE, "never earlier than it was");
    }

    async fn vector_24_a_room_that_seats_fewer_now_hinders_only_those_who_add(db: Db) {
        let world = World::new(&db).await;
        let mut draft = world.draft(USE, 2);
        draft.sites[1].people = world.people[6..12].to_vec();
        let id = world.approved(&db, &draft).await;
        db.execute_for_tests("UPDATE site SET seats = 4").await.unwrap();
        world.amended(&db, NOW, id, |draft| draft.title = "Tajuk lain".into()).await.unwrap();
        world.amended(&db, NOW, id, |draft| draft.sites[1].people.truncate(5)).await.unwrap();
        let added = refusal(world.amended(&db, NOW, id, |draft| draft.sites[1].people.push(world.people[11])).await);
        assert_eq!((added.code, &added.values["people_max"]), (Code::SiteFull, &serde_json::json!(4)));
    }
}
