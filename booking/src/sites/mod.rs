//! Sites: where telepresence rooms are, how many people they seat, when they open, what stands in them.

pub mod http;
mod store;

use chrono_tz::Tz;
use kernel::{Db, Result, clock::MALAYSIA};
use serde::Serialize;
use wire::id::{EquipmentId, SiteId};

#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{all, by_id};

/// More sites than the service will have; a bound for lists.
pub const SITES_MAX: usize = 64;

/// A place with a telepresence room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Site {
    pub id: SiteId,
    pub name: String,
    pub short_name: String,
    pub city: String,
    /// People at one time (TP-3).
    pub seats: i64,
    /// IANA name.
    pub time_zone: String,
    /// Minutes of the civil day.
    pub opens_minute: i64,
    pub closes_minute: i64,
    pub equipment: Vec<Equipment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Equipment {
    pub id: EquipmentId,
    pub name: String,
    /// `camera`, `microphones`, `display` or `codec`
    pub kind: String,
    /// The room cannot be used without it.
    pub critical: bool,
}

/// A site where it is only named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct SiteRef {
    pub id: SiteId,
    pub name: String,
    pub short_name: String,
}

/// The ids of the sites, in the order in which occupancies are taken.
pub async fn ids(db: &Db) -> Result<Vec<SiteId>> {
    Ok(all(&mut db.read().await?).await?.into_iter().map(|site| site.id).collect())
}

impl Site {
    /// Its civil zone; a name that the zone database does not know is read as Malaysian time.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(MALAYSIA)
    }

    pub fn as_ref(&self) -> SiteRef {
        SiteRef { id: self.id, name: self.name.clone(), short_name: self.short_name.clone() }
    }
}
