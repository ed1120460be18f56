//! Condition reports: each use of a room ends with one (TP-7), six points, with photographs where they help.
//!
//! It opens five minutes before the end, is filed by the room's facilitator or by somebody who sat there, and is signed by the other side, who
//! confirms it or dissents. A defect becomes a fault in the same transaction. Until a report is in, the next use of the room is *unverified*.

mod act;
pub mod http;
mod remind;
pub mod rules;
pub(crate) mod store;

use crate::{
    faults::Severity,
    names::names,
    reservations::{self, view},
};
use identity::Actor;
use kernel::{Result, Tx};
use serde::{Deserialize, Serialize};
use wire::id::{ConditionId, EquipmentId, FaultId, PhotographId};

pub use remind::remind_due;
#[cfg(test)]
pub(crate) use store::SQL;
pub use store::{is_unverified, overdue_by_agency, overdue_of_agency};

/// Whether the person may read that report and see its photographs: it is theirs, they may see the use that it ended, or they look after the
/// room or over all of them.
pub async fn may_see(tx: &mut Tx, actor: &Actor, id: ConditionId) -> Result<bool> {
    let Some(found) = store::by_id(tx, id).await? else { return Ok(false) };
    if found.filed_by == actor.person || actor.facilitates(found.site) {
        return Ok(true);
    }
    Ok(reservations::store::by_id(tx, found.reservation).await?.is_some_and(|it| view::visible(&it, actor)))
}

names! {
    /// What is looked at after use.
    Point {
        Camera = "camera",
        Microphone = "microphone",
        Display = "display",
        Sound = "sound",
        Furniture = "furniture",
        Cleanliness = "cleanliness",
    }
}

names! {
    /// As what somebody signs.
    Signer {
        /// Who sat there.
        User = "user",
        /// Who looks after the room.
        Facilitator = "facilitator",
    }
}

names! {
    /// What the other side says to a report.
    SecondSignature {
        Confirmed = "confirmed",
        Dissented = "dissented",
    }
}

/// One point of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PointReport {
    pub point: Point,
    /// In good condition.
    pub sound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<DefectFault>,
}

/// The fault that a defect became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DefectFault {
    pub id: FaultId,
    /// `F-2026-00012`
    pub reference: String,
}

/// What is filed: all six points, each once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct ConditionDraft {
    pub points: Vec<PointDraft>,
    #[serde(default)]
    pub note: Option<String>,
    /// Of the room as a whole; sent before.
    #[serde(default)]
    pub photographs: Vec<PhotographId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct PointDraft {
    pub point: Point,
    pub sound: bool,
    #[serde(default)]
    pub note: Option<String>,
    /// Of this point: they go to the fault, where it becomes one.
    #[serde(default)]
    pub photographs: Vec<PhotographId>,
    /// Reported as a fault with the report, where it is not sound.
    #[serde(default)]
    pub fault: Option<DefectDraft>,
}

/// A defect that becomes a fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct DefectDraft {
    pub severity: Severity,
    #[serde(default)]
    pub equipment: Option<EquipmentId>,
    pub description: String,
}

/// What the other side says; a dissent says why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct SignatureDraft {
    pub answer: SecondSignature,
    #[serde(default)]
    pub note: Option<String>,
}
