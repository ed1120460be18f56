//! Sites as stored.

use super::{Equipment, SITES_MAX, Site};
use kernel::{Result, Text, Tx, on};
use wire::id::{EquipmentId, SiteId};

kernel::sql! {
    SITES = "SELECT id, name, short_name, city, time_zone, seats, opens_minute, closes_minute FROM site ORDER BY id LIMIT $1";
    EQUIPMENT = "SELECT id, site_id, name, kind, critical FROM equipment ORDER BY site_id, name LIMIT $1";
}

/// Equipment listed of one site, at most.
const EQUIPMENT_PER_SITE_MAX: usize = 64;

#[derive(sqlx::FromRow)]
struct SiteRow {
    id: Text<SiteId>,
    name: String,
    short_name: String,
    city: String,
    time_zone: String,
    seats: i64,
    opens_minute: i64,
    closes_minute: i64,
}

#[derive(sqlx::FromRow)]
struct EquipmentRow {
    id: Text<EquipmentId>,
    site_id: Text<SiteId>,
    name: String,
    kind: String,
    critical: bool,
}

/// Every site with its equipment, in the order of their ids: the order in which occupancies are taken.
pub async fn all(tx: &mut Tx) -> Result<Vec<Site>> {
    let rows: Vec<SiteRow> = on!(tx, c => sqlx::query_as(SITES).bind(SITES_MAX as i64).fetch_all(c).await)?;
    let bound = (SITES_MAX * EQUIPMENT_PER_SITE_MAX) as i64;
    let equipment: Vec<EquipmentRow> = on!(tx, c => sqlx::query_as(EQUIPMENT).bind(bound).fetch_all(c).await)?;
    let mut sites: Vec<Site> = rows.into_iter().map(site).collect();
    for row in equipment {
        if let Some(site) = sites.iter_mut().find(|site| site.id == row.site_id.0) {
            site.equipment.push(Equipment { id: row.id.0, name: row.name, kind: row.kind, critical: row.critical });
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
        seats: row.seats,
        time_zone: row.time_zone,
        opens_minute: row.opens_minute,
        closes_minute: row.closes_minute,
        equipment: Vec::new(),
    }
}
