//! Faults as stored.

use super::{Event, EventKind, FaultDraft, FaultOutcome, FaultState, Reporter, Severity, WaitsFor, clock::Targets};
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{EquipmentId, FaultId, PersonId, ReservationId, SiteId},
};

/// Faults in one answer.
pub const LIST_MAX: i64 = 200;
/// Acts upon one fault that are shown and counted: one a day for two years.
const EVENTS_MAX: i64 = 700;
/// Open faults that are looked at for reminders at once.
const OPEN_MAX: i64 = 1_000;

macro_rules! select_fault {
    ($rest:literal) => {
        concat!(
            "SELECT id, reference, site_id, equipment_id, reservation_id, severity, description, state, reported_by, reported_from,
                reported_at_ms, assigned_to, waits_for, outcome, outcome_note, COALESCE(changed_at_ms, reported_at_ms) AS changed_at_ms,
                reminded, reminded_on FROM fault ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO fault (id, reference, site_id, equipment_id, reservation_id, severity, description, state, reported_by, reported_from,
            reported_at_ms, changed_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10, $10)";
    BY_ID = select_fault!("WHERE id = $1");
    /// Takes the row, so that of two who act at once the second sees what the first did.
    LOCK = "UPDATE fault SET state = state WHERE id = $1";
    AT_SITE = select_fault!("WHERE site_id = $1 ORDER BY CASE WHEN state IN ('mended', 'closed') THEN 1 ELSE 0 END, severity, reported_at_ms DESC LIMIT $2");
    EVERYWHERE = select_fault!("ORDER BY CASE WHEN state IN ('mended', 'closed') THEN 1 ELSE 0 END, severity, reported_at_ms DESC LIMIT $1");
    BY_PERSON = select_fault!("WHERE reported_by = $1 OR assigned_to = $1
        ORDER BY CASE WHEN state IN ('mended', 'closed') THEN 1 ELSE 0 END, reported_at_ms DESC LIMIT $2");
    OPEN_ON = select_fault!("WHERE equipment_id = $1 AND state NOT IN ('mended', 'closed') ORDER BY reported_at_ms DESC LIMIT $2");
    OPEN_AT = select_fault!("WHERE site_id = $1 AND state NOT IN ('mended', 'closed') ORDER BY severity, reported_at_ms DESC LIMIT $2");
    OPEN = select_fault!("WHERE state NOT IN ('waiting', 'mended', 'closed') ORDER BY reported_at_ms LIMIT $1");
    UPDATE = "UPDATE fault SET state = $2, severity = $3, assigned_to = $4, waits_for = $5, outcome = $6, outcome_note = $7, changed_at_ms = $8
        WHERE id = $1";
    REMINDED = "UPDATE fault SET reminded = $2, reminded_on = $3 WHERE id = $1";
    FORGET_REMINDED = "UPDATE fault SET reminded = NULL, reminded_on = NULL WHERE id = $1";
    NOTE = "INSERT INTO fault_event (fault_id, number, at_ms, kind, value, note, person_id)
        VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM fault_event WHERE fault_id = $1), $2, $3, $4, $5, $6)";
    EVENTS = "SELECT at_ms, kind, value, note, person_id FROM fault_event WHERE fault_id = $1 ORDER BY number LIMIT $2";
    FROM_PANEL = "SELECT COUNT(*) FROM fault WHERE reported_from = $1 AND reported_at_ms > $2";
    TARGETS = "SELECT severity, minutes FROM fault_target t WHERE effective_from_ms =
        (SELECT MAX(n.effective_from_ms) FROM fault_target n WHERE n.severity = t.severity AND n.effective_from_ms <= $1)";
    SET_TARGET = "INSERT INTO fault_target (severity, effective_from_ms, minutes, set_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (severity, effective_from_ms) DO UPDATE SET minutes = excluded.minutes, set_by = excluded.set_by";
}

/// A fault as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: FaultId,
    pub reference: String,
    pub site: SiteId,
    pub equipment: Option<EquipmentId>,
    pub reservation: Option<ReservationId>,
    pub severity: Severity,
    pub description: String,
    pub state: FaultState,
    pub reported_by: Option<PersonId>,
    /// The panel, where nobody signed in.
    pub reported_from: Option<String>,
    pub reported_at: UnixMs,
    pub assigned_to: Option<PersonId>,
    pub waits_for: Option<WaitsFor>,
    pub outcome: Option<FaultOutcome>,
    pub outcome_note: Option<String>,
    pub changed_at: UnixMs,
    pub reminded: Option<(String, String)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<FaultId>,
    reference: String,
    site_id: Text<SiteId>,
    equipment_id: Option<Text<EquipmentId>>,
    reservation_id: Option<Text<ReservationId>>,
    severity: Text<Severity>,
    description: String,
    state: Text<FaultState>,
    reported_by: Option<Text<PersonId>>,
    reported_from: Option<String>,
    reported_at_ms: i64,
    assigned_to: Option<Text<PersonId>>,
    waits_for: Option<Text<WaitsFor>>,
    outcome: Option<Text<FaultOutcome>>,
    outcome_note: Option<String>,
    changed_at_ms: i64,
    reminded: Option<String>,
    reminded_on: Option<String>,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            reference: row.reference,
            site: row.site_id.0,
            equipment: row.equipment_id.map(|it| it.0),
            reservation: row.reservation_id.map(|it| it.0),
            severity: row.severity.0,
            description: row.description,
            state: row.state.0,
            reported_by: row.reported_by.map(|it| it.0),
            reported_from: row.reported_from,
            reported_at: UnixMs(row.reported_at_ms),
            assigned_to: row.assigned_to.map(|it| it.0),
            waits_for: row.waits_for.map(|it| it.0),
            outcome: row.outcome.map(|it| it.0),
            outcome_note: row.outcome_note,
            changed_at: UnixMs(row.changed_at_ms),
            reminded: row.reminded.zip(row.reminded_on),
        }
    }
}

pub async fn insert(tx: &mut Tx, id: FaultId, reference: &str, draft: &FaultDraft, by: Reporter, at: UnixMs) -> Result<()> {
    let from = match by {
        Reporter::Person { .. } => None,
        Reporter::Device(device) => Some(device.to_string()),
    };
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(reference).bind(Text(draft.site)).bind(draft.equipment.map(Text)).bind(draft.reservation.map(Text))
        .bind(draft.severity.text()).bind(draft.description.trim()).bind(by.person().map(Text)).bind(from).bind(at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: FaultId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(Stored::from))
}

pub async fn locked(tx: &mut Tx, id: FaultId) -> Result<Option<Stored>> {
    on!(tx, c => sqlx::query(LOCK).bind(Text(id)).execute(c).await.map(drop))?;
    by_id(tx, id).await
}

/// Which faults a reader asks for.
#[derive(Clone, Copy, Debug)]
pub enum List {
    Everywhere,
    Site(SiteId),
    /// Reported by, or assigned to.
    Person(PersonId),
    OpenOn(EquipmentId),
    OpenAt(SiteId),
}

/// What is open first, the worst first.
pub async fn list(tx: &mut Tx, of: List) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = match of {
        List::Everywhere => on!(tx, c => sqlx::query_as(EVERYWHERE).bind(LIST_MAX).fetch_all(c).await)?,
        List::Site(site) => on!(tx, c => sqlx::query_as(AT_SITE).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?,
        List::Person(person) => on!(tx, c => sqlx::query_as(BY_PERSON).bind(Text(person)).bind(LIST_MAX).fetch_all(c).await)?,
        List::OpenOn(equipment) => on!(tx, c => sqlx::query_as(OPEN_ON).bind(Text(equipment)).bind(LIST_MAX).fetch_all(c).await)?,
        List::OpenAt(site) => on!(tx, c => sqlx::query_as(OPEN_AT).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?,
    };
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// The faults whose clock runs, the oldest first.
pub async fn running(tx: &mut Tx) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(OPEN).bind(OPEN_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

pub async fn update(tx: &mut Tx, it: &Stored) -> Result<()> {
    on!(tx, c => sqlx::query(UPDATE)
        .bind(Text(it.id)).bind(it.state.text()).bind(it.severity.text()).bind(it.assigned_to.map(Text))
        .bind(it.waits_for.map(WaitsFor::text)).bind(it.outcome.map(FaultOutcome::text)).bind(&it.outcome_note).bind(it.changed_at.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn reminded(tx: &mut Tx, id: FaultId, state: &str, day: &str) -> Result<()> {
    on!(tx, c => sqlx::query(REMINDED).bind(Text(id)).bind(state).bind(day).execute(c).await.map(drop))?;
    Ok(())
}

/// What was reminded of is not so any more.
pub async fn forget_reminded(tx: &mut Tx, id: FaultId) -> Result<()> {
    on!(tx, c => sqlx::query(FORGET_REMINDED).bind(Text(id)).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn note(tx: &mut Tx, id: FaultId, event: &Event) -> Result<()> {
    on!(tx, c => sqlx::query(NOTE)
        .bind(Text(id)).bind(event.at.0).bind(event.kind.text()).bind(&event.value).bind(&event.note).bind(event.by.map(Text))
        .execute(c).await.map(drop))?;
    Ok(())
}

pub async fn events(tx: &mut Tx, id: FaultId) -> Result<Vec<Event>> {
    type Row = (i64, Text<EventKind>, Option<String>, Option<String>, Option<Text<PersonId>>);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(EVENTS).bind(Text(id)).bind(EVENTS_MAX).fetch_all(c).await)?;
    let event = |(at, kind, value, note, by): Row| Event { at: UnixMs(at), kind: kind.0, value, note, by: by.map(|it| it.0) };
    Ok(rows.into_iter().map(event).collect())
}

/// Faults that a panel reported since then.
pub async fn from_panel_since(tx: &mut Tx, device: uuid::Uuid, since: UnixMs) -> Result<i64> {
    Ok(on!(tx, c => sqlx::query_scalar(FROM_PANEL).bind(device.to_string()).bind(since.0).fetch_one(c).await)?)
}

/// The targets in force at an instant. The first are in force since the epoch, so there always are some.
pub async fn targets(tx: &mut Tx, now: UnixMs) -> Result<Targets> {
    let rows: Vec<(Text<Severity>, i64)> = on!(tx, c => sqlx::query_as(TARGETS).bind(now.0.max(0)).fetch_all(c).await)?;
    let mut targets = [0; 4];
    for (severity, minutes) in rows {
        targets[severity.0 as usize] = minutes;
    }
    Ok(Targets(targets))
}

pub async fn set_target(tx: &mut Tx, severity: Severity, minutes: i64, by: PersonId, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(SET_TARGET)
        .bind(severity.text()).bind(now.0).bind(minutes).bind(Text(by)).execute(c).await.map(drop))?;
    Ok(())
}
