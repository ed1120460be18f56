//! Faults of rooms and their equipment: each is reported (TP-6), by whoever meets it, and followed until it is mended.
//!
//! ```text
//! open --assign--> assigned --start--> in_work <--resume-- waiting (parts, vendor, access: the clock stands)
//!                                         \------mend------> mended --close--> closed
//!                                                              \---reopen-------/
//! ```
//!
//! Something critical that is out of order (S1) blocks its room in the same transaction ([`crate::blocks`]). Where nobody answerable for the room
//! has said so, the block ends with the next day, unless the facilitator takes the fault on.

pub mod act;
pub mod clock;
pub mod http;
pub mod remind;
pub mod rules;
mod site_days;
pub(crate) mod store;
mod tell;
pub mod view;

use crate::names::names;
use identity::Actor;
use kernel::{Result, Tx};
use serde::{Deserialize, Serialize};
use wire::{
    UnixMs,
    id::{AgencyId, EquipmentId, FaultId, PersonId, PhotographId, ReservationId, SiteId},
};

pub use act::{perform, report, report_in};
pub use remind::remind_due;
#[cfg(test)]
pub(crate) use store::SQL;

/// Whether the person may see the fault, and with it its photographs.
pub async fn may_see(tx: &mut Tx, actor: &Actor, id: FaultId) -> Result<bool> {
    Ok(store::by_id(tx, id).await?.is_some_and(|found| rules::sees(&found, actor)))
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
        /// Reported, and nobody's yet.
        Open = "open",
        Assigned = "assigned",
        InWork = "in_work",
        /// For parts, a vendor or access.
        Waiting = "waiting",
        Mended = "mended",
        /// Mended, and looked at.
        Closed = "closed",
    }
}

impl FaultState {
    /// Whether something is still to be done.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Mended | Self::Closed)
    }
}

names! {
    /// What a fault waits for, while its clock stands.
    WaitsFor {
        Parts = "parts",
        Vendor = "vendor",
        /// The room is in use, or closed.
        Access = "access",
    }
}

names! {
    /// What came of it.
    FaultOutcome {
        Repaired = "repaired",
        Replaced = "replaced",
        /// A setting, a cable, a word of explanation.
        Adjusted = "adjusted",
        NoFaultFound = "no_fault_found",
        /// It stays as it is, with a reason.
        NotMended = "not_mended",
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
    /// Photographs that the reporter sent before.
    #[serde(default)]
    pub photographs: Vec<PhotographId>,
}

/// Who reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporter {
    Person {
        person: PersonId,
        agency: AgencyId,
        /// Looks after the room, or decides over all of them.
        keeper: bool,
    },
    /// The room's own panel, at which nobody signs in.
    Device(uuid::Uuid),
}

impl Reporter {
    pub const fn person(self) -> Option<PersonId> {
        match self {
            Self::Person { person, .. } => Some(person),
            Self::Device(_) => None,
        }
    }
}

/// What is done about a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum FaultAct {
    /// Somebody sees to it; without a person, whoever says so.
    Assign {
        #[serde(default)]
        person: Option<PersonId>,
        #[serde(default)]
        note: Option<String>,
    },
    Severity {
        severity: Severity,
        reason: String,
    },
    Start,
    Wait {
        #[serde(rename = "for")]
        waits_for: WaitsFor,
        reason: String,
    },
    Resume,
    Mend {
        outcome: FaultOutcome,
        #[serde(default)]
        note: Option<String>,
    },
    Close,
    Reopen {
        reason: String,
    },
    Comment {
        text: String,
        #[serde(default)]
        photographs: Vec<PhotographId>,
    },
}

impl FaultAct {
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Assign { .. } => EventKind::Assign,
            Self::Severity { .. } => EventKind::Severity,
            Self::Start => EventKind::Start,
            Self::Wait { .. } => EventKind::Wait,
            Self::Resume => EventKind::Resume,
            Self::Mend { .. } => EventKind::Mend,
            Self::Close => EventKind::Close,
            Self::Reopen { .. } => EventKind::Reopen,
            Self::Comment { .. } => EventKind::Comment,
        }
    }
}

names! {
    /// What stands in a fault's history.
    EventKind {
        Report = "report",
        Assign = "assign",
        Severity = "severity",
        Start = "start",
        Wait = "wait",
        Resume = "resume",
        Mend = "mend",
        Close = "close",
        Reopen = "reopen",
        Comment = "comment",
        /// The room was blocked for it.
        Block = "block",
        Unblock = "unblock",
    }
}

/// One row of a fault's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: UnixMs,
    pub kind: EventKind,
    pub value: Option<String>,
    pub note: Option<String>,
    pub by: Option<PersonId>,
}

#[cfg(test)]
mod tests;
