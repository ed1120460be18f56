//! Sites as stored.

use super::{DayHours, Equipment, Region, Room, SITES_MAX, Site, Wheelchair};
use crate::inventory::Criticality;
use chrono::NaiveDate;
use kernel::{Result, Text, Tx, on};
use wire::id::{EquipmentId, RoomId, SiteId};

kernel::sql! {
    SITES = "SELECT id, name, short_name, city, region, address, time_zone, seats, opens_minute, closes_minute, set_up_minutes,
            clear_up_minutes, access_ms, access_en, closed_from, version
        FROM site ORDER BY id LIMIT $1";
    HOURS = "SELECT site_id, weekday, opens_minute, closes_minute FROM site_hours ORDER BY site_id, weekday LIMIT $1";
    ROOMS = "SELECT id, site_id, name, floor, seats, wheelchair, access_ms, access_en FROM room WHERE retired_at_ms IS NULL
        ORDER BY site_id, name, id LIMIT $1";
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
