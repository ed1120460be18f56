//! Random acts at the same time by many, on both databases: whatever they do, no site is used twice, nobody is a seventh, nothing that was
//! acknowledged is lost, and no deadlock comes to the surface. 20,000 acts by default, as many as `SIDANG_SOAK_ACTS` says otherwise; the
//! seed is printed, and `SIDANG_SOAK_SEED` repeats it as far as the order of arrival can be repeated.

use super::{world::*, *};
use crate::{
    blocks::{self, BlockKind, NewBlock},
    decisions::{Answer, Decision, decide},
    reservations::amendment::{Amending, amend},
    testing::{DAY, HOUR, NOW, USE},
};
use kernel::{Db, Error, Text, on};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tokio::task::JoinSet;
use wire::{Code, id::BlockId};

const ACTS: usize = 20_000;
/// Parts of the whole, so that they run beside each other.
const PARTS: usize = 4;
/// Who act at the same time in one part.
const ACTORS: usize = 12;
/// Quarters of an hour in which uses begin: few enough that everybody is in everybody's way.
const STARTS: u64 = 30;
/// All that is applied for here holds its sites until Thursday at 17:00, the working day before its use; an hour after that.
const HOLDS_OVER: UnixMs = UnixMs(NOW.0 + 2 * DAY + 8 * HOUR);
/// Acts of one part from which on every kind of act has been done, whatever the seed.
const ACTS_OF_EVERY_KIND: usize = 2_000;
const OFFERED: &str = "SELECT id, applicant_id, agency_id FROM reservation WHERE state = 'offered'";
/// What must have been done.
const KINDS: [&str; 10] = [
    "reservation.apply",
    "reservation.amend",
    "reservation.approve",
    "reservation.refuse",
    "reservation.withdraw",
    "reservation.hold_expire",
    "reservation.accept_offer",
    "reservation.decline_offer",
    "block.make",
    "block.lift",
];

/// A small generator of random numbers (SplitMix64): the same numbers from the same seed, on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::try_from(self.below(all.len().max(1) as u64)).unwrap_or(0)).copied()
    }
}

/// What the service said it did, by the name that the trail has for it.
type Done = Arc<Mutex<BTreeMap<&'static str, usize>>>;

struct Actor {
    db: Db,
    world: Arc<World>,
    by: By,
    random: Random,
    /// What this one applied for, and everybody's.
    mine: Vec<ReservationId>,
    all: Arc<Mutex<Vec<ReservationId>>>,
    blocks: Arc<Mutex<Vec<BlockId>>>,
    done: Done,
}

impl Actor {
    fn told(&self, act: &'static str) {
        *self.done.lock().unwrap().entry(act).or_default() += 1;
    }

    /// What the service may say to an act of somebody who does not look before acting. Anything else fails the test.
    #[track_caller]
    fn settled<T>(&self, outcome: kernel::Result<T>, act: &'static str, expected: &[Code]) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.told(act);
                Some(value)
            }
            Err(Error::Refused(refusal)) if expected.contains(&refusal.code) => None,
            Err(error) => panic!("{act}: {error:?}"),
        }
    }

    fn draft(&mut self) -> Draft {
        let from = USE.saturating_add_ms(self.random.below(STARTS) as i64 * HOUR / 4);
        let mut draft = self.world.draft(from, 1);
        draft.ends_at_ms = from.saturating_add_ms((1 + self.random.below(6) as i64) * HOUR / 4);
        let first = self.random.below(3) as usize;
        let sites = [first, (first + 1 + self.random.below(2) as usize) % 3];
        let mut people = self.world.people.clone();
        for nth in 0..people.len() {
            people.swap(nth, self.random.below(24) as usize);
        }
        let seats = [1 + self.random.below(6) as usize, 1 + self.random.below(6) as usize];
        draft.sites = vec![
            DraftSite { site: self.world.sites[sites[0]], people: people[..seats[0]].to_vec() },
            DraftSite { site: self.world.sites[sites[1]], people: people[6..6 + seats[1]].to_vec() },
        ];
        draft.online = people[12..12 + self.random.below(3) as usize].to_vec();
        draft
    }

    async fn act(&mut self) {
        match self.random.below(100) {
            0..30 => self.apply().await,
            30..50 => self.amend().await,
            50..62 => self.decide(Decision::Approve).await,
            62..66 => self.decide(Decision::Refuse).await,
            66..84 => self.withdraw().await,
            84..88 => self.block().await,
            88..92 => self.lift().await,
            92..95 => self.answer().await,
            // What time does, which comes to all of them at once.
            95..98 => self.expire().await,
            _ => drop(waiting_due(&self.db, NOW).await.unwrap()),
        }
    }

    async fn apply(&mut self) {
        let draft = self.draft();
        let wait = self.random.below(8) == 0;
        let application = Application { by: self.by, wait, ..self.world.application(&draft) };
        let outcome = apply(&self.db, NOW, application).await;
        // Hours of the night and a use across midnight are among the starts.
        if let Some(id) = self.settled(outcome, "reservation.apply", &[Code::SlotTaken, Code::SlotInvalid]) {
            self.mine.push(id);
            self.all.lock().unwrap().push(id);
        }
    }

    async fn amend(&mut self) {
        let Some(id) = self.random.of(&self.mine) else { return };
        let old = stored(&self.db, id).await;
        let mut draft = self.draft();
        if self.random.below(2) == 0 {
            // The same time and sites: other people alone.
            draft = Draft { sites: old.as_draft().sites, starts_at_ms: old.slot.starts_at, ends_at_ms: old.slot.ends_at, ..draft };
            let free = |it: &PersonId| !draft.sites.iter().any(|site| site.people.contains(it));
            let person = self.world.people.iter().copied().find(free);
            if let (Some(person), Some(site)) = (person, draft.sites.first_mut()) {
                site.people.truncate(5);
                site.people.push(person);
            }
            draft.online.clear();
        }
        let amending =
            Amending { application: Application { by: self.by, ..self.world.application(&draft) }, version: old.version, applicant: None };
        let outcome = amend(&self.db, NOW, id, &amending).await;
        let expected = [Code::SlotTaken, Code::SlotInvalid, Code::Conflict, Code::ReservationState];
        self.settled(outcome, "reservation.amend", &expected);
    }

    fn anybodys(&mut self) -> Option<ReservationId> {
        let all = self.all.lock().unwrap().clone();
        // The latest: what is long over is of no interest.
        let recent = &all[all.len().saturating_sub(40)..];
        self.random.of(recent)
    }

    async fn decide(&mut self, decision: Decision) {
        let Some(id) = self.anybodys() else { return };
        let reason_code = (decision == Decision::Refuse).then_some(crate::decisions::ReasonCode::RoomNeeded);
        let answer = Answer { decision, reason_code, ..answer(decision) };
        let outcome = decide(&self.db, NOW, self.world.approver, id, &answer).await;
        let act = if decision == Decision::Approve { "reservation.approve" } else { "reservation.refuse" };
        self.settled(outcome, act, &[Code::ReservationState, Code::SlotTaken]);
    }

    async fn withdraw(&mut self) {
        let Some(id) = self.random.of(&self.mine) else { return };
        let outcome = withdraw(&self.db, NOW, self.by, id, None).await;
        self.settled(outcome, "reservation.withdraw", &[Code::ReservationState]);
        self.mine.retain(|it| *it != id);
    }

    /// The holds of all that nobody decided on are over.
    async fn expire(&mut self) {
        let expired = hold_expiry_due(&self.db, HOLDS_OVER).await.unwrap();
        *self.done.lock().unwrap().entry("reservation.hold_expire").or_default() += expired;
    }

    /// One of those to whom a place is offered answers; whoever asks for it does so in their name.
    async fn answer(&mut self) {
        let offered: Vec<(Text<ReservationId>, Text<PersonId>, Text<AgencyId>)> =
            on!(&mut self.db.read().await.unwrap(), c => sqlx::query_as(OFFERED).fetch_all(c).await).unwrap();
        let nth = self.random.below(offered.len().max(1) as u64) as usize;
        let Some((Text(id), Text(person), Text(agency))) = offered.into_iter().nth(nth) else { return };
        let accept = self.random.below(2) == 0;
        let outcome = waiting::answer(&self.db, NOW, By { person, agency }, id, accept).await;
        let act = if accept { "reservation.accept_offer" } else { "reservation.decline_offer" };
        self.settled(outcome, act, &[Code::ReservationState]);
    }

    async fn block(&mut self) {
        let from = USE.saturating_add_ms(self.random.below(STARTS) as i64 * HOUR / 4);
        let Some(site) = self.random.of(&self.world.sites) else { return };
        let until = from.saturating_add_ms((1 + self.random.below(4) as i64) * HOUR / 4);
        let new =
            NewBlock { site, kind: BlockKind::Maintenance, from, until: Some(until), note: None, fault: None, by: Some(self.by.person) };
        let db = &self.db;
        let outcome = kernel::transact!(db, tx => blocks::block(tx, NOW, &new).await);
        if let Some((id, _)) = self.settled(outcome, "block.make", &[]) {
            self.blocks.lock().unwrap().push(id);
        }
    }

    async fn lift(&mut self) {
        let Some(id) = self.blocks.lock().unwrap().pop() else { return };
        let (db, by) = (&self.db, self.by.person);
        let outcome = kernel::transact!(db, tx => blocks::lift(tx, NOW, id, Some(by)).await);
        self.settled(outcome, "block.lift", &[]);
    }
}

const OVERLAPS: &str = "SELECT COUNT(*) FROM occupancy a JOIN occupancy b ON a.site_id = b.site_id AND a.id < b.id
    WHERE a.state <> 'released' AND b.state <> 'released' AND a.starts_at_ms < b.ends_at_ms AND b.starts_at_ms < a.ends_at_ms";
const SEVENTHS: &str = "SELECT COUNT(*) FROM (SELECT occupancy_id FROM seat GROUP BY occupancy_id HAVING COUNT(*) > 6) AS full_sites";
/// Approved without a site of its own, or over and still holding one.
const ASTRAY: &str = "SELECT COUNT(*) FROM reservation r JOIN occupancy o ON o.reservation_id = r.id WHERE o.removed_at_ms IS NULL AND (
    (r.state = 'approved' AND o.state <> 'approved') OR (r.state = 'offered' AND o.state <> 'held')
    OR (r.state IN ('waiting', 'refused', 'withdrawn', 'lapsed') AND o.state <> 'released'))";
/// Held for a time that is not the use's.
const BESIDE: &str = "SELECT COUNT(*) FROM reservation r JOIN occupancy o ON o.reservation_id = r.id
    WHERE o.removed_at_ms IS NULL AND (o.starts_at_ms > r.starts_at_ms OR o.ends_at_ms < r.ends_at_ms)";
/// What is kept beside each occupancy of its reservation, and is not so.
const OUTDATED: &str = "SELECT COUNT(*) FROM reservation r JOIN occupancy o ON o.reservation_id = r.id WHERE o.agency_id IS NULL
    OR o.agency_id <> r.agency_id OR o.use_starts_at_ms <> r.starts_at_ms OR o.use_ends_at_ms <> r.ends_at_ms";
const TRAIL: &str = "SELECT act, COUNT(*) FROM audit WHERE outcome = 'done' GROUP BY act";

async fn count(db: &Db, sql: &'static str) -> i64 {
    let mut tx = db.read().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

async fn holds(db: &Db) {
    assert_eq!(count(db, OVERLAPS).await, 0, "a site is used twice");
    assert_eq!(count(db, SEVENTHS).await, 0, "a seventh person");
    assert_eq!(count(db, ASTRAY).await, 0, "a state that its sites do not know of");
    assert_eq!(count(db, BESIDE).await, 0, "held beside its time");
    assert_eq!(count(db, OUTDATED).await, 0, "an occupancy that tells of another use than its reservation");
}

async fn storm(db: Db, part: usize) {
    let read = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let acts = read("SIDANG_SOAK_ACTS").map_or(ACTS, |it| it as usize) / PARTS;
    let seed = read("SIDANG_SOAK_SEED").unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1);
    println!("SIDANG_SOAK_SEED={seed}, part {part}, {acts} acts");
    let world = Arc::new(World::new(&db).await);
    let (all, blocks, done): (Arc<Mutex<Vec<_>>>, Arc<Mutex<Vec<_>>>, Done) = Default::default();
    let mut tasks = JoinSet::new();
    for nth in 0..ACTORS {
        let mut actor = Actor {
            db: db.clone(),
            world: world.clone(),
            by: By { person: PersonId::fresh(), agency: AgencyId::fresh() },
            random: Random(seed ^ ((part * ACTORS + nth) as u64).wrapping_mul(0x2545_f491_4f6c_dd1d)),
            mine: Vec::new(),
            all: all.clone(),
            blocks: blocks.clone(),
            done: done.clone(),
        };
        tasks.spawn(async move {
            for turn in 0..acts / ACTORS {
                actor.act().await;
                // Seen from outside, in the middle of it: a reader's snapshot is whole.
                if turn % 100 == 99 && nth == 0 {
                    holds(&actor.db).await;
                }
            }
        });
    }
    tasks.join_all().await;
    holds(&db).await;
    // What was acknowledged stands in the trail, once each, and nothing else does.
    let mut tx = db.read().await.unwrap();
    let trail: Vec<(String, i64)> = on!(&mut tx, c => sqlx::query_as(TRAIL).fetch_all(c).await).unwrap();
    drop(tx);
    let trail: BTreeMap<String, i64> = trail.into_iter().collect();
    let done = done.lock().unwrap().clone();
    println!("{done:?}");
    for (act, times) in &done {
        assert_eq!(trail.get(*act).copied().unwrap_or(0), *times as i64, "{act}");
    }
    let applied = all.lock().unwrap().clone();
    assert_eq!(applied.len(), count(&db, "SELECT COUNT(*) FROM reservation").await as usize);
    assert!(kernel::audit::verify(&db).await.unwrap().is_ok());
    if acts >= ACTS_OF_EVERY_KIND {
        for act in KINDS {
            assert!(done.get(act).is_some_and(|times| *times > 0), "{act} was never done: {done:?}");
        }
    }
}

kernel::on_both! {
    async fn whatever_happens_at_once_1(db: Db) { storm(db, 1).await; }
    async fn whatever_happens_at_once_2(db: Db) { storm(db, 2).await; }
    async fn whatever_happens_at_once_3(db: Db) { storm(db, 3).await; }
    async fn whatever_happens_at_once_4(db: Db) { storm(db, 4).await; }
}
