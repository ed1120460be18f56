//! Sites as stored.

use super::{
    DayHours, Equipment, Region, Room, SITES_MAX, Site, Wheelchair,
    rules::{RoomDraft, SiteDraft, span},
};
use crate::inventory::Criticality;
use chrono::NaiveDate;
use kernel::{OnConstraint, Result, Text, Tx, clock::date_text, on};
use wire::{
    Code, Refusal, UnixMs,
    id::{EquipmentId, PersonId, RoomId, SiteId},
};

kernel::sql! {
    SITES = "SELECT id, name, short_name, city, region, address, time_zone, seats, opens_minute, closes_minute, set_up_minutes,
            clear_up_minutes, access_ms, access_en, closed_from, version
        FROM site ORDER BY id LIMIT $1";
    HOURS = "SELECT site_id, weekday, opens_minute, closes_minute FROM site_hours ORDER BY site_id, weekday LIMIT $1";
    ROOMS = "SELECT id, site_id, name, floor, seats, wheelchair, access_ms, access_en FROM room WHERE retired_at_ms IS NULL
        ORDER BY site_id, name, id LIMIT $1";
    CHANGED = "SELECT changed_by, changed_at_ms FROM site WHERE id = $1";
    INSERT = "INSERT INTO site (id, name, short_name, city, region, address, time_zone, seats, opens_minute, closes_minute, set_up_minutes,
            clear_up_minutes, access_ms, access_en, closed_from, changed_by, changed_at_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    UPDATE = "UPDATE site SET name = $2, short_name = $3, city = $4, region = $5, address = $6, time_zone = $7, seats = $8, opens_minute = $9,
            closes_minute = $10, set_up_minutes = $11, clear_up_minutes = $12, access_ms = $13, access_en = $14, closed_from = $15,
            changed_by = $16, changed_at_ms = $17, version = version + 1
        WHERE id = $1 AND version = $18 RETURNING version";
    HOURS_NONE = "DELETE FROM site_hours WHERE site_id = $1";
    HOURS_ONE = "INSERT INTO site_hours (site_id, weekday, opens_minute, closes_minute) VALUES ($1, $2, $3, $4)";
    ROOM_NEW = "INSERT INTO room (id, site_id, name, floor, seats, wheelchair, access_ms, access_en) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ROOM_PUT = "UPDATE room SET name = $2, floor = $3, seats = $4, wheelchair = $5, access_ms = $6, access_en = $7 WHERE id = $1";
    ROOM_RETIRE = "UPDATE room SET retired_at_ms = $2 WHERE id = $1 AND retired_at_ms IS NULL";
    EQUIPMENT = "SELECT id, site_id, tag, name, kind, criticality, critical FROM equipment
        WHERE retired_at_ms IS NULL ORDER BY site_id, tag LIMIT $1";
}

/// Equipment listed of one site, at most.
const EQUIPMENT_PER_SITE_MAX: usize = 64;

#[derive(sqlx::FromRow)]
struct SiteRow {
    id: Text<SiteId>,
    name: String,
    short_name: String,
    city: String,
    region: Text<Region>,
    address: String,
    time_zone: String,
    seats: i64,
    opens_minute: i64,
    closes_minute: i64,
    set_up_minutes: i64,
    clear_up_minutes: i64,
    access_ms: Option<String>,
    access_en: Option<String>,
    closed_from: Option<Text<NaiveDate>>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct HoursRow {
    site_id: Text<SiteId>,
    weekday: i64,
    opens_minute: i64,
    closes_minute: i64,
}

#[derive(sqlx::FromRow)]
struct RoomRow {
    id: Text<RoomId>,
    site_id: Text<SiteId>,
    name: String,
    floor: String,
    seats: i64,
    wheelchair: Text<Wheelchair>,
    access_ms: Option<String>,
    access_en: Option<String>,
}

#[derive(sqlx::FromRow)]
struct EquipmentRow {
    id: Text<EquipmentId>,
    site_id: Text<SiteId>,
    tag: String,
    name: String,
    kind: String,
    criticality: Text<Criticality>,
    critical: bool,
}

/// Every site with its hours, rooms and equipment, in the order of their ids: the order in which occupancies are taken.
pub async fn all(tx: &mut Tx) -> Result<Vec<Site>> {
    let rows: Vec<SiteRow> = on!(tx, c => sqlx::query_as(SITES).bind(SITES_MAX as i64).fetch_all(c).await)?;
    let hours: Vec<HoursRow> = on!(tx, c => sqlx::query_as(HOURS).bind((SITES_MAX * 7) as i64).fetch_all(c).await)?;
    let rooms: Vec<RoomRow> = on!(tx, c => sqlx::query_as(ROOMS).bind((SITES_MAX * super::ROOMS_PER_SITE_MAX) as i64).fetch_all(c).await)?;
    let bound = (SITES_MAX * EQUIPMENT_PER_SITE_MAX) as i64;
    let equipment: Vec<EquipmentRow> = on!(tx, c => sqlx::query_as(EQUIPMENT).bind(bound).fetch_all(c).await)?;
    let mut sites: Vec<Site> = rows.into_iter().map(site).collect();
    for row in hours {
        if let Some(site) = sites.iter_mut().find(|site| site.id == row.site_id.0) {
            site.hours.push(DayHours { weekday: row.weekday, opens_minute: row.opens_minute, closes_minute: row.closes_minute });
        }
    }
    for row in rooms {
        if let Some(site) = sites.iter_mut().find(|site| site.id == row.site_id.0) {
            site.rooms.push(room(row));
        }
    }
    for row in equipment {
        if let Some(site) = sites.iter_mut().find(|site| site.id == row.site_id.0) {
            site.equipment.push(Equipment {
                id: row.id.0,
                tag: row.tag,
                name: row.name,
                kind: row.kind,
                criticality: row.criticality.0,
                critical: row.critical,
            });
        }
    }
    Ok(sites)
}

/// One site.
pub async fn by_id(tx: &mut Tx, id: SiteId) -> Result<Option<Site>> {
    Ok(all(tx).await?.into_iter().find(|site| site.id == id))
}

/// Who changed it last, and when; nobody where it came with the service.
pub async fn changed(tx: &mut Tx, id: SiteId) -> Result<(Option<PersonId>, Option<UnixMs>)> {
    let row: Option<(Option<Text<PersonId>>, Option<i64>)> = on!(tx, c => sqlx::query_as(CHANGED).bind(Text(id)).fetch_optional(c).await)?;
    let (by, at) = row.unwrap_or_default();
    Ok((by.map(|it| it.0), at.map(UnixMs)))
}

fn exists(constraint: &str, draft: &SiteDraft) -> Option<Refusal> {
    (constraint == "site_short_name_key").then(|| Refusal::new(Code::SiteExists).with("short_name", draft.short_name.as_str()))
}

pub async fn insert(tx: &mut Tx, id: SiteId, draft: &SiteDraft, by: PersonId, now: UnixMs) -> Result<()> {
    let (opens, closes) = span(&draft.hours);
    on!(tx, c => sqlx::query(INSERT)
        .bind(Text(id)).bind(&draft.name).bind(&draft.short_name).bind(&draft.city).bind(draft.region.text()).bind(&draft.address)
        .bind(&draft.time_zone).bind(draft.seats).bind(opens).bind(closes).bind(draft.set_up_minutes).bind(draft.clear_up_minutes)
        .bind(&draft.access_ms).bind(&draft.access_en).bind(draft.closed_from.map(date_text)).bind(Text(by)).bind(now.0)
        .execute(c).await.map(drop))
    .on_constraint(|name| exists(name, draft))
}

/// False where the version is another by now.
pub async fn update(tx: &mut Tx, id: SiteId, version: i64, draft: &SiteDraft, by: PersonId, now: UnixMs) -> Result<bool> {
    let (opens, closes) = span(&draft.hours);
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(UPDATE)
        .bind(Text(id)).bind(&draft.name).bind(&draft.short_name).bind(&draft.city).bind(draft.region.text()).bind(&draft.address)
        .bind(&draft.time_zone).bind(draft.seats).bind(opens).bind(closes).bind(draft.set_up_minutes).bind(draft.clear_up_minutes)
        .bind(&draft.access_ms).bind(&draft.access_en).bind(draft.closed_from.map(date_text)).bind(Text(by)).bind(now.0)
        .bind(version).fetch_optional(c).await)
    .on_constraint(|name| exists(name, draft))?;
    Ok(found.is_some())
}

pub async fn put_hours(tx: &mut Tx, id: SiteId, hours: &[DayHours]) -> Result<()> {
    on!(tx, c => sqlx::query(HOURS_NONE).bind(Text(id)).execute(c).await.map(drop))?;
    for it in hours {
        on!(tx, c => sqlx::query(HOURS_ONE).bind(Text(id)).bind(it.weekday).bind(it.opens_minute).bind(it.closes_minute).execute(c).await.map(drop))?;
    }
    Ok(())
}

pub async fn insert_room(tx: &mut Tx, site: SiteId, id: RoomId, room: &RoomDraft) -> Result<()> {
    on!(tx, c => sqlx::query(ROOM_NEW)
        .bind(Text(id)).bind(Text(site)).bind(&room.name).bind(&room.floor).bind(room.seats).bind(room.wheelchair.text())
        .bind(&room.access_ms).bind(&room.access_en).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn update_room(tx: &mut Tx, id: RoomId, room: &RoomDraft) -> Result<()> {
    on!(tx, c => sqlx::query(ROOM_PUT)
        .bind(Text(id)).bind(&room.name).bind(&room.floor).bind(room.seats).bind(room.wheelchair.text())
        .bind(&room.access_ms).bind(&room.access_en).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes a room out of the list; reservations may still name it.
pub async fn retire_room(tx: &mut Tx, id: RoomId, now: UnixMs) -> Result<()> {
    on!(tx, c => sqlx::query(ROOM_RETIRE).bind(Text(id)).bind(now.0).execute(c).await.map(drop))?;
    Ok(())
}

fn site(row: SiteRow) -> Site {
    Site {
        id: row.id.0,
        name: row.name,
        short_name: row.short_name,
        city: row.city,
        region: row.region.0,
        address: row.address,
        seats: row.seats,
        time_zone: row.time_zone,
        opens_minute: row.opens_minute,
        closes_minute: row.closes_minute,
        hours: Vec::new(),
        set_up_minutes: row.set_up_minutes,
        clear_up_minutes: row.clear_up_minutes,
        access_ms: row.access_ms,
        access_en: row.access_en,
        closed_from: row.closed_from.map(|it| it.0),
        rooms: Vec::new(),
        equipment: Vec::new(),
        version: row.version,
    }
}

fn room(row: RoomRow) -> Room {
    Room {
        id: row.id.0,
        name: row.name,
        floor: row.floor,
        seats: row.seats,
        wheelchair: row.wheelchair.0,
        access_ms: row.access_ms,
        access_en: row.access_en,
    }
}
