//! Blocks on both databases: whom they displace, what they give back, and that no booking ever stands beside one.

use super::*;
use crate::{
    decisions::{Decision, decide},
    meetings,
    reservations::{self, State, apply, withdraw, world::*},
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::{Db, Text, db::Kind, on};
use wire::{Code, control::Command, id::MeetingId};

const OVERLAPS: &str = "SELECT COUNT(*) FROM occupancy a JOIN occupancy b ON a.site_id = b.site_id AND a.id < b.id
    WHERE a.state <> 'released' AND b.state <> 'released' AND a.starts_at_ms < b.ends_at_ms AND b.starts_at_ms < a.ends_at_ms";
const BLOCKED_MS: &str =
    "SELECT CAST(COALESCE(SUM(ends_at_ms - starts_at_ms), 0) AS BIGINT) FROM occupancy WHERE site_id = $1 AND state = 'blocked'";
const TIDYING: &str = "UPDATE occupancy SET ends_at_ms = ends_at_ms + 900000";
const A_FAULT: &str = "INSERT INTO fault (id, reference, site_id, severity, description, state, reported_by, reported_at_ms)
    VALUES ($1, $1, $2, 's1', 'Rosak', 'open', $1, 0)";
const COMMANDS: &str = "SELECT payload FROM outbox WHERE topic = 'media.command' ORDER BY number";

async fn number(db: &Db, sql: &'static str) -> i64 {
    on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

async fn blocked_ms(db: &Db, site: SiteId) -> i64 {
    on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(BLOCKED_MS).bind(Text(site)).fetch_one(c).await).unwrap()
}

async fn a_fault(db: &Db, site: SiteId) -> FaultId {
    let id = FaultId::fresh();
    kernel::transact!(db, tx => {
        on!(tx, c => sqlx::query(A_FAULT).bind(Text(id)).bind(Text(site)).execute(c).await.map(drop))?;
        Ok(())
    })
    .unwrap();
    id
}

fn work(site: SiteId, from: UnixMs, hours: i64) -> NewBlock<'static> {
    let until = Some(from.saturating_add_ms(hours * HOUR));
    NewBlock { site, kind: BlockKind::Maintenance, from, until, note: Some("Naik taraf"), fault: None, by: Some(PersonId::fresh()) }
}

fn of_fault(site: SiteId, fault: FaultId) -> NewBlock<'static> {
    NewBlock { site, kind: BlockKind::Fault, from: NOW, until: None, note: None, fault: Some(fault), by: None }
}

async fn blocking(db: &Db, now: UnixMs, new: NewBlock<'_>) -> kernel::Result<(BlockId, Changed)> {
    kernel::transact!(db, tx => block(tx, now, &new).await)
}

async fn lifting(db: &Db, now: UnixMs, id: BlockId) -> kernel::Result<Changed> {
    kernel::transact!(db, tx => lift(tx, now, id, None).await)
}

async fn state(db: &Db, id: ReservationId) -> State {
    stored(db, id).await.state
}

async fn commands(db: &Db) -> Vec<Command> {
    let rows: Vec<String> = on!(&mut db.read().await.unwrap(), c => sqlx::query_scalar(COMMANDS).fetch_all(c).await).unwrap();
    rows.iter().map(|it| serde_json::from_str(it).unwrap()).collect()
}

async fn seated(db: &Db, meeting: MeetingId) -> Vec<(PersonId, Option<(SiteId, u8)>)> {
    let mut people: Vec<_> = meetings::store::by_id(&mut db.read().await.unwrap(), meeting)
        .await
        .unwrap()
        .unwrap()
        .people
        .iter()
        .map(|it| (it.person, it.seat))
        .collect();
    people.sort();
    people
}

kernel::on_both! {
    async fn a_block_displaces_what_it_meets_and_leaves_the_rest(db: Db) {
        let world = World::new(&db).await;
        let before = world.approved(&db, &world.draft(USE, 1)).await;
        let met = world.approved(&db, &world.draft(USE.saturating_add_ms(HOUR), 2)).await;
        let waiting = world.applied(&db, &world.draft(USE.saturating_add_ms(3 * HOUR), 1)).await;
        let after = world.applied(&db, &world.draft(USE.saturating_add_ms(4 * HOUR), 1)).await;
        let (id, changed) = blocking(&db, NOW, work(world.sites[0], USE.saturating_add_ms(HOUR), 3)).await.unwrap();
        assert_eq!(changed.displaced.iter().map(|it| (it.reservation, it.from_state.as_str())).collect::<Vec<_>>(),
            [(met, "approved"), (waiting, "submitted")]);
        let states = [state(&db, before).await, state(&db, met).await, state(&db, waiting).await, state(&db, after).await];
        assert_eq!(states, [State::Approved, State::Displaced, State::Displaced, State::Submitted]);
        assert_eq!(number(&db, OVERLAPS).await, 0);
        // The site is taken; the other site of the displaced is still theirs.
        let again = apply(&db, NOW, world.application(&world.draft(USE.saturating_add_ms(HOUR), 1))).await;
        assert_eq!(refusal(again).code, Code::SlotTaken);
        let mut tx = db.read().await.unwrap();
        assert_eq!(reservations::taken::busy(&mut tx, world.sites[1], changed.displaced[0].span, None).await.unwrap().len(), 1);
        assert_eq!(displaced_by(&mut tx, id).await.unwrap(), changed.displaced);
        drop(tx);
        let rows = audit_rows(&db).await;
        assert_eq!(rows.iter().filter(|it| it.0 == "reservation.displace").count(), 2);
        assert!(rows.contains(&row("block.make", "done", None)));
    }

    async fn who_lost_the_room_keeps_the_meeting(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let meeting = stored(&db, id).await.meeting.unwrap();
        let before = seated(&db, meeting).await;
        let (blocked, _) = blocking(&db, NOW, work(world.sites[0], USE, 2)).await.unwrap();
        let lost: Vec<_> = seated(&db, meeting).await.into_iter().filter(|it| it.1.is_none()).map(|it| it.0).collect();
        assert_eq!(lost, world.people[0..2], "the other site keeps its seats");
        let removed: Vec<_> = commands(&db).await.into_iter().map(|it| match it {
            Command::RemovePerson { room, person, not_before, .. } => { assert_eq!((room, not_before), (meeting, NOW.seconds() + 1)); person }
            other => panic!("{other:?}"),
        }).collect();
        assert_eq!(removed, world.people[0..2]);
        lifting(&db, NOW.saturating_add_ms(HOUR), blocked).await.unwrap();
        assert_eq!(seated(&db, meeting).await, before);
    }

    async fn vector_34_an_approval_while_the_site_enters_maintenance_loses(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        blocking(&db, NOW, work(world.sites[0], USE, 2)).await.unwrap();
        let refused = refusal(decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await);
        assert_eq!((refused.code, &refused.values["state"]), (Code::ReservationState, &serde_json::json!("displaced")));
        assert_eq!(stored(&db, id).await.meeting, None);
        // At the same instant, whoever is first: it ends displaced.
        for turn in 1..=8 {
            let from = USE.saturating_add_ms(turn * DAY);
            let id = world.applied(&db, &world.draft(from, 2)).await;
            let yes = answer(Decision::Approve);
            let (decided, blocked) = tokio::join!(decide(&db, NOW, world.approver, id, &yes), blocking(&db, NOW, work(world.sites[0], from, 2)));
            let displaced = blocked.unwrap().1.displaced;
            let expected = if decided.is_ok() { "approved" } else { "submitted" };
            assert_eq!(displaced.iter().map(|it| it.from_state.as_str()).collect::<Vec<_>>(), [expected]);
            assert_eq!(state(&db, id).await, State::Displaced);
        }
        assert_eq!(number(&db, OVERLAPS).await, 0);
    }

    async fn vector_45_a_fault_closed_early_gives_the_rooms_back(db: Db) {
        let world = World::new(&db).await;
        let fault = a_fault(&db, world.sites[0]).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let withdrawn = world.approved(&db, &world.draft(USE.saturating_add_ms(2 * HOUR), 2)).await;
        let (blocked, changed) = blocking(&db, NOW, of_fault(world.sites[0], fault)).await.unwrap();
        assert_eq!(changed.displaced.len(), 2);
        withdraw(&db, NOW, world.applicant, withdrawn, None).await.unwrap();
        let at = NOW.saturating_add_ms(5 * HOUR + 60_000);
        let changed = lifting(&db, at, blocked).await.unwrap();
        assert_eq!(changed.restored, [id]);
        assert_eq!(changed.freed.unwrap().starts_at, NOW.saturating_add_ms(5 * HOUR), "the quarter hour that runs is free at once");
        assert_eq!((state(&db, id).await, state(&db, withdrawn).await), (State::Approved, State::Withdrawn));
        assert_eq!(blocked_ms(&db, world.sites[0]).await, 5 * HOUR, "the block is shortened to what it was");
        let block = by_id(&mut db.read().await.unwrap(), blocked).await.unwrap().unwrap();
        assert!(!block.stands(at) && block.ends_at == Some(NOW.saturating_add_ms(5 * HOUR)));
        // What is free can be applied for again.
        world.applied(&db, &world.draft(USE.saturating_add_ms(2 * HOUR), 2)).await;
        assert_eq!(refusal(lifting(&db, at, blocked).await).code, Code::BlockEnded);
    }

    async fn a_room_that_somebody_else_has_is_not_given_back(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let (blocked, _) = blocking(&db, NOW, work(world.sites[0], USE, 2)).await.unwrap();
        let shorter = kernel::transact!(db, tx => move_end(tx, NOW, blocked, USE.saturating_add_ms(HOUR), None).await).unwrap();
        assert_eq!((shorter.restored.len(), shorter.freed.unwrap().duration_ms()), (0, HOUR));
        let mut rival = world.draft(USE.saturating_add_ms(HOUR), 1);
        rival.sites[1].site = world.sites[2];
        world.applied(&db, &rival).await;
        assert_eq!(lifting(&db, NOW, blocked).await.unwrap().restored, []);
        assert_eq!(state(&db, id).await, State::Displaced);
    }

    async fn a_block_may_last_longer_than_was_said(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE.saturating_add_ms(2 * HOUR), 2)).await;
        let (blocked, changed) = blocking(&db, NOW, work(world.sites[0], USE, 2)).await.unwrap();
        assert_eq!(changed.displaced, []);
        let longer = kernel::transact!(db, tx => move_end(tx, NOW, blocked, USE.saturating_add_ms(3 * HOUR), None).await).unwrap();
        assert_eq!(longer.displaced.iter().map(|it| it.reservation).collect::<Vec<_>>(), [id]);
        let past = kernel::transact!(db, tx => move_end(tx, NOW, blocked, NOW, None).await);
        assert_eq!(refusal(past).values["bound"], "empty");
    }

    async fn an_open_fault_blocks_step_by_step_for_as_long_as_it_is_open(db: Db) {
        let world = World::new(&db).await;
        let site = world.sites[0];
        let fault = a_fault(&db, site).await;
        let later = world.approved(&db, &world.draft(USE.saturating_add_ms(5 * DAY), 1)).await;
        let (blocked, changed) = blocking(&db, NOW, of_fault(site, fault)).await.unwrap();
        assert_eq!((changed.displaced.len(), blocked_ms(&db, site).await), (0, 7 * DAY));
        assert_eq!(renew_due(&db, NOW.saturating_add_ms(DAY)).await.unwrap(), 0);
        assert_eq!(state(&db, later).await, State::Approved, "it may be mended by then");
        let next = NOW.saturating_add_ms(DAY + HOUR);
        assert_eq!((renew_due(&db, next).await.unwrap(), renew_due(&db, next).await.unwrap()), (1, 0));
        assert_eq!(state(&db, later).await, State::Displaced);
        assert_eq!(blocked_ms(&db, site).await, 8 * DAY + HOUR);
        // After a month without the service the site is taken from now on again.
        let month = NOW.saturating_add_ms(30 * DAY);
        assert_eq!(renew_due(&db, month).await.unwrap(), 1);
        let block = by_id(&mut db.read().await.unwrap(), blocked).await.unwrap().unwrap();
        assert_eq!(block.covered_until, month.saturating_add_ms(7 * DAY));
        lifting(&db, month, blocked).await.unwrap();
        assert_eq!(renew_due(&db, month.saturating_add_ms(40 * DAY)).await.unwrap(), 0);
    }

    async fn blocks_lie_over_each_other_and_the_site_is_free_after_the_last(db: Db) {
        let world = World::new(&db).await;
        let site = world.sites[0];
        let fault = a_fault(&db, site).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let (first, _) = blocking(&db, NOW, of_fault(site, fault)).await.unwrap();
        let (second, changed) = blocking(&db, NOW, work(site, USE, 4)).await.unwrap();
        assert_eq!(changed.displaced, [], "it was displaced already");
        assert_eq!(blocked_ms(&db, site).await, 7 * DAY);
        let changed = lifting(&db, NOW, first).await.unwrap();
        assert_eq!(changed.restored, [], "the planned work has the room still");
        assert_eq!(blocked_ms(&db, site).await, 4 * HOUR);
        assert_eq!(state(&db, id).await, State::Displaced);
        lifting(&db, NOW, second).await.unwrap();
        assert_eq!((blocked_ms(&db, site).await, number(&db, OVERLAPS).await), (0, 0));
    }

    async fn a_booking_that_lost_two_rooms_waits_for_both(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let (first, _) = blocking(&db, NOW, work(world.sites[0], USE, 2)).await.unwrap();
        let (second, changed) = blocking(&db, NOW, work(world.sites[1], USE, 2)).await.unwrap();
        assert_eq!(changed.displaced[0].from_state, "approved");
        assert_eq!(lifting(&db, NOW, first).await.unwrap().restored, []);
        assert_eq!(lifting(&db, NOW, second).await.unwrap().restored, [id]);
        assert_eq!(state(&db, id).await, State::Approved);
        assert_eq!(seated(&db, stored(&db, id).await.meeting.unwrap()).await.iter().filter(|it| it.1.is_some()).count(), 3);
    }

    async fn a_use_that_is_over_is_not_displaced_while_the_room_is_put_in_order(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 1)).await;
        db.execute_for_tests(TIDYING).await.unwrap();
        let end = USE.saturating_add_ms(HOUR);
        let (_, changed) = blocking(&db, end.saturating_add_ms(60_000), work(world.sites[0], end, 2)).await.unwrap();
        assert_eq!((changed.displaced.len(), state(&db, id).await), (0, State::Approved));
        assert_eq!(number(&db, OVERLAPS).await, 0);
    }

    async fn the_table_of_spans(db: Db) {
        let world = World::new(&db).await;
        let site = world.sites[0];
        let open = NewBlock { until: None, ..work(site, USE, 1) };
        for (new, expected) in [
            (work(site, USE, 0), "empty"),
            (work(site, NOW.saturating_add_ms(-3 * HOUR), 2), "empty"),
            (work(site, USE, 24 * 367), "duration_max"),
            (open, "end"),
        ] {
            assert_eq!(refusal(blocking(&db, NOW, new).await).values["bound"], expected);
        }
        // A year is stored in pieces of a month; what is past is not blocked; quarters are whole.
        let odd = NewBlock { from: NOW.saturating_add_ms(-DAY), until: Some(NOW.saturating_add_ms(60_000)), ..work(site, NOW, 1) };
        blocking(&db, NOW.saturating_add_ms(30_000), odd).await.unwrap();
        assert_eq!(blocked_ms(&db, site).await, HOUR / 4);
        blocking(&db, NOW, work(world.sites[1], USE, 24 * 366)).await.unwrap();
        assert_eq!(blocked_ms(&db, world.sites[1]).await, 366 * DAY);
    }

    /// Applications, approvals, withdrawals, blocks and lifts of one site at once: no booking stands beside a block, at no instant.
    async fn no_booking_ever_stands_beside_a_block(db: Db) {
        let world = std::sync::Arc::new(World::new(&db).await);
        let rounds = if db.kind() == Kind::Sqlite { 10 } else { 16 };
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8i64 {
            let (db, world) = (db.clone(), world.clone());
            tasks.spawn(async move {
                for round in 0..rounds {
                    let from = USE.saturating_add_ms((task + round) % 4 * HOUR);
                    match (task + round) % 4 {
                        0 => {
                            let (id, _) = blocking(&db, NOW, work(world.sites[0], from, 2)).await.unwrap();
                            if round % 2 == 0 {
                                lifting(&db, NOW, id).await.unwrap();
                            }
                        }
                        kind => {
                            let mut draft = world.draft(from, 1);
                            draft.sites[1].site = world.sites[1 + usize::try_from(kind).unwrap() % 2];
                            match apply(&db, NOW, world.application(&draft)).await {
                                Ok(id) => {
                                    let _ = decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await;
                                    if kind == 3 {
                                        let _ = withdraw(&db, NOW, world.applicant, id, None).await;
                                    }
                                }
                                Err(error) => assert!(error.is_refused(Code::SlotTaken), "{error:?}"),
                            }
                        }
                    }
                    assert_eq!(number(&db, OVERLAPS).await, 0);
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    }
}
