//! Faults of rooms and their equipment: each is reported (TP-6), by whoever meets it.

pub mod http;
mod store;

use crate::{names::names, reservations::view};
use identity::{Actor, PersonRole};
use kernel::{Result, Tx};
use serde::Deserialize;
#[cfg(test)]
pub(crate) use store::SQL;
use wire::id::{EquipmentId, FaultId, ReservationId, SiteId};

/// Whether the person may know of it: they reported it, they look after the room, or over all rooms.
pub async fn may_see(tx: &mut Tx, actor: &Actor, id: FaultId) -> Result<bool> {
    let Some(found) = store::by_id(tx, id).await? else { return Ok(false) };
    let over_all = view::approves(actor) || actor.has(PersonRole::Auditor);
    Ok(over_all || actor.facilitates(found.site_id.0) || found.reported_by.0 == actor.person)
}

names! {
    /// How bad it is, the worst first.
    Severity {
        /// The room cannot be used.
        S1 = "s1",
        /// It can be used with difficulty.
        S2 = "s2",
        /// It is a nuisance.
        S3 = "s3",
        /// It is not pretty.
        S4 = "s4",
    }
}

names! {
    FaultState {
        Open = "open",
        InWork = "in_work",
        Mended = "mended",
    }
}

/// What is reported.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct FaultDraft {
    pub site: SiteId,
    #[serde(default)]
    pub equipment: Option<EquipmentId>,
    /// The use in which it was met.
    #[serde(default)]
    pub reservation: Option<ReservationId>,
    pub severity: Severity,
    pub description: String,
}
