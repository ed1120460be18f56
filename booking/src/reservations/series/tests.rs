//! Series on both databases.

use super::*;
use crate::{
    decisions::{Answer, Decision, ReasonCode, decide},
    holidays::DayKind,
    reservations::world::*,
    testing::{DAY, HOUR, NOW, USE},
};
use wire::id::{AgencyId, PersonId, SiteId};

fn on(days: impl IntoIterator<Item = i64>) -> Vec<DraftOccurrence> {
    let occurrence = |day: i64| DraftOccurrence {
        starts_at_ms: USE.saturating_add_ms(day * DAY),
        ends_at_ms: USE.saturating_add_ms(day * DAY + 2 * HOUR),
    };
    days.into_iter().map(occurrence).collect()
}

impl World {
    fn series<'a>(&'a self, draft: &'a Draft, occurrences: &'a [DraftOccurrence], accept_partial: bool) -> Asked<'a> {
        Asked { application: self.application(draft), occurrences, accept_partial }
    }
}

async fn of_series(db: &Db, id: SeriesId) -> Vec<Stored> {
    reservations::list(&mut db.read().await.unwrap(), reservations::List::Series(id)).await.unwrap()
}

kernel::on_both! {
    async fn vector_25_what_cannot_be_had_is_shown_and_left_out_with_consent_alone(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        // Wednesday is inside the lead time; four Fridays are not.
        let asked = on([-2, 0, 7, 14, 21]);
        let judged = judge(&mut db.read().await.unwrap(), NOW, world.application(&draft), &asked).await.unwrap();
        let lawful: Vec<bool> = judged.iter().map(|it| it.refusals.is_empty()).collect();
        assert_eq!(lawful, [false, true, true, true, true]);
        assert_eq!((judged[0].refusals[0].code, judged[0].refusals[0].rule), (Code::LeadTime, Some(Rule::Tp2)));
        let refused = refusal(apply(&db, NOW, world.series(&draft, &asked, false)).await);
        assert_eq!((refused.code, &refused.values["lawful"], &refused.values["of"]), (Code::SeriesPartial, &4.into(), &5.into()));
        assert_eq!(refused.values["occurrences"][0]["number"], 1);
        let none = reservations::list(&mut db.read().await.unwrap(), reservations::List::Agency(world.applicant.agency)).await.unwrap();
        assert_eq!(none, [], "nothing was stored");
        let made = apply(&db, NOW, world.series(&draft, &asked, true)).await.unwrap();
        assert_eq!((made.reservations.len(), made.left_out.len()), (4, 1));
        let numbers: Vec<_> = of_series(&db, made.series).await.iter().map(|it| it.series.unwrap()).map(|it| (it.number, it.of)).collect();
        assert_eq!(numbers, [(2, 5), (3, 5), (4, 5), (5, 5)]);
        let few = refusal(apply(&db, NOW, world.series(&draft, &on([0]), true)).await);
        assert_eq!(few.values["occurrences_max"], 12);
        assert_eq!(refusal(apply(&db, NOW, world.series(&draft, &on(0..13), true)).await).code, Code::RequestMalformed);
    }

    async fn vector_26_a_holiday_of_one_state_is_flagged_for_its_site(db: Db) {
        let world = World::new(&db).await;
        // Good Friday is a holiday in Sabah and Sarawak, not in Selangor.
        let good_friday = kernel::clock::instant("2027-03-26".parse().unwrap(), 9 * 60, crate::policy::MALAYSIA).unwrap();
        let now = good_friday.saturating_add_ms(-30 * DAY);
        let mut draft = world.draft(USE, 2);
        draft.sites[1].site = world.sites[2];
        let occurrence = |at: UnixMs| DraftOccurrence { starts_at_ms: at, ends_at_ms: at.saturating_add_ms(HOUR) };
        let asked = [occurrence(good_friday.saturating_add_ms(-DAY)), occurrence(good_friday)];
        let judged = judge(&mut db.read().await.unwrap(), now, world.application(&draft), &asked).await.unwrap();
        let holidays = |it: &Occurrence| -> Vec<SiteId> {
            it.flags.iter().filter(|it| it.kind == DayKind::Holiday).map(|it| it.site).collect()
        };
        assert_eq!((holidays(&judged[0]), holidays(&judged[1])), (vec![], vec![world.sites[2]]));
        assert!(judged.iter().all(|it| it.refusals.is_empty()), "flagged and not refused");
    }

    async fn vector_27_next_year_is_provisional(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let judged = judge(&mut db.read().await.unwrap(), NOW, world.application(&draft), &on([27, 34])).await.unwrap();
        let dates: Vec<String> = judged.iter().map(|it| it.lead.use_date.to_string()).collect();
        assert_eq!(dates, ["2026-12-31", "2027-01-07"]);
        let unsettled = judged[1].flags.iter().any(|it| matches!(it.kind, DayKind::YearProvisional | DayKind::YearUnknown));
        assert!(unsettled && judged[1].refusals.is_empty());
        // A year of which nothing is known at all.
        db.execute_for_tests("DELETE FROM holiday_year WHERE year = 2027").await.unwrap();
        let judged = judge(&mut db.read().await.unwrap(), NOW, world.application(&draft), &on([27, 34])).await.unwrap();
        assert!(judged[1].flags.iter().any(|it| it.kind == DayKind::YearUnknown));
    }

    async fn vector_28_what_is_past_is_never_touched(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let made = apply(&db, NOW, world.series(&draft, &on([0, 6, 13, 20]), false)).await.unwrap();
        for id in &made.reservations {
            crate::decisions::decide(&db, NOW, world.approver, *id, &answer(crate::decisions::Decision::Approve)).await.unwrap();
        }
        let before = of_series(&db, made.series).await;
        let trail = audit_rows(&db).await;
        // Between the second and the third: this and following, from the third on.
        let now = USE.saturating_add_ms(8 * DAY);
        let third = &before[2];
        let mut new = third.as_draft();
        new.title = "Tajuk baharu".into();
        new.sites[1].people = vec![world.people[15]];
        new.ends_at_ms = new.ends_at_ms.saturating_add_ms(-HOUR);
        let amending = Amending { application: world.application(&new), version: third.version, applicant: None };
        amend_following(&db, now, third.id, &amending).await.unwrap();
        let after = of_series(&db, made.series).await;
        assert_eq!(after[..2], before[..2]);
        for (number, it) in [(2, &after[2]), (3, &after[3])] {
            assert_eq!((it.title.as_str(), it.slot.duration_ms(), it.state), ("Tajuk baharu", HOUR, State::Approved));
            assert_eq!(it.slot.starts_at, before[number].slot.starts_at);
            assert!(it.seated().any(|seat| seat.2 == world.people[15]));
        }
        assert_eq!(audit_rows(&db).await[..trail.len()], trail, "nor is what was written of it");
        // From the first on, it is the first that cannot be changed any more: nothing is.
        let first = &after[0];
        let renamed = Draft { title: "Lain".into(), ..first.as_draft() };
        let amending = Amending { application: world.application(&renamed), version: first.version, applicant: None };
        let refused = refusal(amend_following(&db, now, first.id, &amending).await);
        assert_eq!((refused.code, &refused.values["occurrence"]), (Code::ReservationState, &1.into()));
        assert_eq!(of_series(&db, made.series).await, after);
        // Withdrawn from the third on; the fourth alone had been withdrawn before.
        act::withdraw(&db, now, world.applicant, after[3].id, None).await.unwrap();
        withdraw_following(&db, now, world.applicant, third.id, Some("Tamat")).await.unwrap();
        let states: Vec<State> = of_series(&db, made.series).await.iter().map(|it| it.state).collect();
        assert_eq!(states, [State::Approved, State::Approved, State::Withdrawn, State::Withdrawn]);
    }

    async fn all_that_follow_are_amended_or_none(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let made = apply(&db, NOW, world.series(&draft, &on([0, 7]), false)).await.unwrap();
        // Somebody else comes right after the second.
        let mut rival = world.draft(USE.saturating_add_ms(7 * DAY + 2 * HOUR), 1);
        rival.sites[0].people = vec![world.people[20]];
        rival.sites[1].people = vec![world.people[21]];
        world.applied(&db, &rival).await;
        let before = of_series(&db, made.series).await;
        let mut longer = before[0].as_draft();
        longer.ends_at_ms = longer.ends_at_ms.saturating_add_ms(HOUR);
        let amending = Amending { application: world.application(&longer), version: 1, applicant: None };
        let refused = refusal(amend_following(&db, NOW, before[0].id, &amending).await);
        assert_eq!((refused.code, &refused.values["occurrence"]), (Code::SlotTaken, &2.into()));
        assert_eq!(of_series(&db, made.series).await, before);
        let mut moved = before[0].as_draft();
        moved.starts_at_ms = moved.starts_at_ms.saturating_add_ms(DAY);
        moved.ends_at_ms = moved.ends_at_ms.saturating_add_ms(DAY);
        let amending = Amending { application: world.application(&moved), version: 1, applicant: None };
        assert_eq!(refusal(amend_following(&db, NOW, before[0].id, &amending).await).code, Code::RequestMalformed);
    }

    async fn two_occurrences_cannot_be_in_each_others_way(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let mut asked = on([0, 7]);
        asked.push(DraftOccurrence { starts_at_ms: USE.saturating_add_ms(HOUR), ends_at_ms: USE.saturating_add_ms(3 * HOUR) });
        let judged = judge(&mut db.read().await.unwrap(), NOW, world.application(&draft), &asked).await.unwrap();
        assert_eq!(judged[1].refusals[0].values["occurrence"], 1);
        let made = apply(&db, NOW, world.series(&draft, &asked, true)).await.unwrap();
        assert_eq!(made.reservations.len(), 2);
    }
    async fn what_became_of_a_series_is_told_once_it_is_all_decided(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let made = apply(&db, NOW, world.series(&draft, &on([0, 7, 14]), false)).await.unwrap();
        let told = async || {
            let (all, _) = crate::notices::store::list(&mut db.read().await.unwrap(), world.applicant.person, None).await.unwrap();
            all.into_iter().filter_map(|it| match it.notice {
                crate::notices::Notice::SeriesResult { about, occurrences, accepted, .. } => Some((about.reservation, occurrences, accepted)),
                _ => None,
            }).collect::<Vec<_>>()
        };
        let refuse = Answer { decision: Decision::Refuse, reason_code: Some(ReasonCode::RoomNeeded), ..Answer::approve() };
        decide(&db, NOW, world.approver, made.reservations[0], &Answer::approve()).await.unwrap();
        decide(&db, NOW, world.approver, made.reservations[1], &refuse).await.unwrap();
        assert_eq!(told().await, [], "one is open");
        decide(&db, NOW, world.approver, made.reservations[2], &Answer::approve()).await.unwrap();
        assert_eq!(told().await, [(made.reservations[0], 3, 2)]);
    }

    async fn the_rest_of_a_series_is_judged_one_by_one_before_it_is_amended(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let made = apply(&db, NOW, world.series(&draft, &on([0, 7, 14]), false)).await.unwrap();
        // Somebody else has the third of them an hour later.
        let rival = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        let taken = world.draft(USE.saturating_add_ms(14 * DAY + 2 * HOUR), 1);
        act::apply(&db, NOW, Application { by: rival, ..world.application(&taken) }).await.unwrap();
        let before = of_series(&db, made.series).await;
        let mut later = before[1].as_draft();
        later.ends_at_ms = later.ends_at_ms.saturating_add_ms(HOUR);
        let amending = Amending { application: world.application(&later), version: before[1].version, applicant: None };
        let judged = judge_following(&mut db.read().await.unwrap(), NOW, before[1].id, &amending).await.unwrap();
        let said: Vec<_> = judged.iter().map(|(it, amendment)| (it.series.unwrap().number, amendment.refusals.iter().map(|it| it.code).collect::<Vec<_>>())).collect();
        assert_eq!(said, [(2, vec![]), (3, vec![Code::SlotTaken, Code::SlotTaken])], "what is before it is not touched");
        assert!(judged[1].1.refusals[0].values.contains_key("alternatives"));
        // What the preview says is what is done.
        let refused = refusal(amend_following(&db, NOW, before[1].id, &amending).await);
        assert_eq!((refused.code, &refused.values["occurrence"]), (Code::SlotTaken, &3.into()));
        assert_eq!(of_series(&db, made.series).await, before);
    }
}
