//! Decisions on both databases.

use super::{returns::Field, *};
use crate::{
    blocks::{self, BlockKind, NewBlock},
    meetings, overrides, policy,
    reservations::{
        Application, By, Draft, State, Stored,
        amendment::{Amending, amend},
        apply, hold_expiry_due, lapse_due,
        world::*,
    },
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::Db;
use wire::{
    Code, Rule, UnixMs,
    id::{AgencyId, PersonId, ReservationId},
};

/// The applicant sends the application again, changed.
async fn sent_again(db: &Db, now: UnixMs, world: &World, id: ReservationId, change: impl FnOnce(&mut Draft)) -> kernel::Result<Stored> {
    let old = stored(db, id).await;
    let mut draft = old.as_draft();
    change(&mut draft);
    amend(db, now, id, &Amending { application: world.application(&draft), version: old.version, applicant: None }).await?;
    Ok(stored(db, id).await)
}

fn back(fields: &[Field]) -> Answer {
    Answer {
        decision: Decision::Return,
        reason: Some("Sila betulkan".into()),
        fields: fields.iter().copied().collect(),
        ..Answer::approve()
    }
}

kernel::on_both! {
    async fn vector_32_nobody_decides_for_their_own_agency(db: Db) {
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
        let refuse = |code, reason: Option<&str>| Answer { decision: Decision::Refuse, reason_code: code, reason: reason.map(str::to_owned), ..Answer::approve() };
        for unreasoned in [refuse(None, None), refuse(None, Some("ya")), refuse(Some(ReasonCode::Other), Some(" "))] {
            assert_eq!(refusal(decide(&db, NOW, world.approver, id, &unreasoned).await).code, Code::ReasonMissing);
        }
        decide(&db, NOW, world.approver, id, &refuse(Some(ReasonCode::RoomNeeded), None)).await.unwrap();
        assert_eq!(stored(&db, id).await.state, State::Refused);
        world.applied(&db, &world.draft(USE, 2)).await;
    }

    async fn vector_29_approval_after_the_start_finds_it_lapsed(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let refused = refusal(decide(&db, USE.saturating_add_ms(1000), world.approver, id, &answer(Decision::Approve)).await);
        assert_eq!(refused.values["state"], "lapsed");
        assert_eq!(stored(&db, id).await.state, State::Lapsed);
        let other = world.applied(&db, &world.draft(USE.saturating_add_ms(4 * HOUR), 1)).await;
        assert_eq!(lapse_due(&db, UnixMs(USE.0 + 4 * HOUR - 1)).await.unwrap(), 0);
        assert_eq!(lapse_due(&db, UnixMs(USE.0 + 4 * HOUR)).await.unwrap(), 1);
        assert_eq!(stored(&db, other).await.state, State::Lapsed);
    }

    async fn vector_31_approval_on_the_day_before_of_what_came_in_time(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        decide(&db, UnixMs(USE.0 - DAY), world.approver, id, &answer(Decision::Approve)).await.unwrap();
    }

    async fn vector_33_two_approvers_at_once_make_one_decision_and_the_other_sees_it(db: Db) {
        let world = World::new(&db).await;
        for hour in 0..4 {
            let id = world.applied(&db, &world.draft(USE.saturating_add_ms(hour * HOUR), 1)).await;
            let refuse = Answer { decision: Decision::Refuse, reason_code: Some(ReasonCode::RoomNeeded), ..Answer::approve() };
            let approve = answer(Decision::Approve);
            let (one, other) = tokio::join!(
                decide(&db, NOW, world.approver, id, &approve),
                decide(&db, NOW, By { person: PersonId::fresh(), ..world.approver }, id, &refuse),
            );
            assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
            let lost = refusal(if one.is_ok() { other } else { one });
            assert_eq!(lost.code, Code::ReservationState);
            assert_eq!(lost.values["state"], stored(&db, id).await.state.text());
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

    async fn vector_30_approval_after_the_hold_ran_out_and_somebody_else_has_the_slot(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let id = world.applied(&db, &draft).await;
        let expires = stored(&db, id).await.hold_expires_at.unwrap();
        assert_eq!(hold_expiry_due(&db, expires).await.unwrap(), 1);
        // Nobody else has it: it can still be approved.
        let free = world.applied(&db, &world.draft(USE.saturating_add_ms(4 * HOUR), 2)).await;
        hold_expiry_due(&db, expires).await.unwrap();
        decide(&db, expires, world.approver, free, &answer(Decision::Approve)).await.unwrap();
        // Somebody else has it, who applied in time.
        let rival = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        apply(&db, NOW, Application { by: rival, ..world.application(&draft) }).await.unwrap();
        let refused = refusal(decide(&db, expires, world.approver, id, &answer(Decision::Approve)).await);
        assert_eq!(refused.code, Code::SlotTaken);
        assert!(refused.values["alternatives"].as_array().is_some_and(|it| !it.is_empty()), "{refused:?}");
        let it = stored(&db, id).await;
        assert_eq!((it.state, it.holds(), it.meeting), (State::Submitted, false, None));
        assert_eq!(audit_rows(&db).await.last(), Some(&row("reservation.approve", "refused", Some("TP-4"))));
    }

    async fn vector_34_approval_loses_to_a_block(db: Db) {
        let world = World::new(&db).await;
        for hour in 0..4 {
            let from = USE.saturating_add_ms(hour * HOUR);
            let id = world.applied(&db, &world.draft(from, 1)).await;
            let block = async {
                kernel::transact!(db, tx => blocks::block(tx, NOW, &NewBlock {
                    site: world.sites[0],
                    kind: BlockKind::Maintenance,
                    from,
                    until: Some(from.saturating_add_ms(HOUR)),
                    note: None,
                    fault: None,
                    by: Some(world.approver.person),
                }).await.map(drop))
            };
            let approve = answer(Decision::Approve);
            let (approved, blocked) = tokio::join!(decide(&db, NOW, world.approver, id, &approve), block);
            blocked.unwrap();
            assert_eq!(stored(&db, id).await.state, State::Displaced, "{approved:?}");
            if approved.is_err() {
                assert_eq!(refusal(approved).values["state"], "displaced");
            }
            assert_eq!(refusal(decide(&db, NOW, world.approver, id, &approve).await).values["state"], "displaced");
        }
    }

    async fn vector_35_what_is_returned_keeps_its_receipt_where_only_that_was_changed(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let tomorrow = NOW.saturating_add_ms(DAY);
        for unfit in [Answer { fields: Default::default(), ..back(&[]) }, Answer { reason: None, ..back(&[Field::Purpose]) }] {
            refusal(decide(&db, NOW, world.approver, id, &unfit).await);
        }
        decide(&db, NOW, world.approver, id, &back(&[Field::Purpose, Field::People])).await.unwrap();
        let returned = stored(&db, id).await;
        assert_eq!((returned.state, returned.holds()), (State::Returned, true));
        let open = returns::open(&mut db.read().await.unwrap(), &returned).await.unwrap().unwrap();
        assert_eq!((open.words.as_str(), open.fields.len()), ("Sila betulkan", 2));
        // The working day before the use at 17:00: the hold's end comes before two working days are over.
        assert_eq!(open.deadline, returned.hold_expires_at.unwrap());
        assert_eq!(refusal(decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await).values["state"], "returned");
        // Something else was changed too: what came in time yesterday comes too late today.
        let refused = refusal(sent_again(&db, tomorrow, &world, id, |it| (it.purpose, it.title) = ("Lain".into(), "Lain".into())).await);
        assert_eq!((refused.code, &refused.values["not_asked"]), (Code::LeadTime, &serde_json::json!(["title"])));
        assert_eq!(stored(&db, id).await.state, State::Returned);
        let again = sent_again(&db, tomorrow, &world, id, |it| it.purpose = "Lebih jelas".into()).await.unwrap();
        assert_eq!((again.state, again.received_at, again.days_before_use, again.holds()), (State::Submitted, NOW, 3, true));
        assert_eq!(returns::open(&mut db.read().await.unwrap(), &again).await.unwrap(), None);
        decide(&db, tomorrow, world.approver, id, &answer(Decision::Approve)).await.unwrap();
    }

    async fn vector_35_without_the_flag_what_is_sent_again_comes_in_time_anew(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let early = world.applied(&db, &world.draft(USE.saturating_add_ms(7 * DAY), 2)).await;
        for id in [id, early] {
            decide(&db, NOW, world.approver, id, &back(&[Field::Purpose])).await.unwrap();
        }
        db.execute_for_tests("UPDATE policy SET returned_keeps_receipt = (1 = 0)").await.unwrap();
        let tomorrow = NOW.saturating_add_ms(DAY);
        let refused = refusal(sent_again(&db, tomorrow, &world, id, |it| it.purpose = "Jelas".into()).await);
        assert_eq!((refused.code, refused.rule), (Code::LeadTime, Some(Rule::Tp2)));
        let again = sent_again(&db, tomorrow, &world, early, |it| it.purpose = "Jelas".into()).await.unwrap();
        assert_eq!((again.state, again.received_at), (State::Submitted, tomorrow));
    }

    async fn a_returned_application_lapses_with_its_deadline(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let id = world.applied(&db, &draft).await;
        decide(&db, NOW, world.approver, id, &back(&[Field::Purpose])).await.unwrap();
        let it = stored(&db, id).await;
        let deadline = returns::open(&mut db.read().await.unwrap(), &it).await.unwrap().unwrap().deadline;
        assert_eq!(returns::lapse_due(&db, UnixMs(deadline.0 - 1)).await.unwrap(), 0);
        let refused = refusal(sent_again(&db, deadline, &world, id, |it| it.purpose = "Jelas".into()).await);
        assert_eq!((refused.code, &refused.values["state"]), (Code::ReservationState, &serde_json::json!("lapsed")));
        assert_eq!(returns::lapse_due(&db, deadline).await.unwrap(), 1);
        assert_eq!(returns::lapse_due(&db, deadline).await.unwrap(), 0);
        let it = stored(&db, id).await;
        assert_eq!((it.state, it.holds()), (State::Lapsed, false));
        world.applied(&db, &draft).await;
    }

    async fn vector_50_an_override_lets_an_application_through_that_came_too_late(db: Db) {
        let world = World::new(&db).await;
        db.execute_for_tests("INSERT INTO agency (id, name, short_name, is_central, created_at_ms) SELECT '019aa000-0000-7000-8000-0000000000a1', 'Kementerian', 'KEM', 1 = 0, 0").await.unwrap();
        let applicant = By { person: PersonId::fresh(), agency: "019aa000-0000-7000-8000-0000000000a1".parse().unwrap() };
        let draft = world.draft(USE.saturating_add_ms(-DAY), 2);
        let late = Application { by: applicant, ..world.application(&draft) };
        assert_eq!(refusal(apply(&db, NOW, late).await).code, Code::LeadTime);
        let wish = overrides::act::Wish {
            subject: overrides::act::Subject::Use { agency: applicant.agency, sites: draft.site_ids(), slot: draft.slot() },
            exempt: [overrides::Exemption::LeadTime].into(),
            reason: "Arahan".into(),
        };
        let (first, second) = (world.approver.into(), By { person: PersonId::fresh(), ..world.approver }.into());
        let asked = overrides::act::ask(&db, NOW, first, &wish, None).await.unwrap();
        assert_eq!(refusal(apply(&db, NOW, late).await).code, Code::LeadTime, "not confirmed");
        overrides::act::decide(&db, NOW, second, asked, true, None).await.unwrap();
        // Another agency has nothing of it.
        assert_eq!(refusal(apply(&db, NOW, world.application(&draft)).await).code, Code::LeadTime);
        let id = apply(&db, NOW, late).await.unwrap();
        decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await.unwrap();
        let used = overrides::of_reservation(&mut db.read().await.unwrap(), id).await.unwrap();
        assert_eq!(used.iter().map(|it| it.id).collect::<Vec<_>>(), [asked]);
        // It was for one use.
        crate::reservations::withdraw(&db, NOW, applicant, id, None).await.unwrap();
        assert_eq!(refusal(apply(&db, NOW, late).await).code, Code::LeadTime);
    }
}
