//! Decisions: the central agency's answer to an application (TP-4). Nobody decides for their own agency.

pub mod act;
pub mod http;
mod store;

use crate::names::names;

pub use act::{Answer, decide};
#[cfg(test)]
pub(crate) use store::SQL;

names! {
    Decision {
        Approve = "approve",
        Refuse = "refuse",
    }
}

names! {
    /// The catalogue of reasons for a refusal (TP-4).
    ReasonCode {
        PurposeUnclear = "purpose_unclear",
        NotOfficial = "not_official",
        RoomNeeded = "room_needed",
        DocumentsMissing = "documents_missing",
        /// Given in words.
        Other = "other",
    }
}

#[cfg(test)]
mod tests;
