//! Planned work as stored.

use super::{Item, MaintenanceState, Stored, WorkOutcome};
use crate::policy::Slot;
use kernel::{Result, Text, Tx, on};
use wire::{
    UnixMs,
    id::{BlockId, MaintenanceId, PersonId, SiteId},
};

/// Works in one answer.
const LIST_MAX: i64 = 300;

macro_rules! select_work {
    ($rest:literal) => {
        concat!(
            "SELECT id, reference, series_id, site_id, block_id, title, note, urgent_reason, starts_at_ms, ends_at_ms, state, outcome,
                outcome_note, planned_by, ended_at_ms FROM maintenance ",
            $rest
        )
    };
}

kernel::sql! {
    INSERT = "INSERT INTO maintenance (id, reference, series_id, site_id, block_id, title, note, urgent_reason, starts_at_ms, ends_at_ms, state,
            planned_by, planned_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'planned', $11, $12)";
    INSERT_ITEM = "INSERT INTO maintenance_item (maintenance_id, number, words, done) VALUES ($1, $2, $3, FALSE)";
    LOCK = "UPDATE maintenance SET state = state WHERE id = $1";
    BY_ID = select_work!("WHERE id = $1");
    WITHIN = select_work!("WHERE starts_at_ms < $2 AND ends_at_ms > $1 AND (CAST($3 AS TEXT) IS NULL OR site_id = $3) ORDER BY starts_at_ms, id LIMIT $4");
    ITEMS = "SELECT number, words, done, note FROM maintenance_item WHERE maintenance_id = $1 ORDER BY number";
    TICK = "UPDATE maintenance_item SET done = $3, note = $4 WHERE maintenance_id = $1 AND number = $2 RETURNING number";
    UPDATE = "UPDATE maintenance SET state = $2, ends_at_ms = $3, outcome = $4, outcome_note = $5, ended_by = $6, ended_at_ms = $7 WHERE id = $1";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<MaintenanceId>,
    reference: String,
    series_id: Text<MaintenanceId>,
    site_id: Text<SiteId>,
    block_id: Text<BlockId>,
    title: String,
    note: Option<String>,
    urgent_reason: Option<String>,
    starts_at_ms: i64,
    ends_at_ms: i64,
    state: Text<MaintenanceState>,
    outcome: Option<Text<WorkOutcome>>,
    outcome_note: Option<String>,
    planned_by: Text<PersonId>,
    ended_at_ms: Option<i64>,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.0,
            reference: row.reference,
            series: row.series_id.0,
            site: row.site_id.0,
            block: row.block_id.0,
            title: row.title,
            note: row.note,
            urgent_reason: row.urgent_reason,
            slot: Slot { starts_at: UnixMs(row.starts_at_ms), ends_at: UnixMs(row.ends_at_ms) },
            state: row.state.0,
            outcome: row.outcome.map(|it| it.0),
            outcome_note: row.outcome_note,
            planned_by: row.planned_by.0,
            ended_at: row.ended_at_ms.map(UnixMs),
        }
    }
}

pub async fn insert(tx: &mut Tx, it: &Stored, items: &[String], at: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(it.id)).bind(&it.reference).bind(Text(it.series)).bind(Text(it.site)).bind(Text(it.block)).bind(&it.title).bind(&it.note)
        .bind(&it.urgent_reason).bind(it.slot.starts_at.0).bind(it.slot.ends_at.0).bind(Text(it.planned_by)).bind(at.0)
        .execute(c).await.map(drop))?;
    for (number, words) in (1i64..).zip(items) {
        on!(tx, c => sqlx::query(INSERT_ITEM).bind(Text(it.id)).bind(number).bind(words).execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn by_id(tx: &mut Tx, id: MaintenanceId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    Ok(row.map(Stored::from))
}

pub async fn locked(tx: &mut Tx, id: MaintenanceId) -> Result<Option<Stored>> {
    on!(tx, c => sqlx::query(LOCK).bind(Text(id)).execute(c).await.map(drop))?;
    by_id(tx, id).await
}

/// Works that touch a stretch of time, at one site or at all, the soonest first.
pub async fn within(tx: &mut Tx, site: Option<SiteId>, span: Slot) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(WITHIN)
        .bind(span.starts_at.0).bind(span.ends_at.0).bind(site.map(Text)).bind(LIST_MAX).fetch_all(c).await)?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

pub async fn items(tx: &mut Tx, id: MaintenanceId) -> Result<Vec<Item>> {
    let rows: Vec<(i64, String, bool, Option<String>)> = on!(tx, c => sqlx::query_as(ITEMS).bind(Text(id)).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(number, words, done, note)| Item { number, words, done, note }).collect())
}

/// False where there is no such item.
pub async fn tick(tx: &mut Tx, id: MaintenanceId, item: i64, done: bool, note: Option<&str>) -> Result<bool> {
    let found: Option<i64> =
        on!(tx, c => sqlx::query_scalar(TICK).bind(Text(id)).bind(item).bind(done).bind(note).fetch_optional(c).await)?;
    Ok(found.is_some())
}

pub async fn update(tx: &mut Tx, it: &Stored, by: PersonId) -> Result<()> {
    on!(tx, c => sqlx::query(UPDATE)
        .bind(Text(it.id)).bind(it.state.text()).bind(it.slot.ends_at.0).bind(it.outcome.map(WorkOutcome::text)).bind(&it.outcome_note)
        .bind(it.ended_at.map(|_| Text(by))).bind(it.ended_at.map(|it| it.0)).execute(c).await.map(drop))?;
    Ok(())
}
