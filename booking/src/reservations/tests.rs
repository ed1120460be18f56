//! Reservations on both databases: what the acts do, what the schema refuses behind their backs, and rivals at the same instant.

use super::{world::*, *};
use crate::{
    decisions::{Decision, decide},
    meetings,
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::{Error, Text, db::Kind, extract::IdempotencyKey, idempotency::Claim, on};
use wire::{
    Code, Rule,
    id::{AgencyId, GrantId},
};

kernel::on_both! {
    async fn every_statement_is_understood(db: Db) {
        for (name, sql) in crate::all_sql() {
            db.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    async fn an_application_holds_its_slot_with_its_people(db: Db) {
        let world = World::new(&db).await;
        let id = world.applied(&db, &world.draft(USE, 2)).await;
        let it = stored(&db, id).await;
        assert_eq!((it.state, it.received_at, it.days_before_use), (State::Submitted, NOW, 3));
        assert_eq!(it.lawful_until, UnixMs(NOW.0 + 14 * HOUR - 1), "the end of the day of application");
        assert_eq!(it.reference, "TP-2026-00001");
        let seated: Vec<_> = it.seated().collect();
        let p = &world.people;
        assert_eq!(seated, [(world.sites[0], 1, p[0]), (world.sites[0], 2, p[1]), (world.sites[1], 1, p[2])]);
        assert_eq!(audit_rows(&db).await, [row("reservation.apply", "done", Some("TP-2"))]);
    }

    async fn a_taken_slot_is_refused_with_the_next_free_ones(db: Db) {
        let world = World::new(&db).await;
        world.applied(&db, &world.draft(USE, 2)).await;
        let mut rival = world.draft(USE.saturating_add_ms(HOUR), 2);
        rival.sites[1].site = world.sites[2];
        let refused = refusal(apply(&db, NOW, world.application(&rival)).await);
        assert_eq!(refused.code, Code::SlotTaken);
        let starts: Vec<i64> = refused.values["alternatives"].as_array().unwrap().iter().map(|it| it["starts_at_ms"].as_i64().unwrap()).collect();
        assert_eq!(starts, [USE.0 + 2 * HOUR, USE.0 + 4 * HOUR, USE.0 + 6 * HOUR]);
        assert_eq!(audit_rows(&db).await[1], row("reservation.apply", "refused", None));
        let mut tx = db.read().await.unwrap();
        assert_eq!(taken::busy(&mut tx, world.sites[2], rival.slot(), None).await.unwrap(), [], "the loser holds nothing");
        // What was offered is lawful.
        let offered = Draft { starts_at_ms: UnixMs(starts[0]), ends_at_ms: UnixMs(starts[0] + 2 * HOUR), ..rival };
        drop(tx);
        world.applied(&db, &offered).await;
    }

    async fn refusals_are_told_together_and_leave_a_row_with_the_rule(db: Db) {
        let world = World::new(&db).await;
        let mut draft = world.draft(USE.saturating_add_ms(-DAY), 2);
        draft.sites[0].people = world.people[0..7].to_vec();
        draft.sites[1].people = world.people[8..9].to_vec();
        let refused = refusal(apply(&db, NOW, world.application(&draft)).await);
        assert_eq!((refused.code, refused.rule), (Code::SiteFull, Some(Rule::Tp3)));
        assert_eq!(refused.values["also"][0]["rule"], "TP-2");
        assert_eq!(refused.values["also"][0]["values"]["earliest_date"], "2026-12-04");
        assert_eq!(audit_rows(&db).await, [row("reservation.apply", "refused", Some("TP-3"))]);
        let mut tx = db.read().await.unwrap();
        let judged = judge(&mut tx, NOW, world.application(&draft)).await.unwrap().0;
        assert_eq!(judged.refusals.iter().map(|it| it.code).collect::<Vec<_>>(), [Code::SiteFull, Code::LeadTime]);
    }

    async fn the_verdict_tells_a_taken_slot_site_by_site(db: Db) {
        let world = World::new(&db).await;
        world.applied(&db, &world.draft(USE, 2)).await;
        let draft = world.draft(USE, 1);
        let judged = judge(&mut db.read().await.unwrap(), NOW, world.application(&draft)).await.unwrap().0;
        assert_eq!(judged.refusals.iter().map(|it| it.code).collect::<Vec<_>>(), [Code::SlotTaken, Code::SlotTaken]);
        assert!(judged.refusals[0].values["alternatives"].as_array().is_some_and(|it| it.len() == 3));
    }

    async fn the_same_request_after_midnight_is_the_same_reservation(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let claim = Claim {
            person: world.applicant.person,
            route: "POST /reservations",
            key: IdempotencyKey::parse("a-key").unwrap(),
            body_hash: "hash".into(),
            at: NOW,
        };
        let first = apply(&db, NOW, Application { claim: Some(&claim), ..world.application(&draft) }).await.unwrap();
        let midnight = UnixMs(NOW.0 + 14 * HOUR);
        let again = apply(&db, midnight, Application { claim: Some(&claim), ..world.application(&draft) }).await.unwrap();
        assert_eq!(first, again);
        let other = Draft { title: "Lain".into(), ..world.draft(USE.saturating_add_ms(4 * HOUR), 1) };
        assert_eq!(refusal(apply(&db, midnight, world.application(&other)).await).rule, Some(Rule::Tp2));
    }

    async fn withdrawal_ends_the_meeting_and_frees_the_slot(db: Db) {
        let world = World::new(&db).await;
        let id = world.approved(&db, &world.draft(USE, 2)).await;
        let room = stored(&db, id).await.meeting.unwrap();
        let foreign = By { person: PersonId::fresh(), agency: AgencyId::fresh() };
        assert_eq!(refusal(withdraw(&db, NOW, foreign, id, None).await).code, Code::NotFound);
        withdraw(&db, NOW, world.applicant, id, Some("Ditangguhkan")).await.unwrap();
        let mut tx = db.read().await.unwrap();
        let commands = crate::media::commands::after(&mut tx, 0).await.unwrap();
        let expected = wire::control::Command::EndRoom { room, epoch: 1, reason: wire::signal::LeaveReason::Revoked };
        assert_eq!(commands.iter().map(|it| &it.command).collect::<Vec<_>>(), [&expected]);
        let meeting = meetings::store::by_id(&mut tx, room).await.unwrap().unwrap();
        assert_eq!((meeting.epoch, meeting.state(NOW)), (1, meetings::State::Ended));
        drop(tx);
        assert_eq!(refusal(withdraw(&db, NOW, world.applicant, id, None).await).values["state"], "withdrawn");
        world.applied(&db, &world.draft(USE, 2)).await;
    }

    /// The schema keeps the rules where the code is wrong.
    async fn the_schema_refuses_behind_the_code(db: Db) {
        let world = World::new(&db).await;
        let draft = world.draft(USE, 2);
        let id = world.applied(&db, &draft).await;
        let span = |from: i64, to: i64| (USE.0 + from * HOUR, USE.0 + to * HOUR);
        // An overlap, by a plain insert of the store.
        for (from, to) in [span(-1, 1), span(0, 2), span(1, 3), span(-1, 3)] {
            let mut tx = db.write().await.unwrap();
            let outcome = on!(&mut tx, c => sqlx::query(BLOCK).bind(GrantId::fresh().to_string()).bind(Text(world.sites[0])).bind(from).bind(to).execute(c).await.map(drop));
            assert_eq!(kernel::db::constraint::name(&outcome.unwrap_err()).as_deref(), Some("occupancy_no_double"));
        }
        // Back to back is none.
        for (from, to) in [span(-1, 0), span(2, 3)] {
            let mut tx = db.write().await.unwrap();
            on!(&mut tx, c => sqlx::query(BLOCK).bind(GrantId::fresh().to_string()).bind(Text(world.sites[0])).bind(from).bind(to).execute(c).await.map(drop)).unwrap();
        }
        // A seventh seat, a seat twice, a person twice.
        let table = [(7i64, PersonId::fresh(), "seat_cap"), (1, PersonId::fresh(), "seat_pkey"), (3, world.people[2], "seat_reservation_id_person_id_key")];
        for (seat_no, person, constraint) in table {
            let mut tx = db.write().await.unwrap();
            let outcome = on!(&mut tx, c => sqlx::query(SEAT_RAW).bind(Text(id)).bind(Text(world.sites[0])).bind(seat_no).bind(Text(person)).execute(c).await.map(drop));
            assert_eq!(kernel::db::constraint::name(&outcome.unwrap_err()).as_deref(), Some(constraint));
        }
        let behind = |sql| db.execute_for_tests(sql);
        let name = |outcome: Result<u64, sqlx::Error>| kernel::db::constraint::name(&outcome.unwrap_err());
        assert_eq!(name(behind("DELETE FROM occupancy").await).as_deref(), Some("occupancy_no_delete"));
        assert_eq!(name(behind("UPDATE reservation SET classification = 'RAHSIA'").await).as_deref(), Some("reservation_classification"));
        assert_eq!(name(behind("UPDATE reservation SET received_at_ms = lawful_until_ms + 1").await).as_deref(), Some("reservation_lead_time"));
        assert_eq!(name(behind("UPDATE occupancy SET ends_at_ms = ends_at_ms + 1").await).as_deref(), Some("occupancy_span"));
        if db.kind() == Kind::Sqlite {
            // The outer conflict clause of a statement overrides those inside triggers; RAISE it does not.
            for verb in [INSERT_OR_IGNORE, INSERT_OR_REPLACE] {
                assert_eq!(name(behind(verb).await).as_deref(), Some("occupancy_no_double"));
            }
            behind("UPDATE occupancy SET state = 'released'").await.unwrap();
            behind("INSERT INTO occupancy (id, site_id, kind, starts_at_ms, ends_at_ms, state) SELECT 'x', site_id, 'blackout', starts_at_ms, ends_at_ms, 'blocked' FROM occupancy LIMIT 1").await.unwrap();
            for verb in ["UPDATE OR IGNORE occupancy SET state = 'held' WHERE id <> 'x'", "UPDATE OR REPLACE occupancy SET state = 'held' WHERE id <> 'x'"] {
                assert_eq!(name(behind(verb).await).as_deref(), Some("occupancy_no_double"));
            }
        }
    }

    /// 32 at once apply, approve, withdraw and apply again for the same few slots at overlapping pairs of sites, in either order.
    async fn rivals_never_overlap_and_never_seat_a_seventh(db: Db) {
        let world = std::sync::Arc::new(World::new(&db).await);
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..32usize {
            let (db, world) = (db.clone(), world.clone());
            tasks.spawn(async move {
                let mut won = 0;
                for round in 0..6usize {
                    let mut draft = world.draft(USE.saturating_add_ms(((task + round) % 5) as i64 * HOUR / 2), 1);
                    let (one, other) = [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)][(task + round) % 6];
                    draft.sites[0] = DraftSite { site: world.sites[one], people: world.people[0..6].to_vec() };
                    draft.sites[1] = DraftSite { site: world.sites[other], people: world.people[6..12].to_vec() };
                    match apply(&db, NOW, world.application(&draft)).await {
                        Ok(id) => {
                            won += 1;
                            if (task + round) % 3 == 0 {
                                decide(&db, NOW, world.approver, id, &answer(Decision::Approve)).await.unwrap();
                            }
                            withdraw(&db, NOW, world.applicant, id, None).await.unwrap();
                        }
                        Err(Error::Refused(refusal)) => assert_eq!(refusal.code, Code::SlotTaken),
                        Err(error) => panic!("neither won nor refused: {error:?}"),
                    }
                    // What is applied last stays, so that rivals meet a full grid too.
                    if round == 5 {
                        let _ = apply(&db, NOW, world.application(&draft)).await;
                    }
                }
                won
            });
        }
        let won: i32 = tasks.join_all().await.into_iter().sum();
        assert!(won > 0);
        let mut tx = db.read().await.unwrap();
        let overlaps: i64 = on!(&mut tx, c => sqlx::query_scalar(OVERLAPS).fetch_one(c).await).unwrap();
        let sevenths: i64 = on!(&mut tx, c => sqlx::query_scalar(SEVENTHS).fetch_one(c).await).unwrap();
        let held: i64 = on!(&mut tx, c => sqlx::query_scalar(HELD).fetch_one(c).await).unwrap();
        assert_eq!((overlaps, sevenths), (0, 0));
        assert!(held > 0);
        drop(tx);
        assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    }
}

const BLOCK: &str =
    "INSERT INTO occupancy (id, site_id, kind, starts_at_ms, ends_at_ms, state) VALUES ($1, $2, 'maintenance', $3, $4, 'blocked')";
const SEAT_RAW: &str = "INSERT INTO seat (occupancy_id, reservation_id, seat_no, person_id)
    SELECT id, reservation_id, CAST($3 AS BIGINT), CAST($4 AS TEXT) FROM occupancy WHERE reservation_id = $1 AND site_id = $2";
const INSERT_OR_IGNORE: &str = "INSERT OR IGNORE INTO occupancy (id, site_id, kind, starts_at_ms, ends_at_ms, state)
    SELECT 'x', site_id, 'blackout', starts_at_ms, ends_at_ms, 'blocked' FROM occupancy";
const INSERT_OR_REPLACE: &str = "INSERT OR REPLACE INTO occupancy (id, site_id, kind, starts_at_ms, ends_at_ms, state)
    SELECT 'x', site_id, 'blackout', starts_at_ms, ends_at_ms, 'blocked' FROM occupancy";
const OVERLAPS: &str = "SELECT COUNT(*) FROM occupancy a JOIN occupancy b ON a.site_id = b.site_id AND a.id < b.id
    WHERE a.state <> 'released' AND b.state <> 'released' AND a.starts_at_ms < b.ends_at_ms AND b.starts_at_ms < a.ends_at_ms";
const SEVENTHS: &str = "SELECT COUNT(*) FROM (SELECT occupancy_id FROM seat GROUP BY occupancy_id HAVING COUNT(*) > 6) AS full_sites";
const HELD: &str = "SELECT COUNT(*) FROM occupancy WHERE state <> 'released'";
