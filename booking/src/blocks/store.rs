//! Blocks and displacements as stored.

use super::{Block, BlockKind, Displaced, NewBlock, Outcome};
use crate::policy::Slot;
use kernel::{OnConstraint, Result, Text, Tx, on};
use wire::{
    Code, Refusal, UnixMs,
    id::{BlockId, FaultId, MeetingId, PersonId, ReservationId, SiteId},
};

/// Blocks in one answer.
const LIST_MAX: i64 = 200;
/// Bookings that one block can meet at one site: half an hour each, nine hours a day, a year. A longer list is cut by nothing but this.
const MET_MAX: i64 = 6_600;

macro_rules! select_block {
    ($rest:literal) => {
        concat!(
            "SELECT id, site_id, kind, fault_id, note, starts_at_ms, ends_at_ms, covered_until_ms, created_by, lifted_at_ms FROM site_block ",
            $rest
        )
    };
}

macro_rules! select_displaced {
    ($rest:literal) => {
        concat!(
            "SELECT d.block_id, d.reservation_id, d.occupancy_id, d.from_state, d.occupancy_state, d.at_ms, d.outcome, o.site_id,
                o.starts_at_ms, o.ends_at_ms
             FROM displacement d JOIN occupancy o ON o.id = d.occupancy_id JOIN reservation r ON r.id = d.reservation_id ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO site_block (id, site_id, kind, fault_id, note, starts_at_ms, ends_at_ms, covered_until_ms, created_by, created_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    BY_ID = select_block!("WHERE id = $1");
    OF_FAULT = select_block!("WHERE fault_id = $1 ORDER BY starts_at_ms DESC LIMIT $2");
    WITHIN = select_block!("WHERE site_id = $1 AND lifted_at_ms IS NULL AND starts_at_ms < $3 AND covered_until_ms > $2
        ORDER BY starts_at_ms, id LIMIT $4");
    TO_RENEW = "SELECT id FROM site_block WHERE ends_at_ms IS NULL AND lifted_at_ms IS NULL AND covered_until_ms < $1 ORDER BY id LIMIT $2";
    COVERED = "UPDATE site_block SET covered_until_ms = $2 WHERE id = $1";
    END = "UPDATE site_block SET ends_at_ms = $2, covered_until_ms = $2 WHERE id = $1";
    UNEND = "UPDATE site_block SET ends_at_ms = NULL, covered_until_ms = $2 WHERE id = $1";
    LIFT = "UPDATE site_block SET ends_at_ms = $2, covered_until_ms = $2, lifted_by = $3, lifted_at_ms = $4 WHERE id = $1";

    OCCUPY = "INSERT INTO occupancy (id, site_id, kind, starts_at_ms, ends_at_ms, state, block_id) VALUES ($1, $2, $3, $4, $5, 'blocked', $6)";
    BLOCKED = "SELECT starts_at_ms, ends_at_ms FROM occupancy
        WHERE site_id = $1 AND state = 'blocked' AND starts_at_ms < $3 AND ends_at_ms > $2 ORDER BY starts_at_ms LIMIT $4";
    /// What the block had of the site from an instant on is let go, and what reaches over it is cut there.
    RELEASE_FROM = "UPDATE occupancy SET state = 'released' WHERE block_id = $1 AND state = 'blocked' AND starts_at_ms >= $2";
    CUT_AT = "UPDATE occupancy SET ends_at_ms = $2 WHERE block_id = $1 AND state = 'blocked' AND starts_at_ms < $2 AND ends_at_ms > $2";
    TAKEN = "SELECT COUNT(*) FROM occupancy WHERE site_id = $1 AND state <> 'released' AND starts_at_ms < $3 AND ends_at_ms > $2";

    MET = "SELECT o.id, o.reservation_id, o.starts_at_ms, o.ends_at_ms, r.ends_at_ms AS use_ends_at_ms
        FROM occupancy o JOIN reservation r ON r.id = o.reservation_id
        WHERE o.site_id = $1 AND o.state IN ('held', 'approved', 'in_use') AND o.starts_at_ms < $3 AND o.ends_at_ms > $2
        ORDER BY o.starts_at_ms LIMIT $4";
    /// Waits for whoever is changing the reservation, and tells where it stands then.
    LOCK_RESERVATION = "UPDATE reservation SET state = state WHERE id = $1 RETURNING state";
    OCCUPANCY_STATE = "SELECT state FROM occupancy WHERE id = $1";
    RESERVATION_TO = "UPDATE reservation SET state = $2 WHERE id = $1";
    OCCUPANCY_TO = "UPDATE occupancy SET state = $2 WHERE id = $1";
    TRIM = "UPDATE occupancy SET ends_at_ms = $2 WHERE id = $1";
    DISPLACE = "INSERT INTO displacement (block_id, reservation_id, occupancy_id, from_state, occupancy_state, at_ms) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (block_id, reservation_id) DO UPDATE SET occupancy_id = excluded.occupancy_id, occupancy_state = excluded.occupancy_state,
            at_ms = excluded.at_ms, outcome = NULL, outcome_by = NULL, outcome_at_ms = NULL";
    DISPLACED_BY = select_displaced!("WHERE d.block_id = $1 ORDER BY r.starts_at_ms, d.reservation_id LIMIT $2");
    DISPLACEMENT = select_displaced!("WHERE d.block_id = $1 AND d.reservation_id = $2 ORDER BY d.block_id LIMIT $3");
    UNSETTLED_OF = select_displaced!("WHERE d.reservation_id = $1 AND d.outcome IS NULL ORDER BY d.at_ms, d.block_id LIMIT $2");
    SETTLE = "UPDATE displacement SET outcome = $3, outcome_by = $4, outcome_at_ms = $5
        WHERE block_id = $1 AND reservation_id = $2 AND outcome IS NULL RETURNING block_id";

    OCCUPY_FOR = "INSERT INTO occupancy (id, reservation_id, site_id, kind, starts_at_ms, ends_at_ms, state)
        VALUES ($1, $2, $3, 'reservation', $4, $5, $6)
        ON CONFLICT (reservation_id, site_id) DO UPDATE SET starts_at_ms = excluded.starts_at_ms, ends_at_ms = excluded.ends_at_ms,
            state = excluded.state, removed_at_ms = NULL RETURNING id";
    MOVE_SEATS = "UPDATE seat SET occupancy_id = $2 WHERE occupancy_id = $1";
    CLEAR_SEATS = "DELETE FROM seat WHERE occupancy_id = $1";
    TAKE_OFF = "UPDATE occupancy SET removed_at_ms = $2 WHERE id = $1 AND state = 'released'";
    JOIN_ONLINE = "INSERT INTO reservation_online (reservation_id, person_id) VALUES ($1, $2) ON CONFLICT (reservation_id, person_id) DO NOTHING";
    HOLDS = "SELECT COUNT(*) FROM occupancy WHERE reservation_id = $1 AND state <> 'released'";

    MEETING_OF = "SELECT id FROM meeting WHERE reservation_id = $1 AND ended_at_ms IS NULL";
    SEATED_AT = "SELECT person_id FROM meeting_person WHERE meeting_id = $1 AND site_id = $2 ORDER BY person_id";
    UNSEAT = "UPDATE meeting_person SET site_id = NULL, seat_no = NULL WHERE meeting_id = $1 AND site_id = $2";
    ROOM_SYSTEMS = "SELECT id FROM device WHERE site_id = $1 AND kind = 'room_system' AND revoked_at_ms IS NULL ORDER BY id";
    SEATS = "SELECT seat_no, person_id FROM seat WHERE occupancy_id = $1 ORDER BY seat_no";
    RESEAT = "UPDATE meeting_person SET site_id = $3, seat_no = $4 WHERE meeting_id = $1 AND person_id = $2";
}

#[derive(sqlx::FromRow)]
struct BlockRow {
    id: Text<BlockId>,
    site_id: Text<SiteId>,
    kind: Text<BlockKind>,
    fault_id: Option<Text<FaultId>>,
    note: Option<String>,
    starts_at_ms: i64,
    ends_at_ms: Option<i64>,
    covered_until_ms: i64,
    created_by: Option<Text<PersonId>>,
    lifted_at_ms: Option<i64>,
}

impl From<BlockRow> for Block {
    fn from(row: BlockRow) -> Self {
        Self {
            id: row.id.0,
            site: row.site_id.0,
            kind: row.kind.0,
            fault: row.fault_id.map(|it| it.0),
            note: row.note,
            starts_at: UnixMs(row.starts_at_ms),
            ends_at: row.ends_at_ms.map(UnixMs),
            covered_until: UnixMs(row.covered_until_ms),
            created_by: row.created_by.map(|it| it.0),
            lifted_at: row.lifted_at_ms.map(UnixMs),
        }
    }
}

pub async fn insert(tx: &mut Tx, id: BlockId, new: &NewBlock<'_>, covered: Slot, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(new.site)).bind(new.kind.text()).bind(new.fault.map(Text)).bind(new.note)
        .bind(covered.starts_at.0).bind(new.until.map(|_| covered.ends_at.0)).bind(covered.ends_at.0)
        .bind(new.by.map(Text)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: BlockId) -> Result<Option<Block>> {
    let row: Option<BlockRow> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(Block::from))
}

/// The blocks of a fault, the latest first.
pub async fn of_fault(tx: &mut Tx, fault: FaultId) -> Result<Vec<Block>> {
    let rows: Vec<BlockRow> = on!(tx, c => sqlx::query_as(OF_FAULT).bind(Text(fault)).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Block::from).collect())
}

/// The blocks of a site that touch a span and were not lifted before it, the soonest first.
pub async fn within(tx: &mut Tx, site: SiteId, span: Slot) -> Result<Vec<Block>> {
    let rows: Vec<BlockRow> = on!(tx, c => sqlx::query_as(WITHIN)
        .bind(Text(site)).bind(span.starts_at.0).bind(span.ends_at.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Block::from).collect())
}

/// Blocks without an end whose last step ends before `before`.
pub async fn to_renew(tx: &mut Tx, before: UnixMs) -> Result<Vec<BlockId>> {
    let ids: Vec<Text<BlockId>> = on!(tx, c => sqlx::query_scalar(TO_RENEW).bind(before.0).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(ids.into_iter().map(|it| it.0).collect())
}

pub async fn covered(tx: &mut Tx, id: BlockId, until: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(COVERED).bind(Text(id)).bind(until.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn end(tx: &mut Tx, id: BlockId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(END).bind(Text(id)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// It has no end any more, and is covered so far.
pub async fn unend(tx: &mut Tx, id: BlockId, covered_until: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(UNEND).bind(Text(id)).bind(covered_until.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn lift(tx: &mut Tx, id: BlockId, ends_at: UnixMs, by: Option<PersonId>, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(LIFT).bind(Text(id)).bind(ends_at.0).bind(by.map(Text)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes the site for a block. A booking that came in between without the site's lock is met by the schema.
pub async fn occupy(tx: &mut Tx, block: &Block, span: Slot) -> Result<()> {
    on!(tx, c => sqlx::query(OCCUPY)
        .bind(uuid::Uuid::now_v7().to_string()).bind(Text(block.site)).bind(block.kind.text()).bind(span.starts_at.0).bind(span.ends_at.0)
        .bind(Text(block.id)).execute(c).await.map(drop))
    .on_constraint(|name| (name == "occupancy_no_double").then(|| Refusal::new(Code::SlotTaken).with("site", block.site.to_string())))
}

/// What other blocks have of the site already.
pub async fn blocked(tx: &mut Tx, site: SiteId, span: Slot) -> Result<Vec<Slot>> {
    let rows: Vec<(i64, i64)> = on!(tx, c => sqlx::query_as(BLOCKED)
        .bind(Text(site)).bind(span.starts_at.0).bind(span.ends_at.0).bind(MET_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(from, to)| Slot { starts_at: UnixMs(from), ends_at: UnixMs(to) }).collect())
}

/// Lets go of what a block has of its site from `at` on.
pub async fn release_from(tx: &mut Tx, id: BlockId, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(RELEASE_FROM).bind(Text(id)).bind(at.0).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(CUT_AT).bind(Text(id)).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether nothing occupies the site in that span.
pub async fn is_free(tx: &mut Tx, site: SiteId, span: Slot) -> Result<bool> {
    let taken: i64 =
        on!(tx, c => sqlx::query_scalar(TAKEN).bind(Text(site)).bind(span.starts_at.0).bind(span.ends_at.0).fetch_one(c).await)?;
    Ok(taken == 0)
}

/// A booking's hold on a site that a block meets, or would.
#[derive(Clone, Debug)]
pub struct Met {
    pub occupancy: String,
    pub reservation: ReservationId,
    pub span: Slot,
    /// When its people leave: after that the room is only being put in order.
    pub use_ends_at: UnixMs,
}

pub async fn met(tx: &mut Tx, site: SiteId, span: Slot) -> Result<Vec<Met>> {
    type Row = (String, Text<ReservationId>, i64, i64, i64);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(MET)
        .bind(Text(site)).bind(span.starts_at.0).bind(span.ends_at.0).bind(MET_MAX).fetch_all(c).await)?;
    let met = |(occupancy, reservation, from, to, use_ends): Row| Met {
        occupancy,
        reservation: reservation.0,
        span: Slot { starts_at: UnixMs(from), ends_at: UnixMs(to) },
        use_ends_at: UnixMs(use_ends),
    };
    Ok(rows.into_iter().map(met).collect())
}

/// Where the reservation stands, once nobody else is changing it.
pub async fn lock_reservation(tx: &mut Tx, id: ReservationId) -> Result<String> {
    Ok(on!(tx, c => sqlx::query_scalar(LOCK_RESERVATION).bind(Text(id)).fetch_one(c).await)?)
}

/// How the occupancy stands now.
pub async fn occupancy_state(tx: &mut Tx, occupancy: &str) -> Result<String> {
    Ok(on!(tx, c => sqlx::query_scalar(OCCUPANCY_STATE).bind(occupancy).fetch_one(c).await)?)
}

pub async fn reservation_to(tx: &mut Tx, id: ReservationId, state: &str) -> Result<()> {
    on!(tx, c => sqlx::query(RESERVATION_TO).bind(Text(id)).bind(state).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn occupancy_to(tx: &mut Tx, occupancy: &str, state: &str) -> Result<()> {
    on!(tx, c => sqlx::query(OCCUPANCY_TO).bind(occupancy).bind(state).execute(c).await.map(drop))
        .on_constraint(|name| (name == "occupancy_no_double").then(|| Refusal::new(Code::SlotTaken)))
}

/// The room is put in order for a shorter time.
pub async fn trim(tx: &mut Tx, occupancy: &str, ends_at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(TRIM).bind(occupancy).bind(ends_at.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn displace(tx: &mut Tx, it: &Displaced, occupancy: (&str, &str)) -> Result<()> {
    on!(tx, c => sqlx::query(DISPLACE)
        .bind(Text(it.block)).bind(Text(it.reservation)).bind(occupancy.0).bind(&it.from_state).bind(occupancy.1).bind(it.at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// A displacement with what is needed to undo it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub shown: Displaced,
    pub occupancy: String,
    pub occupancy_state: String,
}

#[derive(sqlx::FromRow)]
struct DisplacedRow {
    block_id: Text<BlockId>,
    reservation_id: Text<ReservationId>,
    occupancy_id: String,
    from_state: String,
    occupancy_state: String,
    at_ms: i64,
    outcome: Option<Text<Outcome>>,
    site_id: Text<SiteId>,
    starts_at_ms: i64,
    ends_at_ms: i64,
}

impl From<DisplacedRow> for Kept {
    fn from(row: DisplacedRow) -> Self {
        let shown = Displaced {
            block: row.block_id.0,
            reservation: row.reservation_id.0,
            site: row.site_id.0,
            span: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
            from_state: row.from_state,
            at: UnixMs(row.at_ms),
            outcome: row.outcome.map(|it| it.0),
        };
        Self { shown, occupancy: row.occupancy_id, occupancy_state: row.occupancy_state }
    }
}

/// The bookings that a block displaced, the soonest first.
pub async fn kept_by(tx: &mut Tx, block: BlockId) -> Result<Vec<Kept>> {
    let rows: Vec<DisplacedRow> = on!(tx, c => sqlx::query_as(DISPLACED_BY).bind(Text(block)).bind(MET_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// The bookings that a block displaced, the soonest first.
pub async fn displaced_by(tx: &mut Tx, block: BlockId) -> Result<Vec<Displaced>> {
    Ok(kept_by(tx, block).await?.into_iter().map(|it| it.shown).collect())
}

/// What a block did to one booking.
pub async fn displacement(tx: &mut Tx, block: BlockId, reservation: ReservationId) -> Result<Option<Kept>> {
    let row: Option<DisplacedRow> =
        on!(tx, c => sqlx::query_as(DISPLACEMENT).bind(Text(block)).bind(Text(reservation)).bind(1i64).fetch_optional(c).await)?;
    Ok(row.map(Kept::from))
}

/// The rooms that a booking lost and that nobody has settled, the first loss first.
pub async fn unsettled_of(tx: &mut Tx, reservation: ReservationId) -> Result<Vec<Kept>> {
    let rows: Vec<DisplacedRow> = on!(tx, c => sqlx::query_as(UNSETTLED_OF).bind(Text(reservation)).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

/// False where somebody settled it before.
pub async fn settle(tx: &mut Tx, it: &Displaced, outcome: Outcome, by: Option<PersonId>, at: UnixMs) -> Result<bool> {
    let found: Option<String> = on!(tx, c => sqlx::query_scalar(SETTLE)
        .bind(Text(it.block)).bind(Text(it.reservation)).bind(outcome.text()).bind(by.map(Text)).bind(at.0).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// The reservation's meeting, unless it has ended.
pub async fn meeting_of(tx: &mut Tx, reservation: ReservationId) -> Result<Option<MeetingId>> {
    let id: Option<Text<MeetingId>> = on!(tx, c => sqlx::query_scalar(MEETING_OF).bind(Text(reservation)).fetch_optional(c).await)?;
    Ok(id.map(|it| it.0))
}

/// Takes the seats at a site away; answers who had them. They stay in the meeting.
pub async fn unseat(tx: &mut Tx, meeting: MeetingId, site: SiteId) -> Result<Vec<PersonId>> {
    let people: Vec<Text<PersonId>> = on!(tx, c => sqlx::query_scalar(SEATED_AT).bind(Text(meeting)).bind(Text(site)).fetch_all(c).await)?;
    on!(tx, c => sqlx::query(UNSEAT).bind(Text(meeting)).bind(Text(site)).execute(c).await.map(drop))?;
    Ok(people.into_iter().map(|it| it.0).collect())
}

/// The site's room systems, as meetings know them.
pub async fn room_systems(tx: &mut Tx, site: SiteId) -> Result<Vec<PersonId>> {
    let ids: Vec<Text<PersonId>> = on!(tx, c => sqlx::query_scalar(ROOM_SYSTEMS).bind(Text(site)).fetch_all(c).await)?;
    Ok(ids.into_iter().map(|it| it.0).collect())
}

/// Who sits where in an occupancy, though the meeting may know nothing of it now.
pub async fn seats(tx: &mut Tx, occupancy: &str) -> Result<Vec<(i64, PersonId)>> {
    let rows: Vec<(i64, Text<PersonId>)> = on!(tx, c => sqlx::query_as(SEATS).bind(occupancy).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(seat_no, person)| (seat_no, person.0)).collect())
}

pub async fn reseat(tx: &mut Tx, meeting: MeetingId, person: PersonId, site: SiteId, seat_no: i64) -> Result<()> {
    on!(tx, c => sqlx::query(RESEAT)
        .bind(Text(meeting)).bind(Text(person)).bind(Text(site)).bind(seat_no).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes another site for a booking, also one that it had before; answers the occupancy.
pub async fn occupy_for(tx: &mut Tx, id: ReservationId, site: SiteId, span: Slot, state: &str) -> Result<String> {
    on!(tx, c => sqlx::query_scalar(OCCUPY_FOR)
        .bind(uuid::Uuid::now_v7().to_string()).bind(Text(id)).bind(Text(site)).bind(span.starts_at.0).bind(span.ends_at.0).bind(state)
        .fetch_one(c).await)
    .on_constraint(|name| (name == "occupancy_no_double").then(|| Refusal::new(Code::SlotTaken).with("site", site.to_string())))
}

pub async fn move_seats(tx: &mut Tx, from: &str, to: &str) -> Result<()> {
    on!(tx, c => sqlx::query(CLEAR_SEATS).bind(to).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(MOVE_SEATS).bind(from).bind(to).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn clear_seats(tx: &mut Tx, occupancy: &str) -> Result<()> {
    on!(tx, c => sqlx::query(CLEAR_SEATS).bind(occupancy).execute(c).await.map(drop))?;
    Ok(())
}

/// The site is none of the booking's any more; the row stays, because an occupancy is never deleted.
pub async fn take_off(tx: &mut Tx, occupancy: &str, at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(TAKE_OFF).bind(occupancy).bind(at.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn join_online(tx: &mut Tx, id: ReservationId, person: PersonId) -> Result<()> {
    on!(tx, c => sqlx::query(JOIN_ONLINE).bind(Text(id)).bind(Text(person)).execute(c).await.map(drop))?;
    Ok(())
}

/// Whether the booking has a room still.
pub async fn holds_any(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    let held: i64 = on!(tx, c => sqlx::query_scalar(HOLDS).bind(Text(id)).fetch_one(c).await)?;
    Ok(held > 0)
}
