//! Equipment as stored.

use super::{Criticality, Done, EquipmentDraft, EquipmentKind, PER_SITE_MAX, Stored, rules};
use crate::faults::{FaultState, Severity};
use chrono::NaiveDate;
use kernel::{Error, Result, Text, Tx, on};
use std::collections::BTreeMap;
use wire::{
    UnixMs,
    id::{EquipmentId, PersonId, RoomId, SiteId},
};

/// Pieces in one answer, those that were retired included.
const LIST_MAX: i64 = 500;
/// Rows of one piece's history.
const HISTORY_MAX: i64 = 200;

kernel::sql! {
    AT_SITE = "SELECT id, site_id, tag, name, kind, criticality, room_id, serial, supplier, firmware, bought_on, warranty_until, note,
            tested_at_ms, retired_at_ms, version FROM equipment WHERE site_id = $1 ORDER BY tag LIMIT $2";
    BY_ID = "SELECT id, site_id, tag, name, kind, criticality, room_id, serial, supplier, firmware, bought_on, warranty_until, note,
            tested_at_ms, retired_at_ms, version FROM equipment WHERE id = $1";
    ID_OF_TAG = "SELECT id FROM equipment WHERE tag = $1";
    OPEN_FAULTS_AT = "SELECT equipment_id, state, severity FROM fault WHERE site_id = $1 AND equipment_id IS NOT NULL AND state NOT IN ('mended', 'closed')";
    TAGS_AT = "SELECT tag FROM equipment WHERE tag LIKE $1";
    STANDING_AT = "SELECT COUNT(*) FROM equipment WHERE site_id = $1 AND retired_at_ms IS NULL";
    INSERT = "INSERT INTO equipment (id, site_id, tag, name, kind, criticality, room_id, serial, supplier, firmware, bought_on, warranty_until, note)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    AMEND = "UPDATE equipment SET name = $3, kind = $4, criticality = $5, room_id = $6, serial = $7, supplier = $8, firmware = $9,
            bought_on = $10, warranty_until = $11, note = $12, version = version + 1 WHERE id = $1 AND version = $2";
    RETIRE = "UPDATE equipment SET retired_at_ms = $2, version = version + 1 WHERE id = $1 AND (retired_at_ms IS NULL) = (CAST($2 AS BIGINT) IS NOT NULL)";
    TESTED = "UPDATE equipment SET tested_at_ms = $2 WHERE id = $1 AND retired_at_ms IS NULL";
    ADD_HISTORY = "INSERT INTO equipment_history (equipment_id, number, at_ms, act, person_id, changed)
        SELECT $1, COALESCE(MAX(number), 0) + 1, CAST($2 AS BIGINT), $3, $4, $5 FROM equipment_history WHERE equipment_id = $1";
    HISTORY = "SELECT at_ms, act, person_id, changed FROM equipment_history WHERE equipment_id = $1 ORDER BY number DESC LIMIT $2";
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Text<EquipmentId>,
    site_id: Text<SiteId>,
    tag: String,
    name: String,
    kind: Text<EquipmentKind>,
    criticality: Text<Criticality>,
    room_id: Option<Text<RoomId>>,
    serial: Option<String>,
    supplier: Option<String>,
    firmware: Option<String>,
    bought_on: Option<Text<NaiveDate>>,
    warranty_until: Option<Text<NaiveDate>>,
    note: Option<String>,
    tested_at_ms: Option<i64>,
    retired_at_ms: Option<i64>,
    version: i64,
}

type Faults = BTreeMap<EquipmentId, Vec<(FaultState, Severity)>>;

fn whole(row: Row, faults: &Faults) -> Stored {
    let open = faults.get(&row.id.0).map(Vec::as_slice).unwrap_or_default();
    Stored {
        condition: rules::condition(row.retired_at_ms.is_some(), open.iter().copied()),
        id: row.id.0,
        site: row.site_id.0,
        tag: row.tag,
        details: EquipmentDraft {
            name: row.name,
            kind: row.kind.0,
            criticality: row.criticality.0,
            room: row.room_id.map(|it| it.0),
            serial: row.serial,
            supplier: row.supplier,
            firmware: row.firmware,
            bought_on: row.bought_on.map(|it| it.0),
            warranty_until: row.warranty_until.map(|it| it.0),
            note: row.note,
            photographs: Vec::new(),
        },
        tested_at: row.tested_at_ms.map(UnixMs),
        retired_at: row.retired_at_ms.map(UnixMs),
        version: row.version,
    }
}

async fn open_faults(tx: &mut Tx, site: SiteId) -> Result<Faults> {
    type FaultRow = (Text<EquipmentId>, Text<FaultState>, Text<Severity>);
    let rows: Vec<FaultRow> = on!(tx, c => sqlx::query_as(OPEN_FAULTS_AT).bind(Text(site)).fetch_all(c).await)?;
    let mut faults = Faults::new();
    for (equipment, state, severity) in rows {
        faults.entry(equipment.0).or_default().push((state.0, severity.0));
    }
    Ok(faults)
}

/// Every piece of the site, by tag, those that were retired included.
pub async fn at_site(tx: &mut Tx, site: SiteId) -> Result<Vec<Stored>> {
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(AT_SITE).bind(Text(site)).bind(LIST_MAX).fetch_all(c).await)?;
    let faults = open_faults(tx, site).await?;
    Ok(rows.into_iter().map(|row| whole(row, &faults)).collect())
}

pub async fn by_id(tx: &mut Tx, id: EquipmentId) -> Result<Option<Stored>> {
    let row: Option<Row> = on!(tx, c => sqlx::query_as(BY_ID).bind(Text(id)).fetch_optional(c).await)?;
    let Some(row) = row else { return Ok(None) };
    let faults = open_faults(tx, row.site_id.0).await?;
    Ok(Some(whole(row, &faults)))
}

/// The piece on whose label that tag stands.
pub async fn by_tag(tx: &mut Tx, tag: &str) -> Result<Option<Stored>> {
    let id: Option<Text<EquipmentId>> = on!(tx, c => sqlx::query_scalar(ID_OF_TAG).bind(tag).fetch_optional(c).await)?;
    match id {
        Some(id) => by_id(tx, id.0).await,
        None => Ok(None),
    }
}

/// The first tag of that kind at that site that nobody has.
pub async fn next_tag(tx: &mut Tx, site: &str, kind: EquipmentKind) -> Result<String> {
    let stem = rules::next_tag(site, kind, std::iter::empty());
    let like = stem.strip_suffix('1').ok_or_else(|| Error::broken("the first tag ends in 1"))?;
    let taken: Vec<String> = on!(tx, c => sqlx::query_scalar(TAGS_AT).bind(format!("{like}%")).fetch_all(c).await)?;
    Ok(rules::next_tag(site, kind, taken.iter().map(String::as_str)))
}

/// Whether one piece more may stand there.
pub async fn has_room(tx: &mut Tx, site: SiteId) -> Result<bool> {
    let standing: i64 = on!(tx, c => sqlx::query_scalar(STANDING_AT).bind(Text(site)).fetch_one(c).await)?;
    Ok(standing < PER_SITE_MAX as i64)
}

fn day(of: Option<NaiveDate>) -> Option<String> {
    of.map(kernel::clock::date_text)
}

pub async fn insert(tx: &mut Tx, id: EquipmentId, site: SiteId, tag: &str, it: &EquipmentDraft) -> Result<()> {
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(Text(site)).bind(tag).bind(&it.name).bind(it.kind.text()).bind(it.criticality.text())
        .bind(it.room.map(Text)).bind(&it.serial).bind(&it.supplier).bind(&it.firmware)
        .bind(day(it.bought_on)).bind(day(it.warranty_until)).bind(&it.note)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// Whether it was still of that version.
pub async fn amend(tx: &mut Tx, id: EquipmentId, version: i64, it: &EquipmentDraft) -> Result<bool> {
    let changed: u64 = on!(tx, c => sqlx::query(AMEND)
        .bind(Text(id)).bind(version).bind(&it.name).bind(it.kind.text()).bind(it.criticality.text())
        .bind(it.room.map(Text)).bind(&it.serial).bind(&it.supplier).bind(&it.firmware)
        .bind(day(it.bought_on)).bind(day(it.warranty_until)).bind(&it.note)
        .execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed == 1)
}

/// Retires it at that time, or restores it where none is given. Whether that was a change.
pub async fn retire(tx: &mut Tx, id: EquipmentId, at: Option<UnixMs>) -> Result<bool> {
    let changed: u64 =
        on!(tx, c => sqlx::query(RETIRE).bind(Text(id)).bind(at.map(|it| it.0)).execute(c).await.map(|it| it.rows_affected()))?;
    Ok(changed == 1)
}

/// It passed a self-test: its own, which its panel tells of, or one that somebody made by hand.
pub async fn passed_self_test(tx: &mut Tx, id: EquipmentId, at: UnixMs, by: Option<PersonId>) -> Result<bool> {
    let changed: u64 = on!(tx, c => sqlx::query(TESTED).bind(Text(id)).bind(at.0).execute(c).await.map(|it| it.rows_affected()))?;
    if changed == 1 {
        remember(tx, id, at, Done::Test, by, &[]).await?;
    }
    Ok(changed == 1)
}

pub async fn remember(tx: &mut Tx, id: EquipmentId, at: UnixMs, done: Done, by: Option<PersonId>, changed: &[&'static str]) -> Result<()> {
    let changed = serde_json::to_string(changed)?;
    on!(tx, c => sqlx::query(ADD_HISTORY)
        .bind(Text(id)).bind(at.0).bind(done.text()).bind(by.map(Text)).bind(changed).execute(c).await.map(drop))?;
    Ok(())
}

/// What was done to it, the latest first.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub at: UnixMs,
    pub done: Done,
    pub by: Option<PersonId>,
    pub changed: Vec<String>,
}

pub async fn history(tx: &mut Tx, id: EquipmentId) -> Result<Vec<Remembered>> {
    type HistoryRow = (i64, Text<Done>, Option<Text<PersonId>>, String);
    let rows: Vec<HistoryRow> = on!(tx, c => sqlx::query_as(HISTORY).bind(Text(id)).bind(HISTORY_MAX).fetch_all(c).await)?;
    let remembered = |(at, done, by, changed): HistoryRow| {
        Ok(Remembered { at: UnixMs(at), done: done.0, by: by.map(|it| it.0), changed: serde_json::from_str(&changed)? })
    };
    rows.into_iter().map(remembered).collect()
}
