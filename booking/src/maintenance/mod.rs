//! Planned work on a site: previewed against the bookings that it would meet, told of in time, with a checklist and an outcome. Each work has a
//! block ([`crate::blocks`]) of its own; works planned together are dated one by one.

pub mod act;
pub mod http;
pub mod rules;
mod store;

use crate::{names::names, policy::Slot};
use serde::{Deserialize, Serialize};
#[cfg(test)]
pub(crate) use store::SQL;
use wire::{
    UnixMs,
    id::{BlockId, MaintenanceId, PersonId, SiteId},
};

names! {
    MaintenanceState {
        Planned = "planned",
        InWork = "in_work",
        Done = "done",
        Cancelled = "cancelled",
    }
}

names! {
    /// What came of planned work.
    WorkOutcome {
        Done = "done",
        DoneInPart = "done_in_part",
        NotDone = "not_done",
    }
}

/// When one of the works is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkTime)]
pub struct Occurrence {
    pub starts_at_ms: UnixMs,
    pub ends_at_ms: UnixMs,
}

impl Occurrence {
    pub const fn slot(self) -> Slot {
        Slot { starts_at: self.starts_at_ms, ends_at: self.ends_at_ms }
    }
}

/// What is planned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct MaintenanceDraft {
    pub site: SiteId,
    pub title: String,
    #[serde(default)]
    pub note: Option<String>,
    /// What is to be done, in order.
    #[serde(default)]
    pub checklist: Vec<String>,
    /// At most twelve, each dated.
    pub occurrences: Vec<Occurrence>,
    /// Why it cannot wait for the notice that the room's users are given.
    #[serde(default)]
    pub urgent_reason: Option<String>,
}

/// What is done about planned work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum MaintenanceAct {
    Start,
    /// An item of the checklist.
    Tick {
        item: i64,
        done: bool,
        #[serde(default)]
        note: Option<String>,
    },
    /// It takes longer, or less long.
    MoveEnd {
        ends_at_ms: UnixMs,
    },
    /// The room is free from then on.
    Finish {
        outcome: WorkOutcome,
        #[serde(default)]
        note: Option<String>,
    },
    Cancel {
        reason: String,
    },
}

/// Planned work as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: MaintenanceId,
    pub reference: String,
    pub series: MaintenanceId,
    pub site: SiteId,
    pub block: BlockId,
    pub title: String,
    pub note: Option<String>,
    pub urgent_reason: Option<String>,
    pub slot: Slot,
    pub state: MaintenanceState,
    pub outcome: Option<WorkOutcome>,
    pub outcome_note: Option<String>,
    pub planned_by: PersonId,
    pub ended_at: Option<UnixMs>,
}

/// An item of its checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ChecklistItem)]
pub struct Item {
    pub number: i64,
    pub words: String,
    pub done: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[cfg(test)]
mod tests;
