//! Condition reports: each use of a room ends with one (TP-7), six points, by its facilitator or by somebody who sat there.

pub mod http;
pub mod rules;
pub(crate) mod store;

use crate::{
    names::names,
    reservations::{self, view},
};
use identity::Actor;
use kernel::{Result, Tx};
use serde::{Deserialize, Serialize};
#[cfg(test)]
pub(crate) use store::SQL;
use wire::id::ConditionId;

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

/// One point of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PointReport {
    pub point: Point,
    /// In good condition.
    pub sound: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What is filed: all six points, each once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct ConditionDraft {
    pub points: Vec<PointReport>,
    #[serde(default)]
    pub note: Option<String>,
}
